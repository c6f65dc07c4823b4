// A file as a source hands it over, however it came: its name in the run folder, and the one look at all of its text.
// In: bytes as received. Out: whether strict readers read them differently. What must hold: a packed file that the engine
// reads where it lies is unpacked once to its end, so that damage is told before anything of it is staged.

import { statSync } from "node:fs";
import { pipeline } from "node:stream/promises";
import { createGunzip } from "node:zlib";
import { DoubtfulTextSearch } from "./doubtful-text.ts";
import type { FileFormat } from "./format.ts";
import { endingOf, explainDamage, Growth, isPadded, packingOf } from "./packing.ts";
import { isPlainText, type TextFile } from "./text.ts";

const chunkBytes = 1 << 20;

/** The name of the nth file that a run receives. Its ending says what it is packed in. */
export function nameReceived(ordinal: number, { type }: FileFormat, label: string): string {
  return `part-${String(ordinal).padStart(5, "0")}.${type}${endingOf(label)}`;
}

/** Only of text that the engine may read where it lies. */
export function searchOf(format: FileFormat, label: string): DoubtfulTextSearch | undefined {
  const packing = packingOf(label);
  const readInPlace = format.type === "csv" && isPlainText(format) && (packing === "none" || packing === "gzip");
  return readInPlace ? new DoubtfulTextSearch(format) : undefined;
}

/** Reads all bytes of a file, and looks at its text where there is a search. Returns whether it is suspect. */
export async function searchReceived(
  bytes: AsyncIterable<Buffer>,
  { path, label }: TextFile,
  search: DoubtfulTextSearch | undefined,
): Promise<boolean> {
  const look = async (chunks: AsyncIterable<Buffer>) => {
    for await (const chunk of chunks) search?.feed(chunk);
  };
  if (search === undefined || packingOf(label) === "none") {
    await look(bytes);
    return search?.found === true;
  }
  const unpacking = createGunzip({ chunkSize: chunkBytes });
  try {
    const size = statSync(path).size;
    const growth = new Growth(label, size);
    await pipeline(bytes, unpacking, (chunks) => growth.watch(chunks), look);
    // The engine takes the padding for a member that is damaged.
    return (await isPadded(path, unpacking.bytesWritten, size)) || search.found;
  } catch (error) {
    throw explainDamage(label, error);
  }
}
