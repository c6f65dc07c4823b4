// Cells in which whole records seem to stand (formats/long-cells.ts), found by the engine in the pass over the rows.

import { carriageReturn as cr, lineFeed as lf, literal } from "../core/sql.ts";
import { breaksMax, breaksSeen, bytesSeen, shareOfRecords } from "../formats/long-cells.ts";
import { bind } from "../values/value.ts";

const crlf = "E'\\r\\n'";

/** Column with all of a row's text, which several tests share: the engine computes what stands twice twice. */
const textName = "_text_";

/** That column, over the row's columns. */
export function joinCells(columns: readonly string[]): string {
  return `concat(${columns.join(", ")}) AS ${textName}`;
}

/**
 * SQL over a row's columns, all text, and `joinCells`: NULL for a row like most, else the most line breaks of a cell,
 * below zero where its lines look like records. Nearly every row is told by its text as a whole: whether there are the
 * delimiters of another record and a line ends in it, or very many lines. Looking at each cell of the rows in which a
 * line ends took twice as long as all the rest of the pass (measured).
 */
export function countSwallowed(columns: readonly string[], delimiter: string): string {
  const hasLines = `strlen(cell) > ${bytesSeen} AND greatest(${count("cell", lf)}, ${count("cell", cr)}) > ${breaksSeen}`;
  // Of few rows: a lambda, which takes longer by the row, keeps the statement short, which every run pays.
  const cells = `list_min(list_transform(list_filter([${columns.join(", ")}], lambda cell: ${hasLines}),
    lambda cell: ${look("cell", columns.length, delimiter)}))`;
  const endsLine = `(contains(${textName}, ${lf}) OR contains(${textName}, ${cr}))`;
  const holdsRecord = columns.length > 1 ? `${hasAtLeast(columns.length - 1, delimiter)} AND ${endsLine}` : "false";
  // Of more breaks than that half at least are one of the two.
  const holdsLines = `${hasAtLeast(breaksMax / 2, "\n")} OR ${hasAtLeast(breaksMax / 2, "\r")}`;
  return `CASE WHEN ${holdsRecord} OR ${holdsLines}
    THEN least(${cells}, ${lookAtRow(columns, delimiter)}) END`;
}

/** BOOLEAN: so many marks stand in a row's text. Splitting the text at them takes four times as long (measured). */
function hasAtLeast(marks: number, mark: string): string {
  const isWildcard = mark === "%" || mark === "_";
  return isWildcard
    ? `${count(textName, literal(mark))} >= ${marks}`
    : `${textName} LIKE ${literal(`%${`${mark}%`.repeat(marks)}`)}`;
}

/** A row of few lines (long-cells.ts): all its breaks, below zero, where each of its lines has the cells of a record. */
function lookAtRow(columns: readonly string[], delimiter: string): string {
  if (columns.length < 2) return "NULL";
  const text = `replace(replace(concat_ws(${literal(delimiter)}, ${columns.join(", ")}), ${crlf}, ${lf}), ${cr}, ${lf})`;
  const bytes = (columns.length - 1) * Buffer.byteLength(delimiter);
  const delimiters = (line: string) => count(line, literal(delimiter));
  const first = (line: string) => {
    const cell = `string_split(${line}, ${literal(delimiter)})[1]`;
    return `regexp_replace(regexp_replace(${cell}, '[0-9]+', '9', 'g'), '\\p{L}+', 'a', 'g')`;
  };
  // In two columns a line with one delimiter may be anything: the first cells must be of one shape, too.
  const alike = columns.length > 2 ? "true" : `${first("lines[1]")} = ${first("lines[-1]")}`;
  const isFull = `len(list_filter(lines, lambda line: ${delimiters("line")} <> ${bytes})) = 0`;
  // Bound, for of few rows: written out a dozen times it took the engine 4 ms of every run to read (measured).
  return bind(
    "row",
    text,
    (row) => `CASE WHEN ${count(row, lf)} <= ${breaksSeen} AND ${delimiters(row)} = (${count(row, lf)} + 1) * ${bytes}
    THEN list_transform([string_split(${row}, ${lf})], lambda lines: CASE WHEN ${isFull} AND ${alike} THEN 1 - len(lines) END)[1] END`,
  );
}

function look(cell: string, columns: number, delimiter: string): string {
  return bind("text", `replace(replace(${cell}, ${crlf}, ${lf}), ${cr}, ${lf})`, (text) => {
    const breaks = count(text, lf);
    const alike = `len(list_filter(string_split(${text}, ${lf})[2:-2],
    lambda line: ${count("line", literal(delimiter))} = ${(columns - 1) * Buffer.byteLength(delimiter)}))`;
    // Of one column every line looks like a record: that says nothing.
    const holdsRecords = columns > 1 ? `${alike} >= (${breaks} - 1) * ${shareOfRecords}` : "false";
    return `CASE WHEN ${holdsRecords} THEN -${breaks} WHEN ${breaks} > ${breaksMax} THEN ${breaks} END`;
  });
}

/** Bytes of a mark in a text. */
function count(text: string, mark: string): string {
  return `(strlen(${text}) - strlen(replace(${text}, ${mark}, '')))`;
}
