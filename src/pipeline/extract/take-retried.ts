// Rows that an earlier run did not load, taken up in place of the source's. In: the files that name them, or one that a
// person has mended. Out: a part, in the ledger before a row of it is read, and which rows these are. What must hold: a row
// that was taken up, or dropped, is not taken up again; a row that is no row of that run is refused.

import { createWriteStream, existsSync, readFileSync, statSync } from "node:fs";
import { dirname, join } from "node:path";
import { finished } from "node:stream/promises";
import { stringify } from "csv-stringify";
import type { PartRecord } from "../../checkpoint/ledger.ts";
import { type Failure, showPath, usageFailure } from "../../core/errors.ts";
import { hashFile, syncFile, writeDurably } from "../../core/files.ts";
import { locateWaiting } from "../../core/model.ts";
import { identifier } from "../../core/sql.ts";
import type { Stream } from "../../job/job.ts";
import { countOf } from "../../report/numbers.ts";
import { scanCsvFiles } from "../../stage/csv-scan.ts";
import { writeParquet } from "../../stage/parquet.ts";
import { lineColumn } from "../../stage/record-copy.ts";
import { delimiterOf } from "../rows/rejects-by-file.ts";
import {
  fieldColumn,
  parseRowId,
  readUnloaded,
  rowIdColumn,
  type UnloadedRow,
  unreadRecord,
} from "../rows/unloaded-rows.ts";
import { type RunContext, subfolder } from "../run/context.ts";
import { runFolder } from "../run/run-files.ts";
import { isMeantAsItStands, type MendedRow, meantMark, readMended, refuseMissing, takeCells } from "./read-mended.ts";

