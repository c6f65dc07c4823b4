// Looks for white space before an opening quote (`a, "b"`): DuckDB drops the space without a word and other readers
// don't, so a file that may hold it is read record by record instead.

import type { CsvFormat } from "../../job/job.ts";

export class SpacedQuoteSearch {
  readonly #patterns: string[];
  readonly #quote: number;
  #tail: Buffer = Buffer.alloc(0);
  found = false;

  constructor(format: CsvFormat) {
    this.#patterns = [`${format.delimiter} ${format.quote}`, `\n ${format.quote}`];
    this.#quote = format.quote.charCodeAt(0);
  }

  feed(chunk: Buffer): void {
    if (this.found) return;
    this.found =
      this.#patterns.some((pattern) => this.#standsIn(chunk, pattern)) ||
      this.#patterns.some((pattern) => this.#standsIn(Buffer.concat([this.#tail, chunk.subarray(0, 3)]), pattern));
    this.#tail = Buffer.from(chunk.subarray(-3));
  }

  /** A doubled quote (`, ""`) is text inside a quoted cell, or an empty cell. */
  #standsIn(chunk: Buffer, pattern: string): boolean {
    for (let at = chunk.indexOf(pattern); at !== -1; at = chunk.indexOf(pattern, at + 1)) {
      const next = at + pattern.length;
      if (next < chunk.length && chunk[next] !== this.#quote) return true;
    }
    return false;
  }
}
