// Batch files that are written by calls, and what became of their rows. In: a batch file. Out: its cells; result files as a
// bulk job would give them.

import { readFileSync, writeFileSync } from "node:fs";
import { parse } from "csv-parse/sync";
import { stringify } from "csv-stringify/sync";
import type { ResultColumns, ResultFiles } from "../../contract/write.ts";

export interface BatchRows {
  headers: string[];
  rows: string[][];
}

/** A batch for one call is small enough to be read at once. */
export function readBatchRows(path: string): BatchRows {
  const [headers = [], ...rows] = parse(readFileSync(path)) as string[][];
  return { headers, rows };
}

/** Answers to the rows of a batch, with the cells that rows are known by. */
export interface RowAnswers {
  /** Columns of `cells`. */
  columns: readonly string[];
  /** `created`: "true", "false" where the record was certainly there before us, "" where nobody knows. */
  succeeded: { id: string; created: string; cells: readonly string[] }[];
  /** `id`: of the record that was met, "" for none. `error` as `readError` reads it. */
  failed: { id: string; error: string; cells: readonly string[] }[];
}

/** Writes what was answered as result files; no row is left unprocessed. */
export function saveRowAnswers(
  { columns, succeeded, failed }: RowAnswers,
  { id, created, error }: ResultColumns,
  files: ResultFiles,
): void {
  const good = succeeded.map((row) => [row.id, row.created, ...row.cells]);
  const bad = failed.map((row) => [row.id, row.error, ...row.cells]);
  save(files.succeeded, [id, created, ...columns], good);
  save(files.failed, [id, error, ...columns], bad);
  save(files.unprocessed, columns, []);
}

function save(path: string, header: readonly string[], rows: readonly (readonly string[])[]): void {
  writeFileSync(path, stringify([[...header], ...rows.map((row) => [...row])], { quoted: true }), { mode: 0o600 });
}
