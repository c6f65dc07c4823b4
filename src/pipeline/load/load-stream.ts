// The load of a planned stream: its batches, several in flight, each to settled results. In: batch files, the ledger's word on
// each. Out: results by row. Must hold: a handle is in the ledger before the target acts on it; what can't be repeated is
// never sent twice (docs/design.md).

import type { BatchRecord } from "../../checkpoint/ledger.ts";
import { takesWholeFiles } from "../../contract/target.ts";
import type { BatchHistory } from "../../contract/write.ts";
import { now, wait } from "../../core/clock.ts";
import { countOf } from "../../core/counted.ts";
import { Failure } from "../../core/errors.ts";
import { CallFault } from "../../http/outcome.ts";
import type { Stream } from "../../job/job.ts";
import { historyColumns } from "../../job/mode.ts";
import { openCallJournal } from "../../load/call-journal.ts";
import { type EarlierBatch, type Polls, startPolling } from "../../load/polls.ts";
import { canBeCutOff, loadBatch } from "../../load/write.ts";
import { answersPath } from "../batches/batch-files.ts";
import { sizeOf } from "../batches/forecast.ts";
import { lastLevel } from "../batches/later-fields.ts";
import { isLookedAtAgain } from "../batches/ways.ts";
import { isCounted } from "../extract/positions.ts";
import { type RunContext, sourceOf, targetOf } from "../run/context.ts";
import { verifyRunFile } from "../run/run-files.ts";
import { earlierBatches } from "./earlier-batches.ts";
import { holdTakers } from "./hold-back.ts";
import { asSent } from "./made-since.ts";
import { fillNewIds } from "./new-ids.ts";
import { holdOrphans } from "./orphans.ts";
import { foundTable } from "./other-file.ts";
import { readBackDoubtful } from "./read-back.ts";
import { recheckBatches } from "./recheck.ts";
import { lanesOf, waitBefore } from "./resend.ts";
import { settleBatch } from "./settle-batch.ts";

const dayMs = 86_400_000;

/**
 * Creates and updates; then what those name of streams that come later; then deletes. Deletes come last, of all streams:
 * what they free is never needed, what they take along might still be.
 */
export type LoadPass = "changes" | "links" | "deletes";

function passOf({ action, level }: BatchRecord): LoadPass {
  if (action === "delete") return "deletes";
  return level >= lastLevel ? "links" : "changes";
}

/**
 * Loads what is not settled yet of a pass. Throws the first failure once the batches in flight have stopped. Gives why
 * it began no further batch, where a limit of the job is reached: those in flight are settled then.
 */
export async function loadStream(context: RunContext, stream: Stream, pass: LoadPass): Promise<Failure | undefined> {
  const isWanted = (batch: BatchRecord) => passOf(batch) === pass;
  const isAgain = (batch: BatchRecord) => isWanted(batch) && (context.isResumed || isLookedAtAgain(stream, batch));
  if (pass === "deletes" && stream.target.undoes === true) await holdTakers(context, stream);
  await recheckBatches(context, stream, isAgain);
  const limit = await loadOpen(context, stream, isWanted);
  await readBackDoubtful(context, stream, isWanted);
  return limit;
}

async function loadOpen(
  context: RunContext,
  stream: Stream,
  isWanted: (batch: BatchRecord) => boolean,
): Promise<Failure | undefined> {
  const open = openBatches(context, stream).filter(isWanted);
  if (open.length === 0) return undefined;
  await context.engine.prepareFor(open.reduce((sum, { bytes }) => sum + bytes, 0));
  context.emit({ type: "step-started", stream: stream.name, step: "load" });
  const progress = new LoadProgress(context, stream.name, open);
  const target = targetOf(context, stream.target.connection);
  const isAsked = !takesWholeFiles(target) && open.some(({ via }) => via === "bulk");
  const earlier = isAsked ? earlierBatches(context, stream) : [];
  return loadRounds(context, stream, { progress, earlier, isWanted });
}

