// Batch files that are written by calls, and what became of their rows. In: a batch file. Out: its cells; result files as a
// bulk job would give them.

import { readFileSync, writeFileSync } from "node:fs";
import type { ResultColumns, ResultFiles } from "../../contract/write.ts";

export interface BatchRows {
  headers: string[];
  rows: string[][];
}

/** A batch for one call is small enough to be read at once. */
export function readBatchRows(path: string): BatchRows {
  const { headers, rows } = openBatch(path);
  return { headers, rows };
}

/** A batch of which mostly a few columns are asked for. */
export interface OpenBatch {
  headers: string[];
  /** All cells of its rows; parted when they are first asked for. */
  readonly rows: string[][];
  /** Cells of these columns of each row, in the file's order. */
  cellsOf(columns: readonly string[]): string[][];
  /** Whether the text stands anywhere in it. */
  holds(text: string): boolean;
}

export function openBatch(path: string): OpenBatch {
  const text = readFileSync(path, "utf8");
  const [headers = []] = partRows(text, undefined, 1);
  let rows: string[][] | undefined;
  return {
    headers,
    get rows() {
      rows ??= partRows(text).slice(1);
      return rows;
    },
    cellsOf: (columns) => partRows(text, new Set(columns.map((name) => headers.indexOf(name)))).slice(1),
    holds: (part) => text.includes(part),
  };
}

/** Rows that have been read, as a batch. */
export function batchOf(headers: string[], rows: string[][]): OpenBatch {
  return {
    headers,
    rows,
    cellsOf(columns) {
      const wanted = new Set(columns.map((name) => headers.indexOf(name)));
      return rows.map((row) => row.filter((_, index) => wanted.has(index)));
    },
    holds: (part) => rows.some((row) => row.some((cell) => cell.includes(part))),
  };
}

const [quote, comma, lineFeed] = [34, 44, 10];

/**
 * Cells of our own CSV, which parts rows by a line feed and quotes what has to be: a tenth of a parser's time (measured).
 * `wanted`: places of columns, without which all are given, in the file's order.
 */
function partRows(text: string, wanted?: ReadonlySet<number>, rowsMax = Number.POSITIVE_INFINITY): string[][] {
  // Without quotes a line is a row, and what stands behind the last cell that is wanted need not be looked at.
  const lastWanted = wanted === undefined || text.includes('"') ? Number.POSITIVE_INFINITY : Math.max(...wanted);
  const rows: string[][] = [];
  let row: string[] = [];
  let column = 0;
  let at = 0;
  while (at < text.length && rows.length < rowsMax) {
    const isQuoted = text.charCodeAt(at) === quote;
    let end = isQuoted ? endOfQuoted(text, at) : endOfPlain(text, at);
    if (wanted === undefined || wanted.has(column)) {
      row.push(isQuoted ? text.slice(at + 1, end - 1).replaceAll('""', '"') : text.slice(at, end));
    }
    if (column >= lastWanted) end = endOfLine(text, end);
    const isLast = end >= text.length || text.charCodeAt(end) === lineFeed;
    column = isLast ? 0 : column + 1;
    at = end + 1;
    if (!isLast && at < text.length) continue;
    // A comma is the file's last character: an empty cell comes after it.
    if (!isLast && (wanted === undefined || wanted.has(column))) row.push("");
    rows.push(row);
    row = [];
  }
  return rows;
}

function endOfLine(text: string, at: number): number {
  const end = text.indexOf("\n", at);
  return end < 0 ? text.length : end;
}

function endOfPlain(text: string, at: number): number {
  let end = at;
  for (; end < text.length; end += 1) {
    const character = text.charCodeAt(end);
    if (character === comma || character === lineFeed) break;
  }
  return end;
}

function endOfQuoted(text: string, at: number): number {
  let close = text.indexOf('"', at + 1);
  while (close >= 0 && text.charCodeAt(close + 1) === quote) close = text.indexOf('"', close + 2);
  if (close < 0) throw new Error("a batch file ends within quotes");
  return close + 1;
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
  const good = [lineOf([id, created, ...columns])];
  const bad = [lineOf([id, error, ...columns])];
  for (const row of answered) {
    if ("error" in row) bad.push(lineOf([row.id, row.error, ...row.cells]));
    else good.push(lineOf([row.id, row.created, ...row.cells]));
  }
  save(files.succeeded, good);
  save(files.failed, bad);
  save(files.unprocessed, [lineOf(columns)]);
}

function save(path: string, lines: readonly string[]): void {
  writeFileSync(path, `${lines.join("\n")}\n`, { mode: 0o600 });
}

function lineOf(cells: readonly string[]): string {
  return cells.map((cell) => (cell === "" ? "" : `"${cell.replaceAll('"', '""')}"`)).join(",");
}
