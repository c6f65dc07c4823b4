// Finds the lines at which records of a CSV part start, for messages. Records are counted as DuckDB counts them: the
// header and blank lines are none, a quote opens only at the start of a cell. Only for parts that were read strictly.

import { createGunzip } from "node:zlib";
import { readPieces } from "../core/files.ts";
import type { Part } from "../core/model.ts";
import type { CsvFormat } from "../formats/format.ts";

const lineFeed = 10;
const carriageReturn = 13;
const byteOrderMark = Buffer.from("\ufeff");

/** Maps positions of records (0 is the first after the header) to their 1-based lines. */
export async function locateRecords(
  part: Part,
  format: CsvFormat,
  positions: ReadonlySet<number>,
  firstLine = 1,
): Promise<Map<number, number>> {
  const lines = new Map<number, number>();
  const scanner = new RecordScanner(format, (position, line) => {
    if (positions.has(position)) lines.set(position, line + firstLine - 1);
    return lines.size < positions.size;
  });
  if (positions.size === 0) return lines;
  const file = readPieces(part.path);
  const bytes = part.compressed ? file.pipe(createGunzip()) : file;
  for await (const chunk of bytes) if (!scanner.feed(chunk as Buffer)) break;
  file.destroy();
  return lines;
}

class RecordScanner {
  readonly #delimiter: Buffer;
  /** None where values have no quotes. */
  readonly #quote: number | undefined;
  readonly #onRecord: (position: number, line: number) => boolean;
  /** Bytes seen of a delimiter or, at the start of the file, of a byte order mark. */
  #delimiterBytes = 0;
  #markBytes = 0;
  /** -1 is the header. */
  #position: number;
  #line = 1;
  #atRecordStart = true;
  #atCellStart = true;
  #inQuotes = false;
  #lastWasReturn = false;

  constructor(format: CsvFormat, onRecord: (position: number, line: number) => boolean) {
    this.#position = format.columns === undefined ? -1 : 0;
    this.#delimiter = Buffer.from(format.delimiter);
    this.#quote = Buffer.from(format.quote)[0];
    this.#onRecord = onRecord;
  }

  /** False once no more is wanted. */
  feed(chunk: Buffer): boolean {
    for (const byte of chunk) {
      if (this.#isByteOrderMark(byte)) continue;
      const endsLine = byte === carriageReturn || (byte === lineFeed && !this.#lastWasReturn);
      const secondHalf = byte === lineFeed && this.#lastWasReturn;
      this.#lastWasReturn = byte === carriageReturn;
      if (secondHalf) continue;
      if (this.#atRecordStart && !endsLine && !this.#startRecord()) return false;
      if (this.#inQuotes) {
        // The cell counts as started until another byte comes, so that a doubled quote opens it again.
        if (byte === this.#quote) this.#inQuotes = false;
      } else if (byte === this.#quote && this.#atCellStart) {
        this.#inQuotes = true;
      } else if (endsLine) {
        this.#atRecordStart = true;
        this.#atCellStart = true;
      } else {
        this.#atCellStart = this.#endsDelimiter(byte);
      }
      if (endsLine) this.#line += 1;
    }
    return true;
  }

  #isByteOrderMark(byte: number): boolean {
    if (this.#markBytes >= byteOrderMark.length) return false;
    const expected = byte === byteOrderMark[this.#markBytes];
    this.#markBytes = expected ? this.#markBytes + 1 : byteOrderMark.length;
    return expected;
  }

  /** UTF-8 never has the first byte of a character inside another one, so a match need not be tried again. */
  #endsDelimiter(byte: number): boolean {
    const expected = byte === this.#delimiter[this.#delimiterBytes];
    this.#delimiterBytes = expected ? this.#delimiterBytes + 1 : byte === this.#delimiter[0] ? 1 : 0;
    if (this.#delimiterBytes < this.#delimiter.length) return false;
    this.#delimiterBytes = 0;
    return true;
  }

  #startRecord(): boolean {
    this.#atRecordStart = false;
    const goOn = this.#position < 0 || this.#onRecord(this.#position, this.#line);
    this.#position += 1;
    return goOn;
  }
}
