// Records that come as JSON, as a CSV file like those that come in bulk.

import { createWriteStream } from "node:fs";
import { pipeline } from "node:stream/promises";
import { stringify } from "csv-stringify/sync";
import { syncFile } from "./files.ts";

/** Rows that are made text together: one by one, the stream's machinery takes most of the time (measured). */
const groupRows = 200;

/** Writes a header and the rows, which have a cell for each field; on disk when it returns. Gives the number of rows. */
export async function writeRecordFile(
  path: string,
  fields: readonly string[],
  records: AsyncIterable<string[]> | Iterable<string[]>,
): Promise<number> {
  let rows = 0;
  const texts = async function* () {
    let group: string[][] = [[...fields]];
    for await (const record of records) {
      rows += 1;
      group.push(record);
      if (group.length < groupRows) continue;
      yield stringify(group, { quoted: true });
      group = [];
    }
    yield stringify(group, { quoted: true });
  };
  await pipeline(texts, createWriteStream(path, { mode: 0o600 }));
  syncFile(path);
  return rows;
}
