// Cells of plans and batches. In files of ours an empty cell says nothing at all; NULL and the empty text are two values of a
// database, so that both have marks. Must hold: every text is one cell, and every cell one text.

import { literal } from "../../core/sql.ts";

/** NULL, in a cell of a batch. */
export const clearCell = "␀";
/** The empty text. A text that begins with one of the two marks has one more of these before it. */
export const emptyMark = "∅";

/** The cell of a text: the same in DuckDB, PostgreSQL and others that have these functions; `startsWith` where not. */
export function markText(
  text: string,
  startsWith = (mark: string) => `starts_with(${text}, ${literal(mark)})`,
): string {
  return `CASE WHEN ${text} = '' OR ${startsWith(emptyMark)} OR ${startsWith(clearCell)}
    THEN ${literal(emptyMark)} || ${text} ELSE ${text} END`;
}

/** The same here. */
export function markCell(text: string): string {
  return text === "" || text.startsWith(emptyMark) || text.startsWith(clearCell) ? `${emptyMark}${text}` : text;
}

/** The text that a cell means. */
export function unmarkText(cell: string): string {
  return `CASE WHEN starts_with(${cell}, ${literal(emptyMark)}) THEN substr(${cell}, 2) ELSE ${cell} END`;
}
