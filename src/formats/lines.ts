// Lines of a CSV file that are no records: before the header, comments, and after the last record. They are left blank
// instead of out, so that every line keeps its number. Text is handled as latin1, one character a byte.

import { type CsvFormat, recordBytesMax } from "./format.ts";

const batchBytes = 1 << 16;

export async function* blankLines(chunks: AsyncIterable<Buffer>, format: CsvFormat): AsyncGenerator<Buffer> {
  const { skipLines = 0, footerLines = 0 } = format;
  const comment = format.comment === undefined ? undefined : asLatin1(format.comment);
  const quotes = new QuoteState(format);
  const held: string[] = [];
  let heldTexts = 0;
  let line = 0;
  let batch = "";
  for await (const written of splitLines(chunks)) {
    line += 1;
    const isComment = comment !== undefined && !quotes.open && written.startsWith(comment);
    const kept = line <= skipLines || isComment ? endOf(written) : written;
    if (comment !== undefined) quotes.feed(kept);
    held.push(kept);
    if (hasText(kept)) heldTexts += 1;
    while (heldTexts > footerLines) {
      const first = held.shift() ?? "";
      if (hasText(first)) heldTexts -= 1;
      batch += first;
    }
    if (batch.length < batchBytes) continue;
    yield Buffer.from(batch, "latin1");
    batch = "";
  }
  yield Buffer.from(batch + held.map(endOf).join(""), "latin1");
}

/** Each with its end. A line beyond all measure comes in pieces: no record of it is taken anyway. */
async function* splitLines(chunks: AsyncIterable<Buffer>): AsyncGenerator<string> {
  let rest = "";
  for await (const chunk of chunks) {
    const text = rest + chunk.toString("latin1");
    let start = 0;
    for (const { index, 0: end } of text.matchAll(/\r\n|\n|\r(?!$)/g)) {
      yield text.slice(start, index + end.length);
      start = index + end.length;
    }
    rest = text.slice(start);
    if (rest.length <= recordBytesMax) continue;
    yield rest;
    rest = "";
  }
  if (rest !== "") yield rest;
}

function endOf(line: string): string {
  return /[\r\n]*$/.exec(line)?.[0] ?? "";
}

function hasText(line: string): boolean {
  return !/^[\r\n]*$/.test(line);
}

function asLatin1(text: string): string {
  return Buffer.from(text).toString("latin1");
}

/** Whether a quoted value goes on over a line's end. A quote opens only at the start of a value. */
class QuoteState {
  open = false;
  readonly #delimiter: string;
  readonly #quote: string;
  readonly #escape: string;

  constructor(format: CsvFormat) {
    this.#delimiter = asLatin1(format.delimiter);
    this.#quote = asLatin1(format.quote);
    this.#escape = asLatin1(format.escape ?? format.quote);
  }

  feed(line: string): void {
    if (this.#quote === "") return;
    let index = 0;
    let atStart = !this.open;
    while (index < line.length) {
      if (this.open) {
        index = this.#skipQuoted(line, index);
        atStart = false;
      } else if (atStart && line.startsWith(this.#quote, index)) {
        this.open = true;
        index += this.#quote.length;
      } else {
        atStart = line.startsWith(this.#delimiter, index);
        index += atStart ? this.#delimiter.length : 1;
      }
    }
  }

  /** From inside of quotes to behind the closing one, or to the end of the line. */
  #skipQuoted(line: string, start: number): number {
    for (let index = start; index < line.length; index += 1) {
      if (this.#escape !== this.#quote && line.startsWith(this.#escape, index)) index += this.#escape.length;
      else if (line.startsWith(this.#quote + this.#quote, index)) index += this.#quote.length;
      else if (line.startsWith(this.#quote, index)) {
        this.open = false;
        return index + this.#quote.length;
      }
    }
    return line.length;
  }
}
