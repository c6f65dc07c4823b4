// Mode insert, once a stream is settled: what the target certainly refused is remembered no more.

import { rmSync } from "node:fs";
import { join } from "node:path";
import type { InsertedFile, Settlement, StreamRecord } from "../../checkpoint/ledger.ts";
import { now } from "../../core/clock.ts";
import { literal } from "../../core/sql.ts";
import type { Stream } from "../../job/job.ts";
import { isRefused, outcomeColumns } from "../../load/results.ts";
import { scanCsvFiles } from "../../stage/csv-scan.ts";
import { readParquet } from "../../stage/parquet.ts";
import { resultsPath } from "../batches/batch-files.ts";
import { writeInserted } from "../batches/planned-inserts.ts";
import { linkInserted, orgOf } from "../diff/inserted.ts";
import { joinOutcomes } from "../rows/planned-rows.ts";
import { isPartial, type RunContext, targetOf } from "../run/context.ts";
import { keptFolder } from "../run/kept-file.ts";
import { undonePlan } from "../run/undone-files.ts";

/** What of a settled stream is to be remembered: without the rows that the target refused. */
export async function settleInserted(
  context: RunContext,
  stream: Stream,
  settled: StreamRecord,
): Promise<Pick<Settlement, "inserted" | "insertedFiles" | "forgottenFiles"> & { outdated?: string }> {
  if (stream.target.mode !== "insert") return {};
  if (stream.target.undoes === true) return forgetUndone(context, stream, settled);
  const { object } = await targetOf(context, stream.target.connection).describe(stream.target.object);
  const org = orgOf(context, stream);
  const insertedFiles = await listFiles(context, stream, settled, { org, object });
  const planned = context.ledger
    .inserted(org, object)
    .find((one) => one.run === context.run.id && one.stream === stream.name);
  if (planned === undefined) return { insertedFiles };
  const failed = context.ledger.batches(context.run.id, stream.name).filter((batch) => batch.failed > 0);
  if (failed.length === 0) return { insertedFiles, inserted: { ...planned, settled: now().toISOString() } };
  const path = await linkInserted(context, planned);
  const refused = `SELECT p.row FROM ${readParquet(settled.plan ?? "")} p
    JOIN (${selectRefused(failed.map((batch) => resultsPath(context, batch)))}) r ON r.match_key = p.key`;
  const kept = `SELECT * FROM read_parquet(${literal(path)}) WHERE row NOT IN (${refused})`;
  const written = await writeInserted(context, stream.name, "settled", kept);
  rmSync(path, { force: true });
  return {
    insertedFiles,
    inserted: { ...planned, ...written, settled: now().toISOString() },
    outdated: join(keptFolder(context, "inserted"), planned.file),
  };
}

/** What a rollback has deleted may be inserted again, and with it the files that it came in: their other rows are known. */
async function forgetUndone(
  context: RunContext,
  stream: Stream,
  { plan }: StreamRecord,
): Promise<Pick<Settlement, "inserted" | "forgottenFiles"> & { outdated?: string }> {
  const { ledger, run } = context;
  const undone = run.options.rollback?.run ?? "";
  const { object } = await targetOf(context, stream.target.connection).describe(stream.target.object);
  const org = orgOf(context, stream);
  const batches = ledger
    .batches(run.id, stream.name)
    .filter(({ action, succeeded }) => action === "delete" && succeeded > 0);
  if (plan === null || batches.length === 0) return {};
  const files = ledger.insertedFiles(org, object);
  const forgottenFiles = [...files].flatMap(([sha256, file]) => (file.run === undone ? [{ org, object, sha256 }] : []));
  const known = ledger.inserted(org, object).find((one) => one.run === undone && one.stream === stream.name);
  if (known === undefined) return { forgottenFiles };
  const path = await linkInserted(context, known);
  const results = batches.map((batch) => resultsPath(context, batch));
  const deleted = `SELECT p.row FROM ${joinOutcomes(plan, results, ["loaded"])} WHERE p.action = 'delete'`;
  const rows = `SELECT row FROM ${readParquet(undonePlan(context, stream.name))} WHERE file_row_number IN (${deleted})`;
  const kept = `SELECT * FROM read_parquet(${literal(path)}) WHERE row NOT IN (${rows})`;
  const written = await writeInserted(context, stream.name, "undone", kept);
  rmSync(path, { force: true });
  return {
    forgottenFiles,
    inserted: { ...known, ...written },
    outdated: join(keptFolder(context, "inserted"), known.file),
  };
}

function selectRefused(results: readonly string[]): string {
  return `SELECT match_key FROM ${scanCsvFiles(results, outcomeColumns)} WHERE action = 'create' AND ${isRefused}`;
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
