// The rejects of a stream, divided by the files of the sender that they came in, as the sender writes files. In: the rejects
// file, the parts. Out: a file a file of the sender. What must hold: cells are what they were; the sender's own reader can
// read them.

import { appendFileSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import type { Options } from "csv-stringify/sync";
import { stringify } from "csv-stringify/sync";
import { fileOf, isKeptPart, type Part } from "../../core/model.ts";
import { writeEncoded } from "../../formats/encoding.ts";
import { type FileFormat, plainCsv } from "../../formats/format.ts";
import type { Stream } from "../../job/job.ts";
import { type RunContext, subfolder } from "../run/context.ts";
import { readUnloaded, type UnloadedRow } from "./unloaded-rows.ts";

export interface RejectsOfFile {
  /** The sender's file; undefined of rows that an earlier run has kept. */
  label: string | undefined;
  rows: number;
  path: string;
}

/** So many rows are held before they are written. */
const rowsHeld = 10_000;

interface Divided extends RejectsOfFile {
  columns: string[];
  held: string[][];
}

const said = ["loadline_error", "loadline_field", "loadline_line"];

/** Written anew by every attempt, and the same each time. */
export async function divideRejects(context: RunContext, stream: Stream): Promise<RejectsOfFile[]> {
  const { ledger, run, folder } = context;
  const parts = ledger.parts(run.id, stream.name);
  const labels = new Map(ledger.takes(run.id, stream.name).map(({ ordinal, label }) => [ordinal, label]));
  const ofParts = new Map(parts.map((part) => [part.label, part]));
  const [only] = parts;
  const place = subfolder(context, "put", stream.name);
  const files = new Map<string, Divided>();
  let held = 0;
  for await (const row of readUnloaded(folder, stream.name)) {
    if (row.kind !== "rejects") break;
    const part = parts.length === 1 ? only : ofParts.get(row.file);
    if (part === undefined) throw new Error(`the rejects of ${stream.name} name a part that is none: ${row.file}`);
    const label = isKeptPart(part) ? undefined : labels.get(fileOf(part).ordinal);
    const file = files.get(label ?? "") ?? begin(place, files.size, stream, { label, parts, of: part });
    files.set(label ?? "", file);
    file.held.push(cellsOf(row, file.columns, stream.source.format));
    file.rows += 1;
    held += 1;
    if (held < rowsHeld) continue;
    for (const one of files.values()) flush(one, stream.source.format);
    held = 0;
  }
  for (const file of files.values()) {
    flush(file, stream.source.format);
    await encode(file.path, stream.source.format);
  }
  return [...files.values()].map(({ label, rows, path }) => ({ label, rows, path }));
}

function begin(
  place: string,
  number: number,
  { source }: Stream,
  { label, parts, of }: { label: string | undefined; parts: readonly Part[]; of: Part },
): Divided {
  const ordinal = fileOf(of).ordinal;
  const own = parts.filter((part) => (label === undefined ? isKeptPart(part) : fileOf(part).ordinal === ordinal));
  // Of a file that goes out, is mended and comes back with what was said of it, that is said anew.
  const columns = [...new Set(own.flatMap((part) => part.columns))].filter((name) => !said.includes(name));
  const path = join(place, `${number}.csv`);
  writeFileSync(path, stringify([[...columns, ...said]], dialectOf(source.format)), { mode: 0o600 });
  return { label, rows: 0, path, columns, held: [] };
}

function cellsOf(
  { cells, error, field, place }: UnloadedRow,
  columns: readonly string[],
  format: FileFormat,
): string[] {
  const isQuoted = format.type !== "csv" || format.quote !== "";
  // Without quotes nothing of ours may look like the end of a cell or a record.
  const message = isQuoted ? error : error.replaceAll(/[\r\n]+/g, " ").replaceAll(delimiterOf(format), " ");
  return [...columns.map((name) => cells.get(name) ?? ""), message, field, place];
}

function flush(file: Divided, format: FileFormat): void {
  if (file.held.length === 0) return;
  appendFileSync(file.path, stringify(file.held, dialectOf(format)));
  file.held = [];
}

export function delimiterOf(format: FileFormat): string {
  return format.type === "csv" ? format.delimiter : plainCsv.delimiter;
}

function dialectOf(format: FileFormat): Options {
  const { delimiter, quote, escape: mark = quote, comment } = format.type === "csv" ? format : plainCsv;
  // A first cell that begins as a comment does would make the record one.
  return { delimiter, quote, escape: mark, record_delimiter: "\n", quoted: comment !== undefined && quote !== "" };
}

async function encode(path: string, format: FileFormat): Promise<void> {
  if (format.type !== "csv" || format.encoding === "utf-8") return;
  const encoded = `${path}.encoded`;
  await writeEncoded(path, encoded, format.encoding);
  rmSync(path);
  renameSync(encoded, path);
}
