// Records that come as JSON, as a CSV file like those that come in bulk.

import { createWriteStream } from "node:fs";
import { pipeline } from "node:stream/promises";
import { stringify } from "csv-stringify";
import { syncFile } from "./files.ts";

/** Writes a header and the rows, which have a cell for each field; on disk when it returns. Gives the number of rows. */
export async function writeRecordFile(
  path: string,
  fields: readonly string[],
  records: AsyncIterable<string[]> | Iterable<string[]>,
): Promise<number> {
  let rows = 0;
  const counted = async function* () {
    for await (const record of records) {
      yield record;
      rows += 1;
    }
  };
  const writer = stringify({ header: true, columns: [...fields], quoted: true });
  await pipeline(counted, writer, createWriteStream(path, { mode: 0o600 }));
  syncFile(path);
  return rows;
}
