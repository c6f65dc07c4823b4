// The careful reading of a CSV part that DuckDB refused or might read differently than it is written. csv-parse reads it
// record by record; what is sound goes into a clean copy with its line, what is broken goes into a list with its line
// and the reason. It reads bytes as Latin-1, so that a record with invalid UTF-8 is found instead of being replaced.

import { isUtf8 } from "node:buffer";
import { once } from "node:events";
import { createReadStream, createWriteStream } from "node:fs";
import { pipeline } from "node:stream/promises";
import { createGunzip } from "node:zlib";
import { CsvError, parse } from "csv-parse";
import { stringify } from "csv-stringify";
import { Failure } from "../core/errors.ts";
import { exitCode } from "../core/exit-code.ts";
import type { Part } from "../core/model.ts";
import type { CsvFormat } from "../job/job.ts";

export interface CleanPart {
  /** CSV with comma, every cell quoted; the first column is `lineColumn`. */
  path: string;
  broken: BrokenRecord[];
}

export interface BrokenRecord {
  line: number;
  reason: string;
  cells: string[];
}

export const lineColumn = "loadline_line";

/** The dialect of a clean copy. */
export const cleanFormat: CsvFormat = { type: "csv", delimiter: ",", quote: '"', encoding: "utf-8" };

const recordBytesMax = 4 << 20;
const byteOrderMark = Buffer.from("\ufeff");

/** Reads a part record by record. Throws a Failure where the rest of the file can't be told apart into records. */
export async function cleanPart(part: Part, format: CsvFormat, path: string): Promise<CleanPart> {
  const broken: BrokenRecord[] = [];
  const writer = stringify({ quoted: true, record_delimiter: "\n" });
  const writing = pipeline(writer, createWriteStream(path, { mode: 0o600 }));
  writer.write([lineColumn, ...part.columns]);
  let nextLine = 1;
  let header = true;
  try {
    for await (const { record, raw } of readRecords(part, format)) {
      const line = nextLine + countLineEnds(/^[\r\n]*/.exec(raw)?.[0] ?? "");
      nextLine += countLineEnds(raw);
      if (header) {
        header = false;
        continue;
      }
      const reason = findDefect(record, raw, part.columns.length, format);
      if (reason !== undefined) broken.push({ line, reason, cells: record.map(decode) });
      else if (!writer.write([String(line), ...record.map(decode)])) await once(writer, "drain");
    }
  } catch (error) {
    writer.destroy();
    await writing.catch(() => undefined);
    throw explainUnreadable(part, error, nextLine);
  }
  writer.end();
  await writing;
  return { path, broken };
}

interface RawRecord {
  /** Latin-1: one character a byte. */
  record: string[];
  raw: string;
}

async function* readRecords(part: Part, format: CsvFormat): AsyncGenerator<RawRecord> {
  const quote = readAsLatin1(format.quote);
  const parser = parse({
    delimiter: readAsLatin1(format.delimiter),
    quote,
    escape: quote,
    encoding: "latin1",
    record_delimiter: ["\r\n", "\n", "\r"],
    skip_empty_lines: true,
    relax_column_count: true,
    relax_quotes: true,
    raw: true,
    info: true,
    max_record_size: recordBytesMax,
  });
  const source = createReadStream(part.path);
  const feeding = part.compressed
    ? pipeline(source, createGunzip(), skipByteOrderMark, parser)
    : pipeline(source, skipByteOrderMark, parser);
  // A failure reaches the reader through the parser; this keeps it from being reported a second time as unhandled.
  feeding.catch(() => undefined);
  for await (const record of parser) yield record as RawRecord;
}

/** csv-parse would take the mark as a sign that the rest is to be read as UTF-8. */
async function* skipByteOrderMark(chunks: AsyncIterable<Buffer>): AsyncGenerator<Buffer> {
  let first = true;
  for await (const chunk of chunks) {
    yield first && chunk.subarray(0, byteOrderMark.length).equals(byteOrderMark)
      ? chunk.subarray(byteOrderMark.length)
      : chunk;
    first = false;
  }
}

function readAsLatin1(text: string): string {
  return Buffer.from(text).toString("latin1");
}

/** A CRLF that ends a record stands in csv-parse's raw text as CR alone, so each of the three forms counts as one. */
function countLineEnds(raw: string): number {
  return raw.match(/\r\n|\n|\r/g)?.length ?? 0;
}

function decode(latin1: string): string {
  return Buffer.from(latin1, "latin1").toString("utf8");
}

function findDefect(record: string[], raw: string, columns: number, format: CsvFormat): string | undefined {
  if (record.length !== columns) return `${record.length} cells, the header has ${columns}`;
  // csv-parse's raw text lacks bytes of a delimiter that has several.
  if (!record.every((cell) => isUtf8(Buffer.from(cell, "latin1")))) return "not valid UTF-8";
  const quote = format.quote;
  for (const cell of record) {
    const start = cell.trimStart();
    if (!start.startsWith(quote)) continue;
    const wellQuoted = `${quote}${cell.replaceAll(quote, quote + quote)}${quote}`;
    if (raw.includes(wellQuoted)) continue;
    return start.length < cell.length ? "white space before a quote" : "text after a closing quote";
  }
  return undefined;
}

function explainUnreadable(part: Part, error: unknown, line: number): unknown {
  const where = { file: part.label, line };
  if (error instanceof CsvError && error.code === "CSV_QUOTE_NOT_CLOSED") {
    return new Failure(exitCode.failed, "the quote that opens in this record is never closed", {
      where,
      why: "everything after it would be one cell, so no row of the file can be trusted",
      next: "correct the file, or set `format.quote` if it does not use this quote",
    });
  }
  if (error instanceof CsvError && error.code === "CSV_MAX_RECORD_SIZE") {
    return new Failure(exitCode.failed, `the record that starts here is longer than ${recordBytesMax >> 20} MB`, {
      where,
      why: "most likely a quote is not closed",
      next: "correct the file",
    });
  }
  const code = (error as NodeJS.ErrnoException).code ?? "";
  if (code.startsWith("Z_") || code === "ERR_BUFFER_TOO_LARGE") {
    const why = error instanceof Error ? error.message : String(error);
    return new Failure(exitCode.failed, "the compressed file is damaged", { where, why, next: "fetch it again" });
  }
  return error;
}
