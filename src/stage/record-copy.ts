// A copy of a part that was read record by record: CSV with comma, every cell quoted, each record with its line. It is
// what the engine reads instead of the part; what is no record stands in a list. Disposable: the part says it all.

import { once } from "node:events";
import { createWriteStream } from "node:fs";
import { PassThrough } from "node:stream";
import { pipeline } from "node:stream/promises";
import { Failure } from "../core/errors.ts";
import { exitCode } from "../core/exit-code.ts";
import type { Part } from "../core/model.ts";
import { recordBytesMax } from "../formats/format.ts";
import type { RecordFormat } from "../formats/records.ts";
import { readRecords } from "../formats/records.ts";

export interface CleanPart {
  /** CSV in `plainCsv`; the first column is `lineColumn`. */
  path: string;
  broken: BrokenRecord[];
  /** Columns that are not all that one would think (text in some records, JSON in others), with words for people. */
  remarks: ReadonlyMap<string, string>;
}

export interface BrokenRecord {
  line: number;
  /** Lines that it spans, where a record is mostly one: it may have swallowed others. */
  lines?: number;
  reason: string;
  cells: string[];
}

/** Records that are lost, as far as can be told: where a quote swallows lines, each of them is one. */
export function countBroken(broken: readonly BrokenRecord[]): number {
  return broken.reduce((sum, { lines = 1 }) => sum + lines, 0);
}

export const lineColumn = "loadline:line";

/** They are kept in memory; a file with more of them is another one than the job says. */
export const brokenMax = 100_000;

/** Writes the records of a JSON or XML part. */
export async function copyRecords(part: Part, format: RecordFormat, path: string): Promise<CleanPart> {
  const copy = new RecordCopy(path, part);
  const shapes = new ColumnShapes();
  try {
    for await (const { line, cells, broken, nested } of readRecords(part, format)) {
      shapes.add(line, cells, nested);
      if (broken !== undefined) copy.addBroken({ line, reason: `${broken.reason}: ${broken.text}`, cells: [] });
      else
        await copy.add(
          line,
          part.columns.map((column) => cells.get(column) ?? null),
        );
    }
    return { ...(await copy.close()), remarks: shapes.describeShapes() };
  } catch (error) {
    await copy.abandon();
    throw error;
  }
}

/** In which columns values are text, and in which JSON of what is nested or stands several times. */
class ColumnShapes {
  readonly #nested = new Map<string, { count: number; line: number }>();
  readonly #plain = new Set<string>();

  add(line: number, cells: ReadonlyMap<string, string | null>, nested: ReadonlySet<string> | undefined): void {
    for (const name of nested ?? []) {
      const known = this.#nested.get(name);
      this.#nested.set(name, { count: (known?.count ?? 0) + 1, line: known?.line ?? line });
    }
    for (const [name, value] of cells) if (value !== null && nested?.has(name) !== true) this.#plain.add(name);
  }

  describeShapes(): Map<string, string> {
    const mixed = [...this.#nested].filter(([name]) => this.#plain.has(name));
    return new Map(
      mixed.map(([name, { count, line }]) => [
        name,
        `"${name}" is text in some records and JSON in ${count}, first in line ${line}: there it is nested or stands several times`,
      ]),
    );
  }
}

/** What `scanOwnCopy` reads: nothing at all is NULL. */
function writeRow(cells: readonly (string | null)[]): string {
  return `${cells.map((cell) => (cell === null ? "" : `"${cell.replaceAll('"', '""')}"`)).join(",")}\n`;
}

function tooLongAsCopied(label: string, line: number): Failure {
  return new Failure(
    exitCode.failed,
    `the record that starts here is longer than ${recordBytesMax >> 20} MB as it is staged`,
    {
      where: { file: label, line },
      why: "there its cells are in quotes, and each quote inside of one is doubled",
      next: "have the sender make it shorter, or `format` take less of it",
    },
  );
}

export class RecordCopy {
  readonly #path: string;
  readonly #label: string;
  readonly #broken: BrokenRecord[] = [];
  readonly #writer = new PassThrough();
  readonly #writing: Promise<void>;

  constructor(path: string, part: Pick<Part, "columns" | "label">) {
    this.#path = path;
    this.#label = part.label;
    this.#writing = pipeline(this.#writer, createWriteStream(path, { mode: 0o600 }));
    // Heard of when the copy is closed.
    this.#writing.catch(() => undefined);
    this.#writer.write(writeRow([lineColumn, ...part.columns]));
  }

  async add(line: number, cells: readonly (string | null)[]): Promise<void> {
    const row = writeRow([String(line), ...cells]);
    // Quotes of nested JSON are doubled: a record within the limit may be beyond it in the copy.
    if (row.length > recordBytesMax / 4 && Buffer.byteLength(row) > recordBytesMax)
      throw tooLongAsCopied(this.#label, line);
    if (this.#writer.write(row)) return;
    await Promise.race([once(this.#writer, "drain"), this.#writing]);
  }

  addBroken(record: BrokenRecord): void {
    this.#broken.push(record);
    if (this.#broken.length <= brokenMax) return;
    throw new Failure(exitCode.failed, `more than ${brokenMax} records of the file can't be read`, {
      where: { file: this.#label, line: record.line },
      why: record.reason.slice(0, 200),
      next: "check `format` against the file",
    });
  }

  async close(): Promise<CleanPart> {
    this.#writer.end();
    await this.#writing;
    return { path: this.#path, broken: this.#broken, remarks: new Map() };
  }

  async abandon(): Promise<void> {
    this.#writer.destroy();
    await this.#writing.catch(() => undefined);
  }
}
