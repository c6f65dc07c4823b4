// The careful reading of a CSV part that DuckDB refused or might read differently than it is written. csv-parse reads it
// record by record; what is sound goes into a clean copy with its line, what is broken goes into a list with its line
// and the reason. It reads bytes as Latin-1, so that a record with invalid UTF-8 is found instead of being replaced.

import { isUtf8 } from "node:buffer";
import { pipeline } from "node:stream/promises";
import { CsvError, parse } from "csv-parse";
import { readRefusedCell } from "../core/copied-file.ts";
import { countOf, showCount } from "../core/counted.ts";
import { Failure } from "../core/errors.ts";
import { exitCode } from "../core/exit-code.ts";
import type { Part } from "../core/model.ts";
import { type CsvFormat, recordBytesMax } from "../formats/format.ts";
import { breaksMax, countBreaks, lookAtCell } from "../formats/long-cells.ts";
import { readUnpacked } from "../formats/packing.ts";
import { type BrokenRecord, type CleanPart, RecordCopy } from "./record-copy.ts";

const byteOrderMark = Buffer.from("\ufeff");
const markAsLatin1 = byteOrderMark.toString("latin1");

/** CSV in UTF-8, as the engine may read it by itself. */
export interface TextPart {
  part: Part;
  format: CsvFormat;
  /** The line of the part as received at which this text begins. */
  firstLine: number;
}

/** Reads a part record by record. Throws a Failure where the rest of the file can't be told apart into records. */
export async function cleanPart(text: TextPart, path: string): Promise<CleanPart> {
  const { part, format } = text;
  const copy = new RecordCopy(path, part);
  const progress = { nextLine: text.firstLine };
  let header = format.columns === undefined;
  try {
    for await (const { record, raw, line } of readRecords(text, progress)) {
      if (header) {
        header = false;
        continue;
      }
      const { reason, cells } = readCells(record, raw, text);
      if (reason === undefined) await copy.add(line, cells);
      else copy.addBroken(describeBroken(text, { line, reason, cells: cells.map((cell) => cell ?? "") }, raw));
    }
    return await copy.close();
  } catch (error) {
    await copy.abandon();
    throw explainUnreadable(part, error, progress.nextLine);
  }
}

/** The cells of a record, and what is wrong with it; null for what the text tells from an empty cell. */
function readCells(
  record: readonly (string | null)[],
  raw: string,
  { part, format }: TextPart,
): { reason: string | undefined; cells: (string | null)[] } {
  const texts = record.map((cell) => cell ?? "");
  const refused = format.tellsNull === true ? texts.map(readRefusedCell) : [];
  const said = refused.find((one) => one !== undefined)?.reason;
  return {
    reason: said === undefined ? findDefect(texts, raw, part.columns, format) : decode(said),
    cells: record.map((cell, index) => (cell === null ? null : decode(refused[index]?.held ?? cell))),
  };
}

/** A broken record counts for all of its lines: most likely a stray quote has swallowed what stands in them. */
function describeBroken({ part, format }: TextPart, record: BrokenRecord, raw: string): BrokenRecord {
  const { line, reason, cells } = record;
  const written = raw.replace(/^[\r\n]+/, "").replace(/(?:\r\n|\n|\r)$/, "");
  const lines = 1 + countBreaks(written);
  let first = line;
  for (const cell of cells) {
    const last = first + countBreaks(cell);
    const long = lookAtCell(cell, part.columns.length, format);
    if (long?.holdsRecords === true && long.breaks > breaksMax) throw swallowedFailure(part.label, first, last);
    first = last;
  }
  return lines === 1 ? record : { line, lines, cells, reason: `${reason}; it spans lines ${line}–${line + lines - 1}` };
}

export function swallowedFailure(label: string, first: number, last: number): Failure {
  return new Failure(
    exitCode.failed,
    `a quote opens in line ${first} and closes in line ${last}: all between is one value`,
    {
      where: { file: label, line: first },
      why: "the lines between look like records of their own, so a quote in a text was taken for one around a value",
      next: "correct these two lines, or set `format.quote`: to the quote of the file, or to none if it has none",
    },
  );
}

/** As csv-parse gives it with `raw`. */
export interface RawRecord {
  /** Of a part in Latin-1: one character a byte. */
  record: string[];
  raw: string;
}

interface LinedRecord {
  record: (string | null)[];
  raw: string;
  line: number;
}

/** `progress` is kept by the parser itself: where it fails, records that it has read already never arrive. */
async function* readRecords({ part, format }: TextPart, progress: { nextLine: number }): AsyncGenerator<LinedRecord> {
  const quote = readAsLatin1(format.quote);
  const parser = parse({
    delimiter: readAsLatin1(format.delimiter),
    quote: quote === "" ? null : quote,
    escape: format.escape === undefined ? quote || null : readAsLatin1(format.escape),
    encoding: "latin1",
    record_delimiter: await chooseLineEnds(part, format),
    skip_empty_lines: true,
    relax_column_count: true,
    relax_quotes: true,
    raw: true,
    info: true,
    max_record_size: recordBytesMax,
    ...(format.tellsNull === true ? { cast: orNull } : {}),
    // The types know nothing of `raw`.
    on_record: (parsed) => locate(parsed as unknown as RawRecord, progress) as unknown as string[],
  });
  const feeding = pipeline(readUnpacked(part.path, part.label), skipByteOrderMark, parser);
  // A failure reaches the reader through the parser; this keeps it from being reported a second time as unhandled.
  feeding.catch(() => undefined);
  for await (const record of parser) yield record as LinedRecord;
}

