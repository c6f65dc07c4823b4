// Parts of extracted records as files in the run folder.

import { statSync } from "node:fs";
import { join } from "node:path";
import { hashFile } from "./files.ts";
import type { Part } from "./model.ts";

export function partName(ordinal: number): string {
  return `part-${String(ordinal).padStart(5, "0")}.csv`;
}

export function partPath({ folder }: { folder: string }, ordinal: number): string {
  return join(folder, partName(ordinal));
}

export async function describePart(
  path: string,
  ordinal: number,
  told: Pick<Part, "label" | "locator"> & { rows: number },
): Promise<Omit<Part, "columns">> {
  return {
    ordinal,
    path,
    ...told,
    bytes: statSync(path).size,
    sha256: await hashFile(path),
    compressed: path.endsWith(".gz"),
    suspect: false,
  };
}
