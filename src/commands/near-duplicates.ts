// loadline profile --near-duplicates: rows that may be of one company.

import { existsSync } from "node:fs";
import { usageFailure } from "../core/errors.ts";
import { exitCode } from "../core/exit-code.ts";
import type { NamedColumns } from "../pipeline/tools/profile/compared-columns.ts";
import { findNearDuplicates } from "../pipeline/tools/profile/find-near-duplicates.ts";
import { renderNearDuplicates } from "../report/near-duplicates.ts";
import { lookOfOut, printOut, writeOut } from "../report/output.ts";
import type { SystemFlags } from "./connections.ts";
import type { CommandResult, Globals } from "./globals.ts";

export interface DuplicateFlags extends NamedColumns {
  nearDuplicates?: boolean;
}

export async function showNearDuplicates(
  globals: Globals,
  paths: readonly string[],
  { sandbox, schema, ...named }: DuplicateFlags & SystemFlags,
): CommandResult {
  if (sandbox === true || schema !== undefined)
    throw usageFailure("--near-duplicates reads files: a sandbox has no part in it", {
      next: "leave --sandbox and --schema out",
    });
  const twice = paths.find((path, index) => paths.indexOf(path) !== index);
  if (twice !== undefined) throw usageFailure(`${twice} is named twice: all its rows would be near-duplicates`);
  const [first = "", second] = paths;
  if (second !== undefined && !existsSync(first) && !existsSync(second))
    throw usageFailure(`there is no file ${first}; --near-duplicates reads files, not objects of a connection`, {
      next: "write the records into a file with a job, then name the file",
    });
  const found = await findNearDuplicates({ paths, named, signal: globals.signal });
  if (!globals.json) {
    printOut(renderNearDuplicates(found, lookOfOut(globals.color)));
    return exitCode.done;
  }
  // In pieces: of millions of rows it would be no text that Node can hold.
  const { groups, ...rest } = found;
  await writeOut(`${JSON.stringify(rest).slice(0, -1)},"groups":[`);
  for (const [index, group] of groups.entries()) await writeOut(`${index === 0 ? "" : ","}${JSON.stringify(group)}`);
  await writeOut(`],"exitCode":${exitCode.done}}\n`);
  return exitCode.done;
}

/** Columns are named for near-duplicates alone. */
export function refuseColumns({ name, domain, phone }: DuplicateFlags): void {
  const given = Object.entries({ name, domain, phone }).find(([, column]) => column !== undefined);
  if (given !== undefined)
    throw usageFailure(`--${given[0]} names a column for near-duplicates, and they are not asked for`, {
      next: "add --near-duplicates",
    });
}
