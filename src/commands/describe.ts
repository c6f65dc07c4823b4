// loadline describe: objects and fields of a system.

import { usageFailure } from "../core/errors.ts";
import { exitCode } from "../core/exit-code.ts";
import { suggest } from "../core/suggest.ts";
import { describeSystem } from "../pipeline/describe.ts";
import { describedJson, renderDescribed } from "../report/describe-view.ts";
import { lookOfOut, printError, printOut } from "../report/output.ts";
import type { CommandResult, Globals } from "./globals.ts";
import { openProject } from "./project.ts";

export async function describeConnection(globals: Globals, name: string, object: string | undefined): CommandResult {
  await using project = await openProject(globals, undefined);
  const connection = project.connections.get(name);
  if (connection === undefined) {
    const meant = suggest(name, project.connections.keys());
    const known = [...project.connections.keys()].join(", ") || "none";
    throw usageFailure(`there is no connection "${name}" in connections.yaml`, {
      next: meant === undefined ? `connections there: ${known}` : `did you mean "${meant}"?`,
    });
  }
  const { environment } = project;
  const { signal } = globals;
  const described = await describeSystem({
    connection,
    environment,
    signal,
    ...(object === undefined ? {} : { object }),
  });
  for (const warning of described.warnings) printError(`! ${warning}`);
  const report = { connection: name, ...described };
  printOut(globals.json ? JSON.stringify(describedJson(report)) : renderDescribed(report, lookOfOut(globals.color)));
  return exitCode.done;
}
