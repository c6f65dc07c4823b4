// Lines of records, whatever their part is.

import { locateRecords } from "./locate.ts";
import type { OpenPart } from "./open-part.ts";

/** Lines of records by their positions, as far as they are not known by now. */
export async function locateLines(open: OpenPart, positions: ReadonlySet<number>): Promise<Map<number, number>> {
  if (!("text" in open)) return new Map();
  const { part, format, firstLine } = open.text;
  return locateRecords(part, format, positions, firstLine);
}
