// A run that did not come to its end, given up. In: the ledger, and of its folder what is left. Out: what has landed and
// what is in doubt, and a ledger in which nobody will go on with it. What must hold: no system is asked, for the folder or
// the connection may be gone; what it has inserted, or may have, stays remembered, what it has certainly not sent does not.

import { existsSync, rmSync } from "node:fs";
import { join } from "node:path";
import type { BatchRecord, InsertedRecord, Ledger, RunRecord, StreamRecord } from "../../checkpoint/ledger.ts";
import { now } from "../../core/clock.ts";
import { hashFile, makePrivateFolder } from "../../core/files.ts";
import { literal } from "../../core/sql.ts";
import { outcomeColumns } from "../../load/results.ts";
import type { AbandonedStream } from "../../report/abandoned.ts";
import { scanCsvFiles } from "../../stage/csv-scan.ts";
import { Engine } from "../../stage/engine.ts";
import { readParquet, writeParquet } from "../../stage/parquet.ts";
import { keepFile } from "../run/kept-file.ts";
import { runFolder } from "../run/run-files.ts";

/** What became of a run's rows, as far as the ledger knows. */
export function tellBatches(ledger: Ledger, run: string): AbandonedStream[] {
  return ledger.streams(run).map(({ name, connection, object }) => {
    const batches = ledger.batches(run, name);
    const sum = (count: (batch: BatchRecord) => number) => batches.reduce((total, batch) => total + count(batch), 0);
    return {
      name,
      connection,
      object,
      landed: sum(({ succeeded }) => succeeded),
      failed: sum(({ failed, conflicts }) => failed + conflicts),
      inDoubt: sum((batch) => (batch.state === "committed" ? batch.rows : batch.inDoubt)),
      notSent: sum((batch) => (isUnsent(batch) ? batch.rows : 0)),
      doubtful: batches
        .filter(({ state }) => state === "committed" || state === "in-doubt")
        .map(({ number, path, handle }) => ({ number, path, handle })),
    };
  });
}

/** The target was certainly not told to do anything with its rows. */
function isUnsent({ state }: BatchRecord): boolean {
  return state === "planned" || state === "intent" || state === "handle" || state === "refused";
}

/** Gives it up, for good. The caller holds the job's lock. */
export async function abandonRun(ledger: Ledger, stateFolder: string, run: RunRecord): Promise<void> {
  for (const stream of ledger.streams(run.id)) {
    const inserted = ledger.insertedBy(run.id).find((one) => one.stream === stream.name && one.settled === null);
    if (inserted === undefined) continue;
    const kept = await keepSent(ledger, stateFolder, stream, inserted);
    ledger.saveInserted({ ...inserted, ...kept, settled: now().toISOString() });
    if (kept.file !== inserted.file) rmSync(join(stateFolder, "inserted", inserted.file), { force: true });
  }
  ledger.saveRun({ ...run, status: "abandoned", finished: run.finished ?? now().toISOString(), next: null });
}

/** The file of a run's inserts without the rows that it has not sent, or that were refused; what is in doubt is marked. */
async function keepSent(
  ledger: Ledger,
  stateFolder: string,
  stream: StreamRecord,
  inserted: InsertedRecord,
): Promise<Pick<InsertedRecord, "file" | "sha256" | "rows">> {
  const folder = join(stateFolder, "inserted");
  const path = join(folder, inserted.file);
  // Lost or damaged: whoever would go by it is told so, by name.
  if (!existsSync(path) || (await hashFile(path)) !== inserted.sha256) return inserted;
  const spillFolder = join(folder, "spill");
  makePrivateFolder(spillFolder);
  const file = `${stream.run}-${stream.name}-abandoned.parquet`;
  const written = join(spillFolder, file);
  const batches = ledger.batches(stream.run, stream.name);
  try {
    using engine = await Engine.open({ folder: stateFolder, spillFolder });
    const files = await findResults(stateFolder, stream, batches);
    await writeParquet(engine, selectSent(path, batches, files), written);
    const { rows } = await engine.one(`SELECT count(*) AS rows FROM ${readParquet(written)}`);
    return { file, sha256: await keepFile(written, folder), rows: Number(rows) };
  } finally {
    rmSync(spillFolder, { recursive: true, force: true });
  }
}

interface ResultFiles {
  plan: string;
  results: string[];
}

/** The plan and all results, where they are as they were written; without one of them none says anything for certain. */
async function findResults(
  stateFolder: string,
  stream: StreamRecord,
  batches: readonly BatchRecord[],
): Promise<ResultFiles | undefined> {
  const results: string[] = [];
  const is = async (path: string, sha256: string | null) => existsSync(path) && (await hashFile(path)) === sha256;
  if (stream.plan === null || !(await is(stream.plan, stream.planSha256))) return undefined;
  for (const { number, resultsSha256 } of batches) {
    if (resultsSha256 === null) continue;
    const name = `${stream.name}-${String(number).padStart(5, "0")}.csv`;
    const path = join(runFolder(stateFolder, stream.run), "results", name);
    if (!(await is(path, resultsSha256))) return undefined;
    results.push(path);
  }
  return { plan: stream.plan, results };
}

function selectSent(path: string, batches: readonly BatchRecord[], files: ResultFiles | undefined): string {
  const first = batches.filter(({ round }) => round === 0);
  const numbers = (of: readonly BatchRecord[]) => `(${["NULL", ...of.map(({ number }) => number)].join(", ")})`;
  const sent = numbers(first.filter((batch) => !isUnsent(batch)));
  const committed = numbers(first.filter(({ state }) => state === "committed"));
  const memory = `SELECT * EXCLUDE (doubt) FROM read_parquet(${literal(path)}) WHERE batch IN ${sent}`;
  if (files === undefined || files.results.length === 0) {
    // Of a batch all of whose rows were written that is certain; of the rows of any other it is not.
    const whole = `SELECT batch FROM (${memory}) JOIN (VALUES ${succeededOf(first)}) b(number, succeeded) ON number = batch
      GROUP BY batch, succeeded HAVING count(*) = succeeded`;
    return `SELECT *, batch NOT IN (${whole}) AS doubt FROM (${memory})`;
  }
  const outcomes = `SELECT match_key, bool_or(outcome = 'loaded') AS loaded,
    bool_or(outcome IN ('missing', 'contradictory')) AS unclear FROM ${scanCsvFiles(files.results, outcomeColumns)}
    WHERE action = 'create' GROUP BY match_key`;
  const known = `SELECT p.row, o.loaded, o.unclear FROM ${readParquet(files.plan)} p JOIN (${outcomes}) o ON o.match_key = p.key`;
  // Rows that were sent once more are in a later batch.
  const again = batches.some(({ round, state }) => round > 0 && (state === "committed" || state === "in-doubt"));
  return `SELECT m.*, NOT coalesce(k.loaded, false) AS doubt FROM (${memory}) m LEFT JOIN (${known}) k ON k.row = m.row
    WHERE k.loaded OR k.unclear OR m.batch IN ${committed} OR k.row IS NULL OR ${again}`;
}

function succeededOf(batches: readonly BatchRecord[]): string {
  return ["(-1, -1)", ...batches.map(({ number, succeeded }) => `(${number}, ${succeeded})`)].join(", ");
}