/** The rows of a stream that a run takes up: one part, or none. */
export async function takeRetried(context: RunContext, stream: Stream): Promise<PartRecord[]> {
  const { ledger, run, engine } = context;
  const known = ledger.parts(run.id, stream.name);
  if (known.length > 0) return known;
  const { retry } = run.options;
  if (retry === undefined) throw new Error("the run takes no rows of another");
  refuseWholeFile(stream, retry.run);
  const closed = new Set(ledger.closedRows(retry.run).flatMap((row) => (row.stream === stream.name ? [row.row] : [])));
  const folder = runFolder(dirname(dirname(context.folder)), retry.run);
  const columns = await readColumns(folder, stream.name);
  const rows =
    retry.file === undefined ? readAsTheyWere(folder, stream.name) : readOwn(context, stream, { folder, columns });
  const text = join(subfolder(context, "stage"), `retry-${stream.name}.csv`);
  const taken = await writeRows(text, columns, rows, closed);
  tellLeftOut(context, stream, taken);
  if (taken.ids.length === 0) return [];
  subfolder(context, "retry");
  writeDurably(idsPath(context, stream.name), JSON.stringify(taken.ids));
  const path = retriedPath(context, stream.name);
  subfolder(context, "extract", stream.name);
  const cells = columns.map((name) => `${blankCell(stream, identifier(name))} AS ${identifier(name)}`);
  const line = identifier(lineColumn);
  // Who mends a file looks for a line of it.
  if (retry.file !== undefined) cells.push(`CAST(${line} AS BIGINT) AS ${line}`);
  await writeParquet(engine, `SELECT ${cells.join(", ")} FROM ${scanCsvFiles([text], [lineColumn, ...columns])}`, path);
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

/** SQL of a cell: a file of rows has the same for no value and an empty text, and CSV knows the latter alone. */
function blankCell({ source: { format } }: Stream, cell: string): string {
  return format.type === "csv" && format.tellsNull !== true ? `coalesce(${cell}, '')` : `nullif(${cell}, '')`;
}

function tellLeftOut({ ledger, run, emit }: RunContext, { name }: Stream, taken: TakenRows): void {
  const warn = (message: string) => emit({ type: "warning", message: `${name}: ${message}` });
  const of = run.options.retry?.run ?? "";
  if (taken.closed > 0) {
    const by = new Set(ledger.closedRows(of).flatMap(({ stream, by }) => (stream === name ? (by ?? []) : [])));
    const now = by.size === 0 ? "" : `; see loadline rejects ${[...by].join(", ")}`;
    warn(`${countOf(taken.closed, "row")} taken up or dropped before: left out${now}`);
  }
  if (taken.doubled > 0)
    warn(`${countOf(taken.doubled, "line")} of rows that stand there twice: left out, the first line of each counts`);
  if (taken.unread > 0) {
    const what = `${countOf(taken.unread, "row")} that could not be read as ${taken.unread === 1 ? "a record" : "records"}`;
    const next = `mend the cells in an export, or clear ${fieldColumn} of what is right as it stands there`;
    warn(`${what}, and nobody has mended: left open; ${next}`);
  }
  if (taken.untold > 0) {
    const what = `${countOf(taken.untold, "row")} of which the run does not tell whether ${taken.untold === 1 ? "it is a record" : "they are records"} that could be read`;
    const next = `mend the cells in an export, or write ${meantMark} into the ${fieldColumn} of what is right as it stands there`;
    warn(`${what}, and nobody has mended: left open; ${next}`);
  }
}

/** In mode replace a file is all that a run has: written again with a few rows, it would have lost the others. */
function refuseWholeFile({ target, name }: Stream, run: string): void {
  if (target.mode !== "replace" || target.object.includes("{run}")) return;
  throw usageFailure(
    `rows of stream ${name} can't be loaded again by themselves: mode replace writes ${target.object} whole`,
    {
      where: target.place,
      why: `a file of the rows that run ${run} left would take the place of the file of all rows`,
      next: "mend the source and run the job again, or give each run a file of its own: {run} in target.files",
    },
  );
}

/** The part of the rows that a run has taken up. */
export function retriedPath({ folder }: Pick<RunContext, "folder">, stream: string): string {
  return join(folder, "extract", stream, "retry-1.parquet");
}

/** Ids of these rows, in their order. */
export function retriedIds(context: Pick<RunContext, "folder">, stream: string): string[] {
  const path = idsPath(context, stream);
  return existsSync(path) ? (JSON.parse(readFileSync(path, "utf8")) as string[]) : [];
}

function idsPath({ folder }: Pick<RunContext, "folder">, stream: string): string {
  return join(folder, "retry", `${stream}.json`);
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
  /** What was found of a broken record, which nobody has mended. */
  isUnread: UnloadedRow["isUnread"];
  /** In the file of mended rows. */
  line?: number;
}

async function* readAsTheyWere(folder: string, stream: string): AsyncGenerator<TakenRow> {
  yield* readUnloaded(folder, stream);
}

/** A row that is of another stream is left to that one. */
async function* readOwn(
  { run, job, emit }: RunContext,
  stream: Stream,
  { folder, columns }: { folder: string; columns: readonly string[] },
): AsyncGenerator<TakenRow> {
  const { run: of = "", file = "" } = run.options.retry ?? {};
  const delimiters = job.streams.map(({ source }) => delimiterOf(source.format));
  const mended = () => readMended(file, [delimiterOf(stream.source.format), ...delimiters]);
  const originals = new Map<string, UnloadedRow | undefined>();
  for await (const row of mended()) {
    const named = parseRowId(row.id);
    if (named?.run !== of || !job.streams.some(({ name }) => name === named.stream)) throw notOfRun(of, file, row);
    if (named.stream === stream.name) originals.set(named.id, undefined);
  }
  if (originals.size === 0) return;
  for await (const row of readUnloaded(folder, stream.name)) if (originals.has(row.id)) originals.set(row.id, row);
  let others: string[] | undefined;
  for await (const row of mended()) {
    const named = parseRowId(row.id);
    if (named?.stream !== stream.name) continue;
    others ??= refuseMissing(file, row, columns);
    const original = originals.get(named.id);
    if (original === undefined) throw notOfRun(of, file, row);
    const cells = takeCells(file, row, original.cells, columns);
    const isAsItWas = columns.every((name) => cells.get(name) === (original.cells.get(name) ?? ""));
    yield {
      id: named.id,
      cells,
      isUnread: isAsItWas && !isSaidToBeRight(original, row) && original.isUnread,
      line: row.line,
    };
  }
  if (others === undefined || others.length === 0) return;
  const names = others.map((name) => (name === "" ? "without a name" : name)).join(", ");
  const message = `${stream.name}: columns of ${showPath(file)} that the source does not have are left out: ${names}`;
  emit({ type: "warning", message });
}

/** Where no field is named, a blank one says nothing. */
function isSaidToBeRight({ isUnread }: UnloadedRow, { values }: MendedRow): boolean {
  return isMeantAsItStands(values) || (isUnread === true && (values.get(fieldColumn) ?? unreadRecord) !== unreadRecord);
}

function notOfRun(run: string, file: string, { id, line }: MendedRow): Failure {
  return usageFailure(`this row is none that run ${run} did not load`, {
    where: { file, line },
    why: `its ${rowIdColumn} is ${JSON.stringify(id)}: by it a row is known, and can't go in twice`,
    next: `take the rows of loadline rejects ${run} --export <file>, and leave ${rowIdColumn} as it is`,
  });
}

/** What of the rows is taken, and how many are left out, by why. */
interface TakenRows {
  ids: string[];
  closed: number;
  doubled: number;
  unread: number;
  untold: number;
}

async function writeRows(
  path: string,
  columns: readonly string[],
  rows: AsyncIterable<TakenRow>,
  isClosed: ReadonlySet<string>,
): Promise<TakenRows> {
  const ids = new Set<string>();
  let [closed, doubled, unread, untold] = [0, 0, 0, 0];
  const writer = stringify({ quoted: true });
  const file = createWriteStream(path, { mode: 0o600 });
  const done = finished(writer.pipe(file));
  writer.write([lineColumn, ...columns]);
  for await (const { id, cells, isUnread, line } of rows) {
    if (isClosed.has(id)) closed += 1;
    else if (ids.has(id)) doubled += 1;
    else if (isUnread === "perhaps") untold += 1;
    else if (isUnread) unread += 1;
    else {
      ids.add(id);
      if (!writer.write([line ?? 0, ...columns.map((name) => cells.get(name) ?? "")]))
        await new Promise((go) => writer.once("drain", go));
    }
  }
  writer.end();
  await done;
  return { ids: [...ids], closed, doubled, unread, untold };
}
