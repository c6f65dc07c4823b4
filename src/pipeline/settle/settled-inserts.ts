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
import { linkFile, orgOf } from "../diff/inserted.ts";
import { isPartial, type RunContext, targetOf } from "../run/context.ts";
import { keptFolder } from "../run/kept-file.ts";

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
    outdated: join(keptFolder(context, "inserted"), planned.file),
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
