// Rows as a database copies them out: every value in quotes, nothing at all for NULL. A cell may say why its row can't be
// taken: then the row is a reject with that reason, and no other one is. In: cells. Out: a CSV file. Must hold: no text of a
// database looks like such a cell.

import { createWriteStream } from "node:fs";
import { pipeline } from "node:stream/promises";
import { type PartBytes, PartContent } from "./part-file.ts";
import { encodeHalves } from "./record-file.ts";

/** Half a character, which no text of a database has: a byte that is in no UTF-8, once it is written. */
const mark = "\ud800";

/** In place of a cell: what is wrong with its row, and what it holds. */
export function refusedCell(reason: string, held: string): string {
  return `${mark}${reason}${mark}${held}`;
}

/** What a cell holds, refused or not. */
export function heldIn(cell: string): string {
  return cell.startsWith(mark) ? cell.slice(cell.lastIndexOf(mark) + 1) : cell;
}

/** What a refused cell says, of its bytes as Latin-1; undefined of any other. */
export function readRefusedCell(latin1: string): { reason: string; held: string } | undefined {
  const [, reason, held] = /^\xff([^\xff]+)\xff(.*)$/s.exec(latin1) ?? [];
  return reason === undefined || held === undefined ? undefined : { reason, held };
}

const chunkLength = 1 << 16;

type CopiedRows = Iterable<readonly (string | null)[]>;

interface CopiedFile {
  rows: number;
  content: PartBytes;
}

/** Writes a header and rows. */
export function writeCopiedFile(
  path: string,
  columns: readonly string[],
  rows: CopiedRows,
  signal: AbortSignal,
): Promise<CopiedFile> {
  return writeCopiedGroups(path, columns, [rows], signal);
}

/** The same, of rows that come in groups. `columns`: known when the first group is there. */
export async function writeCopiedGroups(
  path: string,
  columns: readonly string[],
  groups: AsyncIterable<CopiedRows> | Iterable<CopiedRows>,
  signal: AbortSignal,
): Promise<CopiedFile> {
  let rowsWritten = 0;
  const content = new PartContent();
  const encode = (text: string) => {
    const encoded = encodeHalves(text);
    return content.add(typeof encoded === "string" ? Buffer.from(encoded) : encoded);
  };
  const texts = async function* () {
    let chunk = "";
    let isBegun = false;
    for await (const rows of groups) {
      if (!isBegun) chunk = writeLine(columns);
      isBegun = true;
      for (const row of rows) {
        rowsWritten += 1;
        chunk += writeLine(row);
        if (chunk.length < chunkLength) continue;
        yield encode(chunk);
        chunk = "";
      }
    }
    yield encode(isBegun ? chunk : writeLine(columns));
  };
  await pipeline(texts, createWriteStream(path, { mode: 0o600 }), { signal });
  return { rows: rowsWritten, content: content.told() };
}

function writeLine(cells: readonly (string | null)[]): string {
  return `${cells.map((cell) => (cell === null ? "" : quote(cell))).join(",")}\n`;
}

function quote(text: string): string {
  return `"${text.includes('"') ? text.replaceAll('"', '""') : text}"`;
}
