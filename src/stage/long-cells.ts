// Cells in which whole records seem to stand (formats/long-cells.ts), found by the engine in the pass over the rows.

import { literal } from "../core/sql.ts";
import { breaksMax, breaksSeen, bytesSeen, shareOfRecords } from "../formats/long-cells.ts";

const lf = "chr(10)";
const cr = "chr(13)";

/**
 * SQL over a row's columns, all text: NULL for a row like most, else the most line breaks of a cell, below zero where its
 * lines look like records. Nearly every row is told by the length of its longest cell, the others by whether a line ends
 * in it: looking at each cell by itself took a quarter of the pass (measured), this a twentieth.
 */
export function countSwallowed(columns: readonly string[], delimiter: string): string {
  const cells = columns.map((column) => {
    const isLong = `strlen(${column}) > ${bytesSeen} AND (contains(${column}, ${lf}) OR contains(${column}, ${cr}))`;
    const hasLines = `greatest(${count(column, lf)}, ${count(column, cr)}) > ${breaksSeen}`;
    return `CASE WHEN ${isLong} THEN CASE WHEN ${hasLines} THEN ${look(column, columns.length, delimiter)} END END`;
  });
  const longest = `greatest(${columns.map((column) => `strlen(${column})`).join(", ")})`;
  return `CASE WHEN ${longest} > ${bytesSeen} THEN least(${[...cells, "NULL"].join(", ")}) END`;
}

function look(cell: string, columns: number, delimiter: string): string {
  const text = `replace(replace(${cell}, ${cr} || ${lf}, ${lf}), ${cr}, ${lf})`;
  const breaks = count(text, lf);
  const alike = `len(list_filter(string_split(${text}, ${lf})[2:-2],
    lambda line: ${count("line", literal(delimiter))} = ${(columns - 1) * Buffer.byteLength(delimiter)}))`;
  // Of one column every line looks like a record: that says nothing.
  const holdsRecords = columns > 1 ? `${alike} >= (${breaks} - 1) * ${shareOfRecords}` : "false";
  return `CASE WHEN ${holdsRecords} THEN -${breaks} WHEN ${breaks} > ${breaksMax} THEN ${breaks} END`;
}

/** Bytes of a mark in a text. */
function count(text: string, mark: string): string {
  return `(strlen(${text}) - strlen(replace(${text}, ${mark}, '')))`;
}
