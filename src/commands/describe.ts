// loadline describe: objects and fields of a system.

import { exitCode } from "../core/exit-code.ts";
import { describeSystem } from "../pipeline/tools/describe.ts";
import { describedJson, renderDescribed } from "../report/describe-view.ts";
import { lookOfOut, printNotice, printOut } from "../report/output.ts";
import type { SystemFlags } from "./connections.ts";
import type { CommandResult, Globals } from "./globals.ts";
import { connectionNamed, openSystems, rehearsalOf } from "./project.ts";

/** `object`: a name, or a glob over names. */
export async function describeConnection(
  globals: Globals,
  name: string,
  object: string | undefined,
  flags: SystemFlags,
): CommandResult {
  await using project = await openSystems(globals, rehearsalOf(flags));
  const connection = connectionNamed(project, name);
  const { environment } = project;
  const { signal } = globals;
  const described = await describeSystem({
    connection,
    environment,
    signal,
    ...(object === undefined ? {} : { object }),
  });
  for (const warning of described.warnings) printNotice(`! ${warning}`);
  const report = { connection: name, ...described };
  printOut(globals.json ? JSON.stringify(describedJson(report)) : renderDescribed(report, lookOfOut(globals.color)));
  return exitCode.done;
}
