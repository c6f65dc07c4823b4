// Rows that an earlier run did not load, taken up in place of the source's. In: the files that name them, or one that a
// person has mended. Out: a part, in the ledger before a row of it is read, and which rows these are. What must hold: a row
// that was taken up, or dropped, is not taken up again; a row that is no row of that run is refused.

import { createReadStream, createWriteStream, existsSync, readFileSync, statSync } from "node:fs";
import { dirname, join } from "node:path";
import { finished } from "node:stream/promises";
import { parse } from "csv-parse";
import { stringify } from "csv-stringify";
import type { PartRecord } from "../../checkpoint/ledger.ts";
import { Failure, showPath, usageFailure } from "../../core/errors.ts";
import { exitCode } from "../../core/exit-code.ts";
import { hashFile, syncFile, writeDurably } from "../../core/files.ts";
import { locateWaiting } from "../../core/model.ts";
import { identifier } from "../../core/sql.ts";
import type { Stream } from "../../job/job.ts";
import { countOf } from "../../report/numbers.ts";
import { scanCsvFiles } from "../../stage/csv-scan.ts";
import { writeParquet } from "../../stage/parquet.ts";
import { delimiterOf } from "../rows/rejects-by-file.ts";
import { parseRowId, readUnloaded, rowIdColumn } from "../rows/unloaded-rows.ts";
import { type RunContext, subfolder } from "../run/context.ts";
import { runFolder } from "../run/run-files.ts";

/** The rows of a stream that a run takes up: one part, or none. */
export async function takeRetried(context: RunContext, stream: Stream): Promise<PartRecord[]> {
  const { ledger, run, engine } = context;
  const known = ledger.parts(run.id, stream.name);
  if (known.length > 0) return known;
  const { retry } = run.options;
  if (retry === undefined) throw new Error("the run takes no rows of another");
  const closed = new Set(ledger.closedRows(retry.run).flatMap((row) => (row.stream === stream.name ? [row.row] : [])));
  const folder = runFolder(dirname(dirname(context.folder)), retry.run);
  const columns = await readColumns(folder, stream.name);
  const rows = retry.file === undefined ? readAsTheyWere(folder, stream.name) : readMended(context, stream, columns);
  const text = join(subfolder(context, "stage"), `retry-${stream.name}.csv`);
  const taken = await writeRows(text, columns, rows, closed);
  if (taken.closed > 0) {
    const message = `${stream.name}: ${countOf(taken.closed, "row")} taken up or dropped before: left out`;
    context.emit({ type: "warning", message });
  }
  if (taken.ids.length === 0) return [];
  writeDurably(idsPath(context, stream.name), JSON.stringify(taken.ids));
  const path = join(subfolder(context, "extract", stream.name), "retry-1.parquet");
  const cells = columns.map((name) => `coalesce(${identifier(name)}, '') AS ${identifier(name)}`);
  await writeParquet(engine, `SELECT ${cells.join(", ")} FROM ${scanCsvFiles([text], columns)}`, path);
  syncFile(path);
  const part: PartRecord = {
    ordinal: 1,
    path,
    label: retry.file === undefined ? `rows of run ${retry.run}` : showPath(retry.file),
    locator: locateWaiting(retry.run, 1),
    bytes: statSync(path).size,
    sha256: await hashFile(path),
    compressed: false,
    suspect: false,
    rows: taken.ids.length,
    columns,
    careful: true,
  };
  ledger.addParts(run.id, stream.name, [part]);
  return [part];
}

/** Ids of the rows that this run has taken up. */
export function retriedIds(context: RunContext, stream: string): string[] {
  const path = idsPath(context, stream);
  return existsSync(path) ? (JSON.parse(readFileSync(path, "utf8")) as string[]) : [];
}

function idsPath(context: RunContext, stream: string): string {
  return join(subfolder(context, "retry"), `${stream}.json`);
}

/** Of the source, as the files of the run have them. */
async function readColumns(folder: string, stream: string): Promise<string[]> {
  const columns = new Set<string>();
  for await (const { cells } of readUnloaded(folder, stream)) for (const name of cells.keys()) columns.add(name);
  return [...columns];
}

interface TakenRow {
  id: string;
  cells: ReadonlyMap<string, string>;
}

async function* readAsTheyWere(folder: string, stream: string): AsyncGenerator<TakenRow> {
  for await (const { id, cells } of readUnloaded(folder, stream)) yield { id, cells };
}

/** A row that is of another stream is left to that one. */
async function* readMended({ run }: RunContext, stream: Stream, columns: readonly string[]): AsyncGenerator<TakenRow> {
  const { run: of = "", file = "" } = run.options.retry ?? {};
  for await (const { values, line } of readCsv(file, delimiterOf(stream.source.format))) {
    const named = parseRowId(values.get(rowIdColumn) ?? "");
    if (named === undefined || named.run !== of) {
      throw new Failure(exitCode.usage, `this row is none that run ${of} did not load`, {
        where: { file, line },
        why: `its ${rowIdColumn} is ${JSON.stringify(values.get(rowIdColumn) ?? "")}: by it a row is known, and can't go in twice`,
        next: `take the rows of loadline rejects ${of} --export <file>, and leave ${rowIdColumn} as it is`,
      });
    }
    if (named.stream !== stream.name) continue;
    yield { id: named.id, cells: new Map(columns.map((name) => [name, values.get(name) ?? ""])) };
  }
}

/** Records of a CSV file of people, by column. */
export async function* readCsv(
  file: string,
  delimiter: string,
): AsyncGenerator<{ values: ReadonlyMap<string, string>; line: number }> {
  const options = { bom: true, columns: false, info: true, delimiter, relax_column_count: false } as const;
  const records = createReadStream(file).pipe(parse(options));
  let header: string[] | undefined;
  try {
    for await (const { record, info } of records as AsyncIterable<{ record: string[]; info: { lines: number } }>) {
      if (header === undefined) {
        header = record;
        if (!header.includes(rowIdColumn)) throw noRowIds(file);
        continue;
      }
      const names = header;
      yield { values: new Map(names.map((name, index) => [name, record[index] ?? ""])), line: info.lines };
    }
  } catch (error) {
    if (error instanceof Failure) throw error;
    throw usageFailure(`${showPath(file)} can't be read as CSV`, {
      where: { file },
      why: error instanceof Error ? error.message : String(error),
      next: "save it as CSV with the delimiter that it was exported with",
    });
  }
}

function noRowIds(file: string): Failure {
  return usageFailure(`${showPath(file)} has no column ${rowIdColumn}`, {
    why: "by it each row is known, and can't go in twice",
    next: "take a file that loadline rejects --export wrote; its delimiter must be the same",
  });
}

async function writeRows(
  path: string,
  columns: readonly string[],
  rows: AsyncIterable<TakenRow>,
  closed: ReadonlySet<string>,
): Promise<{ ids: string[]; closed: number }> {
  const ids = new Set<string>();
  let left = 0;
  const writer = stringify({ quoted: true });
  const file = createWriteStream(path, { mode: 0o600 });
  const done = finished(writer.pipe(file));
  writer.write([...columns]);
  for await (const { id, cells } of rows) {
    if (closed.has(id) || ids.has(id)) {
      left += 1;
      continue;
    }
    ids.add(id);
    if (!writer.write(columns.map((name) => cells.get(name) ?? "")))
      await new Promise((go) => writer.once("drain", go));
  }
  writer.end();
  await done;
  return { ids: [...ids], closed: left };
}
