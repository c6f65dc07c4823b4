// The way of the data; read this first. In: a job and its open connections. Out: a summary, and an exit code.
//
//     job file → extract → stage → transform → validate → diff → load → checkpoint
//                                                        ↘ plan (dry run stops here)
//
// What must hold: nothing is written to a target before every stream is planned and no guard objects; every fact is in
// the ledger before the step that relies on it (docs/design.md §5); a run that ended anywhere is taken up where it was.

import { rmSync } from "node:fs";
import { claimPlanFile } from "./checkpoint/carry/plan-file.ts";
import type { BatchRecord, StreamRecord } from "./checkpoint/ledger.ts";
import { countOf } from "./core/counted.ts";
import { Failure, pathInCommand, StoppedByGuard, usageFailure } from "./core/errors.ts";
import { exitCode } from "./core/exit-code.ts";
import { failpoint } from "./core/failpoint.ts";
import type { Action, StreamCounts } from "./core/model.ts";
import { checkArrived, checkGuards } from "./diff/guards.ts";
import type { Stream } from "./job/job.ts";
import { inDoubtFailure } from "./load/write.ts";
import { applyStream } from "./pipeline/apply/apply-stream.ts";
import { approveCommand, guardOf, rollbackCommand } from "./pipeline/apply/kept-plan.ts";
import { resultsPath } from "./pipeline/batches/batch-files.ts";
import { forecastLoad } from "./pipeline/batches/forecast.ts";
import { decryptAgain } from "./pipeline/extract/extract-stream.ts";
import { countTakenAgain } from "./pipeline/extract/window.ts";
import { isFullyAnswered } from "./pipeline/load/answered-rows.ts";
import { type Cascades, forecastCascades, noCascades } from "./pipeline/load/cascades.ts";
import { holdBackDeletes } from "./pipeline/load/hold-back.ts";
import { type LoadPass, loadStream } from "./pipeline/load/load-stream.ts";
import { makeTables } from "./pipeline/load/make-tables.ts";
import { recheckBatches } from "./pipeline/load/recheck.ts";
import { planStream } from "./pipeline/plan-stream.ts";
import { rollbackStream } from "./pipeline/rollback/rollback-stream.ts";
import { holderOfRows } from "./pipeline/rows/planned-rows.ts";
import { addTargetRejects } from "./pipeline/rows/rejects.ts";
import { addTargetConflicts } from "./pipeline/rows/stayed-rows.ts";
import { type RunContext, targetOf } from "./pipeline/run/context.ts";
import { hasBegunLoading } from "./pipeline/run/resumable.ts";
import { verifyRunFile } from "./pipeline/run/run-files.ts";
import { acknowledgeFiles } from "./pipeline/settle/acknowledge-files.ts";
import { forgetMarks } from "./pipeline/settle/forget-marks.ts";
import { putRejects } from "./pipeline/settle/put-rejects.ts";
import { settleStream } from "./pipeline/settle/settle-stream.ts";
import { refuseAlteredSince } from "./pipeline/shape/altered.ts";
import type { LoadForecast } from "./report/forecast.ts";

export interface StreamOutcome {
  record: StreamRecord;
  counts: StreamCounts;
}

export interface RunOutcome {
  status: "loaded" | "planned" | "partial";
  streams: StreamOutcome[];
  /** What would stop a run of this plan; only a dry run has any. */
  objections: string[];
  /** Only a dry run tells it. */
  forecasts?: LoadForecast[];
}

/** Runs a job from wherever its run stands to its end. Throws a Failure; what was done until then is in the ledger. */
export async function runPipeline(context: RunContext): Promise<RunOutcome> {
  const streams = selectStreams(context);
  // What is made for the rows of a stream is planned with it, unless there is a plan already.
  const isKnown = isApply(context) || isRollback(context);
  for (const stream of streams) if (stream.madeFor === undefined || isKnown) await planOnce(context, stream);
  const records = context.ledger.streams(context.run.id);
  const planned = streams.map((stream) => recordOf(records, stream));
  refuseNoKeys(context, planned);
  const isBegun = planned.some(({ state }) => state !== "planned");
  const cascades = isBegun ? noCascades : await forecastCascades(context, streams, planned);
  const objections = [...(await findObjections(context, streams, planned, cascades)), ...cascades.objections];
  const forecasts = forecastLoad(context, streams, planned);
  if (context.run.command === "plan") {
    objections.push(...context.budget.objectTo(forecasts));
    return { status: "planned", streams: planned.map(unloaded), objections, forecasts };
  }
  if (!isBegun) {
    refuseObjections(
      context,
      objections.filter((one) => !isPassed(context, one)),
    );
    context.budget.refuseForecast(forecasts);
    if (context.run.command === "apply")
      for (const stream of streams) await recheckBatches(context, stream, () => true);
    if (planned.some(isToWrite)) await context.confirm?.(planned);
    claimPlan(context);
  }
  await makeTables(context, streams);
  if (context.isResumed)
    for (const stream of streams)
      await refuseAlteredSince(context, stream, recordOf(planned, stream), (batch) => isFullyAnswered(context, batch));
  const outcomes = await loadStreams(context, streams, planned);
  await refuseMissingRows(context, streams, outcomes);
  const failed = outcomes.some(({ counts }) => counts.failed > 0);
  return { status: failed ? "partial" : "loaded", streams: outcomes, objections: [] };
}

