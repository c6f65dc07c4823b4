// JSON Lines: one object a line.

import { type JsonLinesFormat, recordBytesMax, type SourceRecord, tooLong } from "./format.ts";
import { readJsonObject } from "./json-object.ts";
import { readText, type TextFile } from "./text.ts";

/** Throws a Failure for a line that is longer than any record. */
export async function* readJsonLines(file: TextFile, format: JsonLinesFormat): AsyncGenerator<SourceRecord> {
  let line = 0;
  let pieces: Buffer[] = [];
  let bytes = 0;
  const take = (piece: Buffer): SourceRecord | undefined => {
    line += 1;
    const record = Buffer.concat([...pieces, piece]);
    pieces = [];
    bytes = 0;
    return /^\s*$/.test(record.toString("latin1")) ? undefined : readJsonObject(record, line, format.encoding);
  };
  for await (const chunk of readText(file, format.encoding)) {
    let start = 0;
    for (let end = chunk.indexOf(10); end >= 0; end = chunk.indexOf(10, start)) {
      const record = take(chunk.subarray(start, end));
      if (record !== undefined) yield record;
      start = end + 1;
    }
    pieces.push(chunk.subarray(start));
    bytes += chunk.length - start;
    if (bytes > recordBytesMax) throw tooLong(file.label, line + 1);
  }
  const last = take(Buffer.alloc(0));
  if (last !== undefined) yield last;
}
