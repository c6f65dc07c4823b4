// Reading an uploaded CSV file record by record, from any record's first byte on.
// In: a file, the delimiter, the line ending that all records must have, if any. Out: records as lists of cells, and the byte where the next starts.
// Must hold: memory is bounded by one block and one record; a byte offset that was given out can be started from.
// Rules: https://developer.salesforce.com/docs/atlas.en-us.api_asynch.meta/api_asynch/datafiles_csv_valid_record_rows.htm

import { closeSync, openSync, readSync } from "node:fs";
import { StringDecoder } from "node:string_decoder";

export type LineEnding = "LF" | "CRLF";

export interface CsvRecord {
  cells: string[];
  /** A quote stands where none may: the row fails, the file goes on. */
  strayQuote: boolean;
}

export interface CsvReader {
  /** The next records, `count` at most; none at the end of the file. Throws a LineEndingError. */
  read(count: number): CsvRecord[];
  /** The first byte after the last record that was read. */
  readonly offset: number;
  close(): void;
}

/** The file's line endings are not the job's: the whole job fails. */
export class LineEndingError extends Error {}

const blockBytes = 1 << 20;

/** Opens a file at the first byte of a record (0: the header). Without a line ending, each record may have its own. */
export function openCsv(path: string, delimiter: string, lineEnding: LineEnding | undefined, start: number): CsvReader {
  const descriptor = openSync(path, "r");
  const decoder = new StringDecoder("utf8");
  const block = Buffer.allocUnsafe(blockBytes);
  let position = start;
  let text = "";
  let at = 0;
  let ended = false;
  let offset = start;

  function readBlock(): void {
    const bytes = readSync(descriptor, block, 0, blockBytes, position);
    position += bytes;
    text = text.slice(at) + (bytes === 0 ? decoder.end() : decoder.write(block.subarray(0, bytes)));
    at = 0;
    ended = bytes === 0;
  }

  function scan(): Scanned | undefined {
    for (;;) {
      const found = at < text.length ? scanRecord(text, at, delimiter, ended) : undefined;
      if (found !== undefined || ended) return found;
      readBlock();
    }
  }

  function next(): CsvRecord | undefined {
    for (;;) {
      const found = scan();
      if (found === undefined) return undefined;
      if (lineEnding !== undefined && found.ending !== undefined && found.ending !== lineEnding)
        throw new LineEndingError(`LineEnding is invalid on user data. Current LineEnding setting is ${lineEnding}`);
      offset += Buffer.byteLength(text.slice(at, found.next));
      at = found.next;
      // An empty line is no record.
      if (found.cells.length > 1 || found.cells[0] !== "") return found;
    }
  }

  return {
    read(count) {
      const records: CsvRecord[] = [];
      while (records.length < count) {
        const record = next();
        if (record === undefined) break;
        records.push(record);
      }
      return records;
    },
    get offset() {
      return offset;
    },
    close: () => closeSync(descriptor),
  };
}

interface Scanned extends CsvRecord {
  /** Where the next record starts in the text. */
  next: number;
  /** How the record ended; undefined at the end of the file. */
  ending: LineEnding | undefined;
}

/** The record that starts at `start`, or undefined when the text ends inside it and more is to come. */
function scanRecord(text: string, start: number, delimiter: string, ended: boolean): Scanned | undefined {
  const newline = text.indexOf("\n", start);
  if (newline < 0 && !ended) return undefined;
  const end = newline < 0 ? text.length : newline;
  const line = text.slice(start, end);
  if (line.includes('"')) return scanQuoted(text, start, delimiter, ended);
  const returns = newline >= 0 && line.endsWith("\r");
  return {
    cells: (returns ? line.slice(0, -1) : line).split(delimiter),
    strayQuote: false,
    next: newline < 0 ? end : end + 1,
    ending: newline < 0 ? undefined : returns ? "CRLF" : "LF",
  };
}

function scanQuoted(text: string, start: number, delimiter: string, ended: boolean): Scanned | undefined {
  const cells: string[] = [];
  let strayQuote = false;
  let at = start;
  for (;;) {
    let cell = "";
    if (text[at] === '"') {
      const closed = readQuoted(text, at);
      if (closed === undefined && !ended) return undefined;
      // A quote that never closes swallows the rest of the file.
      cell = closed?.cell ?? text.slice(at);
      strayQuote ||= closed === undefined;
      at = closed?.next ?? text.length;
    }
    const stop = endOfBare(text, at, delimiter);
    if (stop === text.length && !ended) return undefined;
    const bare = text.slice(at, stop);
    const atLineEnd = stop === text.length || text[stop] === "\n";
    const returns = atLineEnd && stop < text.length && bare.endsWith("\r");
    const rest = returns ? bare.slice(0, -1) : bare;
    // Anything beside a quoted value, even a space, is an error of the row; so is a quote inside a bare one.
    if (rest.includes('"') || (rest !== "" && text[at - 1] === '"' && at > start)) strayQuote = true;
    cells.push(cell + rest);
    if (!atLineEnd) {
      at = stop + 1;
      continue;
    }
    const ending = stop === text.length ? undefined : returns ? "CRLF" : "LF";
    return { cells, strayQuote, next: Math.min(stop + 1, text.length), ending };
  }
}

function readQuoted(text: string, start: number): { cell: string; next: number } | undefined {
  let cell = "";
  let from = start + 1;
  for (;;) {
    const quote = text.indexOf('"', from);
    // The last character could be the first half of an escaped quote.
    if (quote < 0) return undefined;
    if (text[quote + 1] !== '"') return { cell: cell + text.slice(from, quote), next: quote + 1 };
    cell += text.slice(from, quote + 1);
    from = quote + 2;
  }
}

function endOfBare(text: string, start: number, delimiter: string): number {
  let at = start;
  while (at < text.length && text[at] !== delimiter && text[at] !== "\n") at += 1;
  return at;
}