/** Nothing at all is no empty text. */
function orNull(cell: string, { quoting }: { quoting: boolean }): string | null {
  return cell === "" && !quoting ? null : cell;
}

/** With the line that it begins in: csv-parse itself tells the one that it ends in, and counts a CRLF within quotes twice. */
export function locate({ record, raw }: RawRecord, progress: { nextLine: number }): RawRecord & { line: number } {
  // A CRLF that ends a record stands in csv-parse's raw text as CR alone, so each of the three forms counts as one.
  const line = progress.nextLine + countBreaks(/^[\r\n]*/.exec(raw)?.[0] ?? "");
  progress.nextLine += countBreaks(raw);
  return { record, raw, line };
}

/** Where lines end with LF or CRLF, a CR by itself ends none: it stands in a value, which it would cut in two. */
async function chooseLineEnds(part: Part, format: CsvFormat): Promise<string[]> {
  const first = await findLineEnd(part, readAsLatin1(format.quote));
  return first === "\n" ? ["\r\n", "\n"] : ["\r\n", "\n", "\r"];
}

/** The character that ends the first line, quoted line breaks aside; `\n` of CRLF. */
async function findLineEnd(part: Part, quote: string): Promise<string | undefined> {
  let quoted = false;
  let afterReturn = false;
  for await (const chunk of readUnpacked(part.path, part.label)) {
    for (const character of chunk.toString("latin1")) {
      if (character === quote) quoted = !quoted;
      if (afterReturn) return character === "\n" ? "\n" : "\r";
      if (!quoted && character === "\n") return character;
      afterReturn = !quoted && character === "\r";
    }
  }
  return afterReturn ? "\r" : undefined;
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

function decode(latin1: string): string {
  return Buffer.from(latin1, "latin1").toString("utf8");
}

function findDefect(record: string[], raw: string, columns: readonly string[], format: CsvFormat): string | undefined {
  if (record.length !== columns.length)
    return `${countOf(record.length, "cell")}, the header has ${showCount(columns.length)}`;
  const nul = record.findIndex((cell) => cell.includes("\0"));
  if (nul >= 0) return `the character NUL (U+0000) in "${columns[nul]}"`;
  // csv-parse's raw text lacks bytes of a delimiter that has several.
  if (!record.every((cell) => isUtf8(Buffer.from(cell, "latin1")))) return `not valid ${nameOf(format.encoding)}`;
  if (record[0]?.startsWith(markAsLatin1) === true) return "a byte order mark inside the file";
  const { quote, escape: mark = quote } = format;
  if (format.quote === "") {
    return record.some((cell) => cell.includes("\r")) ? "a carriage return in a value without quotes" : undefined;
  }
  for (const cell of record) {
    const start = cell.trimStart();
    if (!start.startsWith(quote) && !cell.includes("\r")) continue;
    if (raw.includes(writeQuoted(cell, quote, mark))) continue;
    if (!start.startsWith(quote)) return "a carriage return in a value without quotes";
    return start.length < cell.length ? "white space before a quote" : "text after a closing quote";
  }
  return mark === quote || isAsWritten(record, raw, format)
    ? undefined
    : `"${mark}" before something else than a quote`;
}

/** csv-parse takes an escape away from whatever it stands before. */
function isAsWritten(record: string[], raw: string, { delimiter, quote, escape: mark = quote }: CsvFormat): boolean {
  let position = /^[\r\n]*/.exec(raw)?.[0].length ?? 0;
  for (const cell of record) {
    const quoted = writeQuoted(cell, quote, mark);
    const written = raw.startsWith(quoted, position) ? quoted : cell;
    if (!raw.startsWith(written, position)) return false;
    position += written.length + readAsLatin1(delimiter).length;
  }
  return true;
}

function writeQuoted(cell: string, quote: string, mark: string): string {
  const escaped = mark === quote ? cell : cell.replaceAll(mark, mark + mark);
  return `${quote}${escaped.replaceAll(quote, mark + quote)}${quote}`;
}

function nameOf(encoding: string): string {
  return encoding === "utf-8" ? "UTF-8" : encoding;
}

function explainUnreadable(part: Part, error: unknown, line: number): unknown {
  const where = { file: part.label, line };
  if (error instanceof Failure) return error;
  if (error instanceof CsvError && error.code === "CSV_QUOTE_NOT_CLOSED") {
    return new Failure(exitCode.failed, "the quote that opens in this record is never closed", {
      where,
      why: "everything after it would be one cell, so no row of the file can be trusted",
      next: "correct the file, or set `format.quote`: to the quote of the file, or to none if it has none",
    });
  }
  if (error instanceof CsvError && error.code === "CSV_MAX_RECORD_SIZE") {
    return new Failure(exitCode.failed, `the record that starts here is longer than ${recordBytesMax >> 20} MB`, {
      where,
      why: "most likely a quote is not closed",
      next: "correct the file",
    });
  }
  return error;
}