/** With each stream goes what makes records for it: planned with it, and loaded before it. */
function selectStreams({ job, run }: RunContext): Stream[] {
  const wanted = run.options.streams;
  if (wanted === undefined) return job.streams;
  return job.streams.filter(({ name, madeFor }) => wanted.includes(madeFor?.stream ?? name));
}

function isApply({ run }: RunContext): boolean {
  return run.command === "apply";
}

function isRollback({ run }: RunContext): boolean {
  return run.options.rollback !== undefined;
}

function recordOf(records: readonly StreamRecord[], stream: Stream): StreamRecord {
  const record = records.find(({ name }) => name === stream.name);
  if (record === undefined) throw new Error(`stream ${stream.name} was not planned`);
  return record;
}

/** A plan that is in the ledger is never made again: its batches may be on their way. */
async function planOnce(context: RunContext, stream: Stream): Promise<StreamRecord> {
  const known = context.ledger.streams(context.run.id).find(({ name }) => name === stream.name);
  if (known !== undefined && known.state !== "extracting") {
    const { run, name, state, plan: path, planSha256: sha256 } = known;
    if (path !== null && state !== "settled")
      await verifyRunFile({ run, what: `the plan of stream ${name}`, path, sha256 });
    return known;
  }
  context.budget.refuseIfReached();
  if (context.run.command === "apply") return applyStream(context, stream);
  return isRollback(context) ? rollbackStream(context, stream) : planStream(context, stream);
}

/** Keys that are in no row at all are a slip, of the file or of the job. */
function refuseNoKeys({ run }: RunContext, planned: readonly StreamRecord[]): void {
  const { keys } = run.options;
  // Without a file to take there is no row that could have a key.
  const read = planned.filter(({ plan }) => plan !== null);
  const isTaken = read.some(({ counts }) => counts !== null && counts.extracted > counts.filtered);
  if (keys === undefined || isTaken || read.length === 0) return;
  throw usageFailure(`--keys: none of ${countOf(keys.length, "key")} is in a row of the source`, {
    next: "compare the file with what target.key is mapped from: loadline plan without --keys shows keys as they are",
  });
}

async function findObjections(
  context: RunContext,
  streams: readonly Stream[],
  planned: readonly StreamRecord[],
  cascades: Cascades,
): Promise<string[]> {
  const { rejectsMax } = context.job;
  // Rows of an earlier run are as few as they are.
  const { sourceRowsMin: _, ...others } = context.job.guards;
  const guards = context.run.options.retry === undefined ? context.job.guards : others;
  const objections: string[] = [];
  for (const stream of streams) {
    const { counts, plan, stops } = recordOf(planned, stream);
    // Without a file to take there is no plan to object to.
    if (counts === null || plan === null) continue;
    // Rows that were rejected before stop nothing a second time; the end of the load tells them.
    const isRetry = context.run.options.retry !== undefined;
    const again = isRetry ? counts : await countTakenAgain(context, stream);
    const { name, target } = stream;
    const cascaded = cascades.counts.get(name) ?? 0;
    const mode = target.undoes === true ? "update" : target.mode;
    const given = { stream: name, mode, cascaded, rejectsMax, again };
    // What is made for rows is as much as they name: shares are of those rows.
    const { extracted, filtered } = recordOf(planned, holderOfRows(context, stream)).counts ?? counts;
    const ofRows = { guards: others, counts: { ...counts, extracted, filtered } };
    objections.push(
      ...stops,
      ...checkGuards({
        ...given,
        ...(stream.madeFor === undefined || target.undoes === true ? { guards, counts } : ofRows),
      }),
    );
  }
  return objections;
}

function isToWrite({ counts }: StreamRecord): boolean {
  if (counts === null) return false;
  return counts.creates + counts.updates + counts.deletes + counts.mirrorDeletes > 0;
}