function openBatches({ ledger, run }: RunContext, stream: Stream): BatchRecord[] {
  return ledger.batches(run.id, stream.name).filter(({ state }) => state !== "settled" && state !== "in-doubt");
}

interface Rounds {
  progress: LoadProgress;
  /** Batches of the run before. */
  earlier: readonly EarlierBatch[];
  isWanted: (batch: BatchRecord) => boolean;
}

/** Level by level of a tree, and round by round: what a batch of one round could not write for a reason that passes is in the next. */
async function loadRounds(
  context: RunContext,
  stream: Stream,
  { progress, earlier, isWanted }: Rounds,
): Promise<Failure | undefined> {
  const { batchesInFlight } = targetOf(context, stream.target.connection).capabilities;
  for (;;) {
    const open = openBatches(context, stream).filter(isWanted);
    if (open.length === 0) return undefined;
    const level = Math.min(...open.map((batch) => batch.level));
    const isNext = (batch: BatchRecord) => isWanted(batch) && batch.level === level;
    if ((await holdOrphans(context, stream, isNext)) || (await fillNewIds(context, stream, isNext))) continue;
    const ofLevel = open.filter((batch) => batch.level === level);
    const round = Math.min(...ofLevel.map((batch) => batch.round));
    await wait(waitBefore(round), context.signal);
    const batches = ofLevel.filter((batch) => batch.round === round);
    const lanes = lanesOf(round, batchesInFlight);
    const limit = await loadInParallel(context, stream, { batches, lanes, progress, earlier });
    if (limit !== undefined) return limit;
  }
}

interface ParallelLoad extends Pick<Rounds, "progress" | "earlier"> {
  batches: BatchRecord[];
  lanes: number;
}

async function loadInParallel(
  context: RunContext,
  stream: Stream,
  { batches, lanes, progress, earlier }: ParallelLoad,
): Promise<Failure | undefined> {
  const target = targetOf(context, stream.target.connection);
  const stop = new AbortController();
  const signal = AbortSignal.any([context.signal, stop.signal]);
  const of = context.ledger.batches(context.run.id, stream.name).length;
  const polls = startPolling(earlier);
  const isBegun = ({ state }: BatchRecord) => state !== "planned";
  // What was begun goes first and whatever the limits say: it may be on its way already.
  const waiting = [...batches.filter(isBegun), ...batches.filter((batch) => !isBegun(batch))];
  let limit: Failure | undefined;
  const failures: unknown[] = [];
  const lane = async () => {
    for (let batch = waiting.shift(); batch !== undefined && failures.length === 0; batch = waiting.shift()) {
      if (!isBegun(batch)) limit ??= context.budget.begin(target, sizeOf(stream, batch));
      if (!isBegun(batch) && limit !== undefined) return;
      try {
        // A call that can't be made again is not cut off for another's fault: nobody would know what became of it.
        const isCutOff = canBeCutOff(target, batch);
        await loadOne({ ...context, signal: isCutOff ? signal : context.signal }, stream, batch, {
          of,
          progress,
          polls,
        });
      } catch (error) {
        failures.push(error);
        stop.abort(error);
        return;
      }
    }
  };
  await Promise.all(Array.from({ length: Math.min(lanes, batches.length) }, lane));
  if (failures.length > 0) throw failures[0];
  return limit;
}

interface OneLoad {
  /** Batches of the stream. */
  of: number;
  progress: LoadProgress;
  polls: (rows: number) => Polls;
}

