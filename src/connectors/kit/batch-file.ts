// Batch files that are written by calls, and what became of their rows. In: a batch file. Out: its cells; result files as a
// bulk job would give them.

import { readFileSync, writeFileSync } from "node:fs";
import { parse } from "csv-parse/sync";
import type { ResultColumns, ResultFiles } from "../../contract/write.ts";

export interface BatchRows {
  headers: string[];
  rows: string[][];
}

/** A batch for one call is small enough to be read at once. */
export function readBatchRows(path: string): BatchRows {
  const text = readFileSync(path, "utf8");
  const [headers = [], ...rows] = text.includes('"') ? (parse(text) as string[][]) : splitPlain(text);
  return { headers, rows };
}

/** Without a quote a line is a row, and a comma the end of a cell: a tenth of a parser's time (measured). */
function splitPlain(text: string): string[][] {
  const lines = text.split("\n");
  if (lines.at(-1) === "") lines.pop();
  return lines.map((line) => line.split(","));
}

/** The answer to a row, with the cells that the row is known by. */
export type AnsweredRow = { cells: readonly string[] } & (
  | { id: string; created: Created }
  /** `id`: of the record that was met, "" for none. `error` as `readError` reads it. */
  | { id: string; error: string }
);

/** "false" where the record was certainly there before us, "" where nobody knows. */
export type Created = "true" | "false" | "";

/**
 * What an answer says of a record, made or met. `mayBeOurs`: an earlier call may have made it, for one that is made again
 * finds what it made the first time.
 */
export function createdCell(isNew: boolean, mayBeOurs: boolean): Created {
  return isNew ? "true" : mayBeOurs ? "" : "false";
}

interface Traced {
  /** What a row is sent with, and what its answer repeats. */
  trace: string;
}

/** Rows with their answers. A row that has none is missing in the result files, and told as such. */
export function matchByTrace<Row extends Traced, Answer extends Traced>(
  rows: readonly Row[],
  answers: readonly Answer[],
): [Row, Answer][] {
  const byTrace = new Map(answers.map((answer) => [answer.trace, answer]));
  return rows.flatMap((row): [Row, Answer][] => {
    const answer = byTrace.get(row.trace);
    return answer === undefined ? [] : [[row, answer]];
  });
}

/** Writes what was answered as result files; no row is left unprocessed. `columns`: of the cells. */
export function saveAnsweredRows(
  columns: readonly string[],
  answered: Iterable<AnsweredRow>,
  { id, created, error }: ResultColumns,
  files: ResultFiles,
): void {
  const good: string[][] = [];
  const bad: string[][] = [];
  for (const { cells, ...row } of answered) {
    if ("error" in row) bad.push([row.id, row.error, ...cells]);
    else good.push([row.id, row.created, ...cells]);
  }
  save(files.succeeded, [id, created, ...columns], good);
  save(files.failed, [id, error, ...columns], bad);
  save(files.unprocessed, columns, []);
}

function save(path: string, header: readonly string[], rows: readonly string[][]): void {
  writeFileSync(path, `${[header, ...rows].map(lineOf).join("\n")}\n`, { mode: 0o600 });
}

function lineOf(cells: readonly string[]): string {
  return cells.map((cell) => (cell === "" ? "" : `"${cell.replaceAll('"', '""')}"`)).join(",");
}
