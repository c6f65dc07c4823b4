// Rows of a source for a person, as CSV: the original columns, then what is said of each row. Made when the first row is
// added, so that there is no file where there is nothing to say.

import { once } from "node:events";
import { createWriteStream, rmSync, statSync, truncateSync } from "node:fs";
import { finished } from "node:stream/promises";
import { stringify } from "csv-stringify";
import type { Part } from "../../core/model.ts";

type PartOfRow = Pick<Part, "columns" | "label">;

/** Appends to a file from a given length on. */
export class RowFile {
  readonly #path: string;
  readonly #columns: string[];
  readonly #said: readonly string[];
  readonly #severalFiles: boolean;
  readonly #start: number;
  #writer: ReturnType<typeof stringify> | undefined;
  #file: ReturnType<typeof createWriteStream> | undefined;

  /** `said`: the columns after those of the source; where there are several parts, the part's name comes last. */
  constructor(path: string, parts: readonly PartOfRow[], said: readonly string[], start = 0) {
    this.#path = path;
    this.#columns = [...new Set(parts.flatMap(({ columns }) => columns))];
    this.#said = parts.length > 1 ? [...said, "loadline_file"] : said;
    this.#severalFiles = parts.length > 1;
    this.#start = start;
    if (start === 0) rmSync(path, { force: true });
    else truncateSync(path, start);
  }

  async add(part: PartOfRow, cells: readonly string[], said: readonly string[]): Promise<void> {
    const values = new Map(part.columns.map((column, index) => [column, cells[index] ?? ""]));
    const row = [...this.#columns.map((column) => values.get(column) ?? ""), ...said];
    if (this.#severalFiles) row.push(part.label);
    const writer = this.#open();
    if (!writer.write(row)) await once(writer, "drain");
  }

  /** The file's length in bytes; 0 where there is none. */
  async close(): Promise<number> {
    if (this.#writer === undefined || this.#file === undefined) return this.#start;
    this.#writer.end();
    await finished(this.#file);
    return statSync(this.#path).size;
  }

  #open(): ReturnType<typeof stringify> {
    if (this.#writer !== undefined) return this.#writer;
    this.#writer = stringify({ record_delimiter: "\n" });
    this.#file = createWriteStream(this.#path, { flags: "a", mode: 0o600 });
    this.#writer.pipe(this.#file);
    if (this.#start === 0) this.#writer.write([...this.#columns, ...this.#said]);
    return this.#writer;
  }
}
