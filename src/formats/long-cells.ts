// A quote that is none swallows records: in CSV everything up to the next quote is then one cell, without an error. In:
// a cell. Out: whether whole records seem to stand in it. What must hold: addresses, notes and the bodies of e-mails are
// taken as they are; only lines with as many delimiters as the header has look like records. Of a few lines all must have
// them, the first and the last with what stands around the cell; that gives a word and never a refusal.

import type { CsvFormat } from "./format.ts";

/** A cell of more line breaks is looked at by itself, one of fewer with its row. A word where the lines look like records. */
export const breaksSeen = 10;

/**
 * Of more line breaks whose lines look like records the file is refused, of any other lines it is told. The address
 * fields of CRMs hold four lines; descriptions and e-mails of more than 100 lines are read, with a word.
 */
export const breaksMax = 100;

/** Shorter cells have no ten lines of records: it spares the look at nearly all of them. */
export const bytesSeen = 100;

/** So many of the lines look like records: all of them, but for records that are broken themselves. */
export const shareOfRecords = 0.9;

export interface LongCell {
  breaks: number;
  /** Its lines have as many delimiters as the header. */
  holdsRecords: boolean;
}

/** Undefined for a cell like most. */
export function lookAtCell(
  cell: string,
  columns: number,
  { delimiter }: Pick<CsvFormat, "delimiter">,
): LongCell | undefined {
  if (cell.length <= breaksSeen) return undefined;
  const lines = cell.split(/\r\n|\n|\r/);
  const breaks = lines.length - 1;
  if (breaks <= breaksSeen) return undefined;
  const alike = lines.slice(1, -1).filter((line) => line.split(delimiter).length === columns).length;
  const holdsRecords = columns > 1 && alike >= (breaks - 1) * shareOfRecords;
  return holdsRecords || breaks > breaksMax ? { breaks, holdsRecords } : undefined;
}

/** Line breaks as an editor counts them. */
export function countBreaks(text: string): number {
  return text.match(/\r\n|\n|\r/g)?.length ?? 0;
}
