// The line of totals below a report, which is no record. In: a cell, or a file of plain text. Out: whether it looks like
// one. What must hold: it is told and never left out by itself, for a company may be called Total.

import { closeSync, fstatSync, openSync, readSync } from "node:fs";
import { parse } from "csv-parse/sync";
import type { CsvFormat } from "./format.ts";

const totalWords =
  /^(?:grand |sub ?)?(?:totals?|sum|summe|gesamt(?:summe)?|insgesamt|totale|totaux|anzahl|count|rows|records)\b/i;

/** A line of totals is short. */
const tailBytes = 1 << 12;

export function isTotal(cell: string): boolean {
  return totalWords.test(cell.trim());
}

/** The first cell with text of a file's last line, where it is a total's; of a text that is not packed, in UTF-8. */
export function findTotal(path: string, { delimiter, quote }: CsvFormat): string | undefined {
  const last = readTail(path)
    .split(/\r\n|\n|\r/)
    .findLast((line) => line.trim() !== "");
  if (last === undefined || last.length >= tailBytes) return undefined;
  try {
    const [cells = []] = parse(last, {
      delimiter,
      quote: quote === "" ? null : quote,
      relax_quotes: true,
    }) as string[][];
    const cell = cells.find((one) => one.trim() !== "");
    return cell !== undefined && isTotal(cell) ? cell.trim() : undefined;
  } catch {
    // The end of a value of several lines.
    return undefined;
  }
}

function readTail(path: string): string {
  const descriptor = openSync(path, "r");
  try {
    const { size } = fstatSync(descriptor);
    const bytes = Buffer.alloc(Math.min(size, tailBytes));
    return bytes.subarray(0, readSync(descriptor, bytes, 0, bytes.length, size - bytes.length)).toString();
  } finally {
    closeSync(descriptor);
  }
}