function refuseObjections({ job, run }: RunContext, objections: readonly string[]): void {
  if (objections.length === 0) return;
  const named = pathInCommand(job.file);
  if (objections.every((one) => guardOf(one) === "schema_policy")) {
    throw new StoppedByGuard(objections, {
      next: `loadline schema diff ${named} shows what changed; once the job is right for it, one run with schema_policy: evolve takes it as known`,
    });
  }
  const { rollback, retry } = run.options;
  const plan = `${job.name}.plan`;
  // A plan is of what the source has, not of rows that an earlier run left; and of twins none but a rollback's is applied.
  const isApplicable = rollback !== undefined || (retry === undefined && job.twin === undefined);
  const approve = isApplicable ? approveCommand(plan, objections) : undefined;
  const pass = `--out ${plan} shows and keeps it; then ${approve} and loadline apply ${plan} let it pass this once`;
  const known = approve === undefined ? "shows rejects and changes" : pass;
  // A rollback goes by the limits that the job had as that run began.
  const next =
    rollback === undefined
      ? `loadline plan ${named} ${known}; raise the limit in the job if this is what you want`
      : `${rollbackCommand(run.options, rollback)} ${known}`;
  throw new StoppedByGuard(objections, { next });
}

/** Whether somebody has approved what objects to a plan that is applied. */
function isPassed({ run }: RunContext, objection: string): boolean {
  return run.options.passed?.includes(guardOf(objection) ?? "") === true;
}

/** A plan that lies in a file is written by one run, whatever ledger knows of it. */
function claimPlan({ run, ledger }: RunContext): void {
  const { planFile } = run.options;
  if (run.command !== "apply" || planFile === undefined) return;
  const claim = { run: run.id, ledger: ledger.about.id };
  claimPlanFile(planFile, claim, (other) => !hasBegunLoading(ledger, { id: other }));
  failpoint("claimed");
}

function unloaded(record: StreamRecord): StreamOutcome {
  if (record.counts === null) throw new Error(`stream ${record.name} has no counts`);
  return { record, counts: record.counts };
}

/**
 * Creates and updates of all streams, parents before children; then what rows name of a stream that came after theirs;
 * then deletes, children before parents: a record that moves to another parent must not go with the old one. A stream is settled once nothing of it is left to load.
 */
async function loadStreams(
  context: RunContext,
  streams: readonly Stream[],
  planned: readonly StreamRecord[],
): Promise<StreamOutcome[]> {
  const outcomes = new Map<string, StreamOutcome>();
  const unacknowledged: unknown[] = [];
  const load = async (stream: Stream, pass: LoadPass) => {
    if (outcomes.has(stream.name)) return;
    const outcome = await loadAndCheckpoint(context, stream, recordOf(planned, stream), pass);
    if (outcome === undefined) return;
    outcomes.set(stream.name, outcome);
    // What is loaded stays loaded, and the streams after it are loaded too.
    await acknowledge(context, stream).catch((error: unknown) => unacknowledged.push(error));
  };
  for (const stream of streams) await load(stream, "changes");
  for (const stream of streams) await load(stream, "links");
  await holdBackDeletes(context, streams);
  for (const stream of streams.toReversed()) await load(stream, "deletes");
  if (unacknowledged.length > 0) throw unacknowledged[0];
  return streams.flatMap(({ name }) => outcomes.get(name) ?? []);
}

/** The sender hears what was wrong before the file that it was in is gone. */
async function acknowledge(context: RunContext, stream: Stream): Promise<void> {
  await putRejects(context, stream);
  await acknowledgeFiles(context, stream);
}

/**
 * One pass of a load, then, where it was the last one of the stream, the checkpoint: counts and rejects first, the
 * acknowledgement of the source last. Undefined where another pass is to come.
 */
async function loadAndCheckpoint(
  context: RunContext,
  stream: Stream,
  record: StreamRecord,
  pass: LoadPass,
): Promise<StreamOutcome | undefined> {
  const { ledger, run, emit } = context;
  if (record.state === "settled") {
    // Who was killed before they were forgotten does it now.
    await forgetMarks(targetOf(context, stream.target.connection), ledger.batches(run.id, stream.name));
    return unloaded(record);
  }
  ledger.saveStream({ ...record, state: "loading" });
  const limit = await loadStream(context, stream, pass);
  const batches = ledger.batches(run.id, stream.name);
  const doubtful = batches.filter(({ state }) => state === "in-doubt");
  const counts = countLoaded(record, batches);
  await nameUnwritten(context, stream, record, batches);
  if (doubtful.length > 0) {
    ledger.saveStream({ ...record, state: "loading", counts: record.counts });
    throw inDoubtFailure(run.id, doubtful);
  }
  if (limit !== undefined) throw limit;
  if (batches.some(({ state }) => state !== "settled")) return undefined;
  failpoint("loaded");
  const settled: StreamRecord = { ...record, state: "settled", counts };
  await settleStream(context, stream, settled);
  failpoint("checkpointed");
  await forgetMarks(targetOf(context, stream.target.connection), batches);
  emit({ type: "stream-settled", stream: stream.name, counts });
  return { record: settled, counts };
}

