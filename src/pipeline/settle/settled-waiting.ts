// Rows that the next run takes by itself, once a stream is settled: those that its plan left waiting for a parent, those
// whose parent the target refused, and those that the target could not take for a while. In: the files of the run. Out: the file that the next run takes them from, in force with the stream's end.
// What must hold: a row that was loaded, or came again, waits no more.

import { dirname, join } from "node:path";
import type { ClosedRow, StreamRecord, WaitingRecord } from "../../checkpoint/ledger.ts";
import { failpoint } from "../../core/failpoint.ts";
import { isKeptPart, runOfKept } from "../../core/model.ts";
import { literal } from "../../core/sql.ts";
import type { Stream } from "../../job/job.ts";
import { outcomeColumns } from "../../load/results.ts";
import { countOf } from "../../report/numbers.ts";
import { scanCsvFiles } from "../../stage/csv-scan.ts";
import { resultsPath } from "../batches/batch-files.ts";
import { nameParents } from "../compile/parents.ts";
import { decryptAgain } from "../extract/extract-stream.ts";
import { retriedIds } from "../extract/take-retried.ts";
import { isOrphaned } from "../load/orphans.ts";
import { readByContent, takeMatches } from "../rows/kept-rows.ts";
import { joinOutcomes, visitPlannedRows } from "../rows/planned-rows.ts";
import {
  addCells,
  addPlannedCells,
  beginCells,
  findWaiting,
  keepsDeferred,
  keepsWaiting,
  saveCells,
  waitingPath,
} from "../rows/waiting-rows.ts";
import { isPartial, type RunContext, subfolder, targetOf } from "../run/context.ts";
import { fetchKept, keepFile, keptFolder } from "../run/kept-file.ts";
import { memoryOwner } from "../run/memory-owner.ts";

export interface SettledWaiting {
  waiting?: WaitingRecord;
  /** The file that is needed no more. */
  outdated?: string;
}

export async function settleWaiting(
  context: RunContext,
  stream: Stream,
  settled: StreamRecord,
): Promise<SettledWaiting> {
  const isRetry = context.run.options.retry !== undefined;
  if (
    stream.target.undoes === true ||
    stream.source.kind !== "files" ||
    (isPartial(context) && !isRetry) ||
    settled.plan === null
  )
    return {};
  const owner = memoryOwner(context, stream);
  const before = findWaiting(context, stream);
  const outdated = before === undefined ? {} : { outdated: join(keptFolder(context, "waiting"), before.file) };
  const rows = await gatherRows(context, stream, settled, isRetry ? before : undefined);
  const none = { ...owner, file: "", sha256: "", rows: 0, run: context.run.id };
  if (rows === 0) return before === undefined ? {} : { waiting: none, ...outdated };
  await saveCells(context, `${context.run.id}-${stream.name}`);
  const path = waitingPath(context, `${context.run.id}-${stream.name}`);
  const sha256 = await keepFile(path, keptFolder(context, "waiting"));
  failpoint("waiting-kept");
  const file = `${context.run.id}-${stream.name}.parquet`;
  return { waiting: { ...none, file, sha256, rows }, ...(before?.file === file ? {} : outdated) };
}

/** `before`: what others have kept, of which this run has taken up some rows only. */
async function gatherRows(
  context: RunContext,
  stream: Stream,
  settled: StreamRecord,
  before: WaitingRecord | undefined,
): Promise<number> {
  const { engine, ledger, run } = context;
  const later = stream.fields.some(({ parent }) => parent?.miss === "later") && keepsWaiting(context, stream);
  const isRefused = ledger.batches(run.id, stream.name).some(({ failed }) => failed > 0);
  const deferred = isRefused && keepsDeferred(context, stream);
  if (!later && !deferred && before === undefined) return 0;
  await beginCells(engine);
  if (before !== undefined) await addOthers(context, stream, before);
  if (later) await addPlannedCells(context, stream.name);
  if (later || deferred) await addOrphans(context, stream, settled);
  if (deferred) await addRows(context, stream, settled, { outcome: "deferred" });
  const { rows } = await engine.one("SELECT count(*) AS rows FROM waiting_cells");
  return Number(rows);
}

