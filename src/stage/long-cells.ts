// Cells in which whole records seem to stand (formats/long-cells.ts), found by the engine in the pass over the rows.

import { literal } from "../core/sql.ts";
import { breaksMax, breaksSeen, bytesSeen, shareOfRecords } from "../formats/long-cells.ts";

const lf = "chr(10)";
const cr = "chr(13)";

/**
 * SQL over a row's columns, all text: NULL for a row like most, else the most line breaks of a cell, below zero where its
 * lines look like records. Nearly every cell is told by its length alone, which costs nothing.
 */
export function countSwallowed(columns: readonly string[], delimiter: string): string {
  const cells = columns.map((column) => {
    const isLong = `strlen(${column}) > ${bytesSeen}`;
    const hasLines = `greatest(${count(column, lf)}, ${count(column, cr)}) > ${breaksSeen}`;
    return `CASE WHEN ${isLong} THEN CASE WHEN ${hasLines} THEN ${look(column, columns.length, delimiter)} END END`;
  });
  return `least(${[...cells, "NULL"].join(", ")})`;
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
