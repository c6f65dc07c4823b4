// How a stream's present values were read, in `present/` of the run folder, for the summary. A memory only: without it
// nothing is told.

import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { makePrivateFolder } from "../../core/files.ts";
import type { ToldPresent } from "../../report/summary.ts";

export function keepToldPresent(folder: string, stream: string, told: ToldPresent): void {
  makePrivateFolder(join(folder, "present"));
  writeFileSync(pathOf(folder, stream), JSON.stringify(told), { mode: 0o600 });
}

export function tellPresent(folder: string, stream: string): { presentValues?: ToldPresent } {
  try {
    return { presentValues: JSON.parse(readFileSync(pathOf(folder, stream), "utf8")) as ToldPresent };
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ENOENT" || error instanceof SyntaxError) return {};
    throw error;
  }
}

function pathOf(folder: string, stream: string): string {
  return join(folder, "present", `${stream}.json`);
}
