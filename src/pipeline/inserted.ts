// Which source rows were inserted into an object, so that none is inserted twice: what the target would not notice, for
// mode insert needs no key that is unique there. In: the plan of a run. Out: a file beside the ledger with an identity for
// each row that is planned to be created, 16 bytes of it, and the batch that it goes into.
// What must hold: the file is on the disk, and in the ledger with the plan, before a row of it is sent; a row that the
// target certainly refused is in it no more once the stream is settled.

import { existsSync, linkSync, renameSync, rmSync } from "node:fs";
import { copyFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import type { BatchRecord, InsertedFile, InsertedRecord, Settlement, StreamRecord } from "../checkpoint/ledger.ts";
import { now } from "../core/clock.ts";
import { Failure } from "../core/errors.ts";
import { exitCode } from "../core/exit-code.ts";
import { hashFile, makePrivateFolder, syncFile } from "../core/files.ts";
import { identifier, literal } from "../core/sql.ts";
import type { Stream } from "../job/job.ts";
import { outcomeColumns } from "../load/results.ts";
import { scanCsvFiles } from "../stage/csv-scan.ts";
import { readParquet, writeParquet } from "../stage/parquet.ts";
import { resultsPath } from "./batch-files.ts";
import type { CompiledStream } from "./compiled-stream.ts";
import { type RunContext, subfolder, targetOf } from "./context.ts";
import { hasBegunLoading, isResumable } from "./resumable.ts";
import { isPartial } from "./take-files.ts";

/** Of a source row, in the stage. */
export const identityColumn = "_identity_";

/**
 * BLOB: the same for the same record of a source, whatever the job makes of it. Of files that is all that the record
 * says, by the names of its columns; an empty cell says nothing. `columns`: name to SQL.
 */
export function identifyRow(columns: readonly (readonly [string, string])[]): string {
  const sorted = columns.toSorted(([left], [right]) => (left.toLowerCase() < right.toLowerCase() ? -1 : 1));
  const said = sorted.map(([name, sql]) => {
    const cell = `CAST(${sql} AS VARCHAR)`;
    return `CASE WHEN ${cell} <> '' THEN concat(${literal(`${name.toLowerCase()} `)}, strlen(${cell}), ' ', ${cell}) ELSE '' END`;
  });
  return `unhex(md5(concat(${said.join(", ")})))`;
}

/** What earlier runs have inserted, where the engine may read it. */
export interface KnownInserts {
  /** A table function: identity, doubt. */
  scan: string;
}

/** Undefined where there is nothing, or where `--again` says that it does not count. */
export async function fetchInserted(context: RunContext, compiled: CompiledStream): Promise<KnownInserts | undefined> {
  const { ledger, run } = context;
  if (compiled.stream.target.mode !== "insert" || run.options.again === true) return undefined;
  const known = ledger.inserted(orgOf(context, compiled.stream), compiled.schema.object);
  const others = known.filter((one) => one.run !== run.id && isSent(context, one));
  const scans: string[] = [];
  for (const inserted of others) {
    const path = await linkFile(context, inserted);
    if (inserted.settled === null) await refuseUnfinished(context, compiled, inserted, path);
    scans.push(literal(path));
  }
  return scans.length === 0 ? undefined : { scan: `read_parquet([${scans.join(", ")}])` };
}

/** A run that has sent nothing has inserted nothing. */
function isSent({ ledger }: RunContext, { run, settled }: InsertedRecord): boolean {
  return settled !== null || hasBegunLoading(ledger, { id: run });
}

/** The file in the run folder, which is all that the engine may read. It goes with the stage. */
async function linkFile(context: RunContext, { file, sha256, run, stream }: InsertedRecord): Promise<string> {
  const kept = join(insertedFolder(context), file);
  const why = !existsSync(kept) ? "is not there" : (await hashFile(kept)) === sha256 ? undefined : "is damaged";
  if (why !== undefined) {
    throw new Failure(exitCode.failed, `what run ${run} has inserted can't be told: its file ${why}`, {
      where: { file: kept },
      why: `it says which rows of stream ${stream} are there already; without it they could be inserted twice`,
      next: "restore the file from a backup, or insert with --again after a look at what is there",
    });
  }
  const path = join(subfolder(context, "stage"), `inserted-${file}`);
  rmSync(path, { force: true });
  try {
    linkSync(kept, path);
  } catch {
    // Not every file system has links.
    await copyFile(kept, path);
  }
  return path;
}

/** Rows that an unfinished run has sent, or will send, are its own. */
async function refuseUnfinished(
  { engine, ledger }: RunContext,
  { stream, schema }: CompiledStream,
  { run }: InsertedRecord,
  path: string,
): Promise<void> {
  const { rows } = await engine.one(
    `SELECT count(*) AS rows FROM read_parquet(${literal(path)}) m JOIN (SELECT ${identityColumn} FROM ${stageOfRun}) s
     ON m.identity = s.${identityColumn}`,
  );
  if (Number(rows) === 0) return;
  const record = ledger.run(run);
  const resumable = record !== undefined && isResumable(ledger, record);
  throw new Failure(
    exitCode.guard,
    `${rows} rows of stream ${stream.name} are being inserted into ${schema.object} by another run`,
    {
      why: `run ${run}${record === undefined ? "" : ` of job ${record.job}`} has not come to its end`,
      next: resumable ? `loadline resume ${run}` : `loadline show ${run}`,
    },
  );
}

const stageOfRun = "stage";

/** SELECT of the rows (`_row_`) that are there already. The memory is read past the rows of this run, not held. */
export function selectKnown({ scan }: KnownInserts, stage: string, keys: string): string {
  return `SELECT DISTINCT s._row_ AS _row_ FROM ${scan} m JOIN (SELECT _row_, ${identityColumn} FROM ${identifier(stage)}
    SEMI JOIN ${keys} USING (_row_)) s ON m.identity = s.${identityColumn}`;
}

/** How many of the rows that are left out nobody knows of whether they are there. */
export async function countDoubtful({ engine }: RunContext, { scan }: KnownInserts): Promise<number> {
  const { rows } = await engine.one(
    `SELECT count(DISTINCT s._row_) AS rows FROM (SELECT identity FROM ${scan} WHERE doubt) m
     JOIN (SELECT _row_, ${identityColumn} FROM ${stageOfRun}) s ON m.identity = s.${identityColumn}`,
  );
  return Number(rows);
}

/** Table of the plan's rows (`n`) by the batch that they go into. */
export const batchedTable = "batched_rows";

/** Writes down what a run is about to insert: durable, and in force with its record. */
export async function planInserted(
  context: RunContext,
  { stream, schema }: CompiledStream,
  { plan, batches }: { plan: string; batches: readonly BatchRecord[] },
): Promise<InsertedRecord | undefined> {
  if (stream.target.mode !== "insert" || batches.length === 0) return undefined;
  const rows = `SELECT s.${identityColumn} AS identity, p.row, b.batch, false AS doubt FROM ${stageOfRun} s
    JOIN (SELECT file_row_number AS n, row FROM ${readParquet(plan)}) p ON s._row_ = p.row JOIN ${batchedTable} b ON b.n = p.n`;
  const written = await writeInserted(context, stream.name, "planned", rows);
  const key = { org: orgOf(context, stream), object: schema.object, run: context.run.id, stream: stream.name };
  return { ...key, ...written, settled: null };
}

async function writeInserted(
  context: RunContext,
  stream: string,
  what: string,
  select: string,
): Promise<Pick<InsertedRecord, "file" | "sha256" | "rows">> {
  const file = `${context.run.id}-${stream}-${what}.parquet`;
  const path = join(subfolder(context, "stage"), file);
  await writeParquet(context.engine, select, path);
  const { rows } = await context.engine.one(`SELECT count(*) AS rows FROM ${readParquet(path)}`);
  const folder = insertedFolder(context);
  makePrivateFolder(folder);
  const sha256 = await hashFile(path);
  renameSync(path, join(folder, file));
  syncFile(join(folder, file));
  return { file, sha256, rows: Number(rows) };
}

/** What of a settled stream is to be remembered: without the rows that the target refused. */
export async function settleInserted(
  context: RunContext,
  stream: Stream,
  settled: StreamRecord,
): Promise<Pick<Settlement, "inserted" | "insertedFiles"> & { outdated?: string }> {
  if (stream.target.mode !== "insert") return {};
  const { object } = await targetOf(context, stream.target.connection).describe(stream.target.object);
  const org = orgOf(context, stream);
  const insertedFiles = await listFiles(context, stream, settled, { org, object });
  const planned = context.ledger
    .inserted(org, object)
    .find((one) => one.run === context.run.id && one.stream === stream.name);
  if (planned === undefined) return { insertedFiles };
  const failed = context.ledger.batches(context.run.id, stream.name).filter((batch) => batch.failed > 0);
  if (failed.length === 0) return { insertedFiles, inserted: { ...planned, settled: now().toISOString() } };
  const path = await linkFile(context, planned);
  const refused = `SELECT p.row FROM ${readParquet(settled.plan ?? "")} p
    JOIN (${selectRefused(failed.map((batch) => resultsPath(context, batch)))}) r ON r.match_key = p.key`;
  const kept = `SELECT * FROM read_parquet(${literal(path)}) WHERE row NOT IN (${refused})`;
  const written = await writeInserted(context, stream.name, "settled", kept);
  rmSync(path, { force: true });
  return {
    insertedFiles,
    inserted: { ...planned, ...written, settled: now().toISOString() },
    outdated: join(insertedFolder(context), planned.file),
  };
}

function selectRefused(results: readonly string[]): string {
  return `SELECT match_key FROM ${scanCsvFiles(results, outcomeColumns)} WHERE action = 'create' AND outcome IN ('failed', 'unprocessed')`;
}

/** Files that were taken as a whole: their bytes are refused from then on. What was rejected of them comes in another file. */
async function listFiles(
  context: RunContext,
  stream: Stream,
  { plan }: StreamRecord,
  where: { org: string; object: string },
): Promise<InsertedFile[]> {
  if (isPartial(context) || plan === null || stream.source.kind !== "files") return [];
  const rows = await context.engine.all(`SELECT DISTINCT part FROM ${readParquet(plan)}`);
  const written = new Set(rows.map(({ part }) => Number(part)));
  return context.ledger
    .parts(context.run.id, stream.name)
    .filter(({ ordinal }) => written.has(ordinal))
    .map(({ sha256, label }) => ({ ...where, sha256, run: context.run.id, stream: stream.name, label }));
}

function orgOf(context: RunContext, stream: Stream): string {
  return targetOf(context, stream.target.connection).orgId;
}

/** Beside the runs, because it outlives the run that wrote it. */
function insertedFolder({ folder }: Pick<RunContext, "folder">): string {
  return join(dirname(dirname(folder)), "inserted");
}

/** `folder`: of the run. */
export function insertedPath(folder: string, file: string): string {
  return join(insertedFolder({ folder }), file);
}
