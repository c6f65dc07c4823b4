// loadline profile: what the columns of a file, or the fields of an object, hold.

import { existsSync } from "node:fs";
import { exitCode } from "../core/exit-code.ts";
import { profileFile, profileObject } from "../pipeline/tools/profile/profile.ts";
import { lookOfOut, printOut } from "../report/output.ts";
import { type NamedProfile, renderProfile } from "../report/profile.ts";
import type { SystemFlags } from "./connections.ts";
import type { CommandResult, Globals } from "./globals.ts";
import { type DuplicateFlags, refuseColumns, showNearDuplicates } from "./near-duplicates.ts";
import { connectionNamed, openSystems, rehearsalOf } from "./project.ts";

/** Files; or, where the first is none, a connection and an object. */
export async function profile(
  globals: Globals,
  named: readonly string[],
  flags: SystemFlags & DuplicateFlags,
): CommandResult {
  if (flags.nearDuplicates === true) return showNearDuplicates(globals, named, flags);
  refuseColumns(flags);
  const [first = "", object, ...more] = named;
  if (object === undefined || more.length > 0 || existsSync(first) || existsSync(object)) {
    for (const file of named) show(globals, await profileFile(file, globals.signal));
    return exitCode.done;
  }
  await using project = await openSystems(globals, rehearsalOf(flags));
  const connection = connectionNamed(project, first);
  const { environment } = project;
  show(globals, await profileObject({ connection, object, environment, signal: globals.signal }));
  return exitCode.done;
}

function show(globals: Globals, found: NamedProfile): void {
  if (globals.json) printOut(JSON.stringify({ ...found, exitCode: exitCode.done }));
  else printOut(renderProfile(found, lookOfOut(globals.color)));
}