async function loadOne(
  context: RunContext,
  stream: Stream,
  given: BatchRecord,
  { of, progress, polls }: OneLoad,
): Promise<void> {
  const { ledger, emit } = context;
  const target = targetOf(context, stream.target.connection);
  const batch = asSent(stream, given);
  const { run, path, sha256 } = batch;
  await verifyRunFile({ run, what: `batch ${batch.number} of stream ${stream.name}`, path, sha256 });
  const tell = (moved: BatchRecord) => {
    const { number, state, rows, handle, message } = moved;
    emit({ type: "batch", stream: stream.name, number, of, state, rows, handle, message });
    progress.move(moved);
    return moved;
  };
  await target.explain(`loading batch ${batch.number} of stream ${stream.name}`, () =>
    loadBatch<BatchRecord>(batch, {
      target,
      signal: context.signal,
      advance: (current, state, change) => tell(ledger.advance(current, state, change)),
      settle: async (current, ended, obtain, obtainRefused) =>
        tell(await settleBatch(context, stream, { batch: current, ended, obtain, obtainRefused })),
      journal: (current, again) => openCallJournal(answersPath(context, current), current.sha256, again),
      isUnknown: (error) => error instanceof CallFault && error.outcome === "unknown",
      isRefused: (error) => error instanceof CallFault && error.outcome === "refused" && !error.transient,
      isWithoutEffect: (error) => {
        const fault = error instanceof Failure ? error.cause : error;
        return fault instanceof CallFault && fault.outcome === "refused";
      },
      ageDays: Math.floor((now().getTime() - Date.parse(context.run.started)) / dayMs),
      ...(stream.target.assignmentRule === undefined || batch.action === "delete"
        ? {}
        : { assignmentRule: stream.target.assignmentRule }),
      key: stream.target.key,
      ...(stream.target.beside === undefined ? {} : { beside: stream.target.beside }),
      ...foundTable(context, stream),
      ...(stream.target.mode === "history" ? { history: historyOf(context, stream) } : {}),
      polls,
      onSent: (current, bytes) => progress.sent(current, bytes),
      onProcessed: (current, rows) => progress.processed(current, rows),
      onEnded: ({ number, rows }, ms) => emit({ type: "job-ended", stream: stream.name, number, rows, ms }),
    }),
  );
}

/** What came to hold when: by the source's clock, up to which it was taken; else by when the run began. */
function historyOf(context: RunContext, { name, source, target: { key }, fields: mapped }: Stream): BatchHistory {
  const { ledger, run } = context;
  const fields = mapped.filter(({ own }) => own !== false).map(({ target }) => target);
  const { records } = sourceOf(context, source.connection);
  const incremental = source.kind === "object" ? source.incremental : undefined;
  // A window of changes ends with one, and at no time.
  const isTimed = incremental !== undefined && records !== undefined && !isCounted(incremental, records);
  const to = isTimed ? ledger.window(run.id, name)?.to : undefined;
  return { ...historyColumns, key, fields, at: to ?? run.started };
}

/** Rows and bytes of the batches in flight, summed for the progress of a stream. */
class LoadProgress {
  readonly #context: RunContext;
  readonly #stream: string;
  readonly #total: number;
  readonly #rows = new Map<number, number>();
  readonly #states = new Map<number, string>();

  constructor(context: RunContext, stream: string, batches: readonly BatchRecord[]) {
    this.#context = context;
    this.#stream = stream;
    this.#total = batches.reduce((sum, { rows }) => sum + rows, 0);
  }

  move(batch: BatchRecord): void {
    this.#states.set(batch.number, batch.state);
    if (batch.state === "settled") this.#rows.set(batch.number, batch.rows);
    this.#tell("");
  }

  sent(batch: BatchRecord, bytes: number): void {
    this.#tell(`uploading batch ${batch.number}: ${Math.round((bytes / batch.bytes) * 100)} %`);
  }

  processed(batch: BatchRecord, rows: number): void {
    this.#rows.set(batch.number, rows);
    this.#tell("");
  }

  #tell(detail: string): void {
    const done = [...this.#rows.values()].reduce((sum, rows) => sum + rows, 0);
    const inFlight = [...this.#states.values()].filter((state) => state !== "settled").length;
    this.#context.emit({
      type: "progress",
      stream: this.#stream,
      step: "load",
      done,
      total: this.#total,
      unit: "rows",
      detail: detail === "" ? `${countOf(inFlight, "batch", "batches")} in flight` : detail,
    });
  }
}