/** Puts the rows that the target refused, and those that were held back, into the files that name them. */
async function nameUnwritten(
  context: RunContext,
  stream: Stream,
  record: StreamRecord,
  batches: readonly BatchRecord[],
): Promise<void> {
  const failed = await resultsOf(context, batches, "failed");
  const held = await resultsOf(context, batches, "conflicts");
  if (failed.length === 0 && held.length === 0) return;
  const holder = holderOfRows(context, stream);
  await decryptAgain(context, holder, context.ledger.parts(context.run.id, holder.name));
  if (failed.length > 0) await addTargetRejects(context, stream, record, failed);
  if (held.length > 0) await addTargetConflicts(context, stream, record, held);
}

/** The results of the batches that have rows of a kind, as they were written. */
async function resultsOf(
  context: RunContext,
  batches: readonly BatchRecord[],
  kind: "failed" | "conflicts",
): Promise<string[]> {
  const paths: string[] = [];
  for (const batch of batches.filter(({ resultsSha256 }) => resultsSha256 !== null)) {
    if (batch[kind] === 0) continue;
    const path = resultsPath(context, batch);
    const what = `results of batch ${batch.number} of stream ${batch.stream}`;
    await verifyRunFile({ run: batch.run, what, path, sha256: batch.resultsSha256 });
    paths.push(path);
  }
  return paths;
}

type BatchCounts = Pick<BatchRecord, "action" | "succeeded" | "failed" | "conflicts" | "inDoubt">;

/**
 * The plan's counts with what came of its rows. A create that met an existing record is a conflict, not a load; a delete
 * that was held back is none.
 */
export function countLoaded(record: StreamRecord, batches: readonly BatchCounts[]): StreamCounts {
  const { counts } = unloaded(record);
  const sum = (name: "succeeded" | "failed" | "inDoubt") => batches.reduce((total, batch) => total + batch[name], 0);
  const conflictsOf = (action: Action) =>
    batches.filter((batch) => batch.action === action).reduce((total, batch) => total + batch.conflicts, 0);
  const held = conflictsOf("delete");
  const conflicts = batches.reduce((total, batch) => total + batch.conflicts, 0);
  // Deletes of a stream are all by its rows, or all for want of one.
  const isMirror = counts.mirrorDeletes > 0;
  return {
    ...counts,
    creates: counts.creates - conflictsOf("create") - conflictsOf("undelete"),
    undeletes: counts.undeletes - conflictsOf("undelete"),
    updates: counts.updates - conflictsOf("update"),
    deletes: counts.deletes - (isMirror ? 0 : held),
    mirrorDeletes: counts.mirrorDeletes - (isMirror ? held : 0),
    conflicts: counts.conflicts + conflicts - (isMirror ? held : 0),
    loaded: sum("succeeded"),
    failed: sum("failed"),
    inDoubt: sum("inDoubt"),
  };
}

/** Exit code 0 means that every row arrived, or that the job said how many may not. */
async function refuseMissingRows(
  context: RunContext,
  streams: readonly Stream[],
  outcomes: readonly StreamOutcome[],
): Promise<void> {
  const { job, run } = context;
  const missing: string[] = [];
  for (const { record, counts } of outcomes) {
    const stream = streams.find(({ name }) => name === record.name);
    const again = stream === undefined ? undefined : await countTakenAgain(context, stream);
    missing.push(...[checkArrived(record.name, counts, job.rejectsMax, again)].filter((told) => told !== undefined));
  }
  if (missing.length === 0) return;
  throw new Failure(exitCode.rejected, `loaded, but not every row arrived: ${missing.join("; ")}`, {
    next: `loadline show ${run.id}, and read the files that it names`,
  });
}

/** Deletes what only a restart before the plan would have needed. */
export function dropWorkFiles(folder: string): void {
  for (const name of ["spill", "stage", "snapshot"]) rmSync(`${folder}/${name}`, { recursive: true, force: true });
}
