// Records that come as JSON, as a CSV file like those that come in bulk.

import { createWriteStream } from "node:fs";
import { pipeline } from "node:stream/promises";
import { stringify } from "csv-stringify/sync";
import { syncFile } from "./files.ts";

/** Rows that are made text together: one by one, the stream's machinery takes most of the time (measured). */
const groupRows = 200;

/** In place of half a character: a byte that no text has, so that the record is refused when it is read. */
const noCharacter = Buffer.from([0xff]);

/**
 * Writes a header and the rows, which have a cell for each field; on disk when it returns. Gives the number of rows. Half a
 * character (a lone surrogate, which JSON may hold) can't be written: of a source it makes its record a reject, of what is
 * only compared it becomes the replacement character, which no value of ours is equal to.
 */
export async function writeRecordFile(
  path: string,
  fields: readonly string[],
  records: AsyncIterable<string[]> | Iterable<string[]>,
  use: "source" | "comparison" = "comparison",
): Promise<number> {
  const encode = use === "source" ? encodeHalves : (text: string) => text;
  let rows = 0;
  const texts = async function* () {
    let group: string[][] = [[...fields]];
    for await (const record of records) {
      rows += 1;
      group.push(record);
      if (group.length < groupRows) continue;
      yield encode(stringify(group, { quoted: true }));
      group = [];
    }
    yield encode(stringify(group, { quoted: true }));
  };
  await pipeline(texts, createWriteStream(path, { mode: 0o600 }));
  syncFile(path);
  return rows;
}

const half = /[\ud800-\udbff](?![\udc00-\udfff])|(?<![\ud800-\udbff])[\udc00-\udfff]/;

/** Text as bytes, those of half a character aside: see `noCharacter`. */
export function encodeHalves(text: string): string | Buffer {
  if (text.isWellFormed()) return text;
  return Buffer.concat(
    text
      .split(half)
      .flatMap((part) => [noCharacter, Buffer.from(part)])
      .slice(1),
  );
}
