// Looks for white space before an opening quote (`a, "b"`): DuckDB drops the space without a word and other readers
// don't, so a file that may hold it is read record by record instead.

import type { CsvFormat } from "../../job/job.ts";

/** Delimiter, space, quote and what follows it are at most ten bytes. */
const overlap = 9;

export class SpacedQuoteSearch {
  readonly #pattern: RegExp;
  #tail = "";
  found = false;

  constructor(format: CsvFormat) {
    const quote = matchBytes(format.quote);
    // A doubled quote (`, ""`) is text inside a quoted cell, or an empty cell.
    this.#pattern = new RegExp(`(?:${matchBytes(format.delimiter)}|[\\r\\n]) ${quote}(?!${quote})[^]`);
  }

  /** Takes the bytes as Latin-1: one regular expression over that is twice as fast as searching the bytes (measured). */
  feed(chunk: Buffer): void {
    if (this.found) return;
    const text = chunk.toString("latin1");
    this.found = this.#pattern.test(text) || this.#pattern.test(this.#tail + text.slice(0, overlap));
    this.#tail = (this.#tail + text.slice(-overlap)).slice(-overlap);
  }
}

function matchBytes(character: string): string {
  return [...Buffer.from(character)].map((byte) => `\\x${byte.toString(16).padStart(2, "0")}`).join("");
}