/** Kept rows that this run has not taken up. */
async function addOthers(context: RunContext, stream: Stream, before: WaitingRecord): Promise<void> {
  const { engine, ledger, folder, emit } = context;
  const copy = join(subfolder(context, "stage"), `kept-${stream.name}.parquet`);
  const path = join(keptFolder(context, "waiting"), before.file);
  const lost = await fetchKept(engine, { path, sha256: before.sha256 }, copy);
  if (lost !== undefined) {
    const message = `${path} is ${lost}: ${countOf(before.rows, "row")} that were kept for the next run are lost`;
    return emit({ type: "warning", message: `${stream.name}: ${message}` });
  }
  const of = { run: context.run.options.retry?.run ?? "", stream: stream.name };
  const ids = new Set(retriedIds(context, stream.name));
  const taken = await readByContent(ledger, dirname(dirname(folder)), of, (run, row) => run === of.run && ids.has(row));
  const { places } = await takeMatches(engine, copy, taken);
  await engine.run(`INSERT INTO waiting_cells SELECT columns, cells FROM read_parquet(${literal(copy)}, file_row_number = true)
    WHERE file_row_number NOT IN (${[-1, ...places].join(", ")})`);
}

/** Of rows that an earlier run has kept, and this one has taken: they are this run's now. */
export async function listTakenKept(context: RunContext, stream: Stream): Promise<ClosedRow[]> {
  const { engine, ledger, folder, run } = context;
  if (run.options.retry !== undefined) return [];
  const closed: ClosedRow[] = [];
  for (const part of ledger.parts(run.id, stream.name).filter(isKeptPart)) {
    const of = { run: runOfKept(part), stream: stream.name };
    const known = new Map<string, Set<string>>();
    const isOpen = (one: string, row: string) => {
      const rows =
        known.get(one) ?? new Set(ledger.closedRows(one).flatMap((is) => (is.stream === of.stream ? [is.row] : [])));
      known.set(one, rows);
      return !rows.has(row);
    };
    const rows = await readByContent(ledger, dirname(dirname(folder)), of, isOpen);
    const { ids } = await takeMatches(engine, part.path, rows);
    closed.push(...ids.map((id) => ({ ...id, stream: stream.name, by: run.id, reason: null })));
  }
  return closed;
}

/** Rows whose parent the target refused: those that wait for one, and all where it could not take one for a while. */
async function addOrphans(context: RunContext, stream: Stream, settled: StreamRecord): Promise<void> {
  const target = targetOf(context, stream.target.connection);
  const named = nameParents(context.job, stream, await target.describe(stream.target.object));
  const isForATime = keepsDeferred(context, stream) && (await hasDeferred(context));
  const fields = named.fields.filter(({ parent }) => parent !== undefined && (isForATime || parent.miss === "later"));
  if (fields.length > 0)
    await addRows(context, stream, settled, { outcome: "failed", orphansOf: fields.map(({ target }) => target) });
}

/** Whether the target could not take some row of this run for a while. */
async function hasDeferred({ engine, ledger, run, folder }: RunContext): Promise<boolean> {
  const failed = ledger.batches(run.id).filter((batch) => batch.failed > 0 && batch.resultsSha256 !== null);
  if (failed.length === 0) return false;
  const results = failed.map((batch) => resultsPath({ folder }, batch));
  const { found } = await engine.one(
    `SELECT EXISTS (SELECT 1 FROM ${scanCsvFiles(results, outcomeColumns)} WHERE outcome = 'deferred') AS found`,
  );
  return found === true;
}

interface AddedRows {
  outcome: "failed" | "deferred";
  /** Only those whose parent, named by one of these fields, was refused. */
  orphansOf?: readonly string[];
}

async function addRows(
  context: RunContext,
  stream: Stream,
  { plan }: StreamRecord,
  { outcome, orphansOf }: AddedRows,
): Promise<void> {
  const { engine, ledger, run } = context;
  const failed = ledger.batches(run.id, stream.name).filter((batch) => batch.failed > 0);
  if (failed.length === 0) return;
  const names = (orphansOf ?? []).map(literal).join(", ");
  const condition = orphansOf === undefined ? "true" : `r.field IN (${names}) AND ${isOrphaned("r.message")}`;
  const results = failed.map((batch) => resultsPath(context, batch));
  await engine.run(`CREATE OR REPLACE TEMP TABLE left_rows AS SELECT p.part, p.position
    FROM ${joinOutcomes(plan, results, [outcome])} WHERE ${condition}`);
  await decryptAgain(context, stream, ledger.parts(run.id, stream.name));
  await visitPlannedRows(context, stream, "left_rows", (part) => addCells(engine, part));
}
