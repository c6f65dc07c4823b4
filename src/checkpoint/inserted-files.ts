// Files whose rows were inserted, as cells of SQLite and back.

import { text } from "./records.ts";
import type { Cells } from "./table.ts";

/** By the SHA-256 of their bytes. */
export type InsertedFiles = Map<string, { run: string; label: string; settled: string }>;

export function insertedFiles(rows: readonly Cells[]): InsertedFiles {
  return new Map(
    rows.map((cells) => [
      text(cells["sha256"]),
      { run: text(cells["run"]), label: text(cells["label"]), settled: text(cells["settled"]) },
    ]),
  );
}
