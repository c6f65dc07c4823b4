// One batch on its way into the target. In: a batch in any state that a run, or a crash, left it in. Out: settled, or an
// error that leaves it where `resume` takes it up. What must hold (docs/design.md §5): each state is durable before the
// step that relies on it; a handle is thrown away only before the commit call; after it the batch is never sent again.

import type { Batch, BatchState, ResultFiles, Target } from "../contract/target.ts";
import { wait } from "../core/clock.ts";
import { Failure } from "../core/errors.ts";
import { exitCode } from "../core/exit-code.ts";
import { failpoint } from "../core/failpoint.ts";
import type { Operation, Way } from "../core/model.ts";
import type { Beside } from "../job/job.ts";

/** The ledger's batch, as far as the protocol needs it. */
export interface LoadedBatch {
  number: number;
  stream: string;
  object: string;
  operation: Operation;
  externalId: string | null;
  path: string;
  bytes: number;
  rows: number;
  sha256: string;
  state: "planned" | "intent" | "handle" | "committed" | "settled" | "refused" | "in-doubt";
  handle: string | null;
  attempts: number;
  via: Way;
  /** An earlier attempt may have written its rows. */
  again: boolean;
}

export interface LoadContext<B extends LoadedBatch> {
  target: Target;
  /** Moves the batch on in the ledger; durable when it returns. */
  advance(
    batch: B,
    state: LoadedBatch["state"],
    change?: Partial<LoadedBatch> & { message?: string; inDoubt?: number },
  ): B;
  /** Gets the per-row results by `obtain`, matches and stores them, then moves the batch to settled. */
  settle(batch: B, ended: BatchState, obtain: (files: ResultFiles) => Promise<void>): Promise<B>;
  /** Whether a fault leaves it open that the call had an effect. */
  isUnknown(error: unknown): boolean;
  /** Whether the target certainly did nothing, and would say the same again. */
  isRefused(error: unknown): boolean;
  /** Whether a call was certainly without effect, whatever it would be the next time. */
  isWithoutEffect(error: unknown): boolean;
  /** Days since the run began. */
  ageDays: number;
  /** The rule that gives the batch's records an owner. */
  assignmentRule?: string;
  /** What is written beside a whole file. */
  beside?: Beside;
  delays(): Iterable<number>;
  onSent(batch: B, bytes: number): void;
  onProcessed(batch: B, rows: number): void;
  signal: AbortSignal;
}

/** New handles for one batch in one go. */
const handlesMax = 4;
/** Commit calls on one handle that is found open again. */
const commitsMax = 5;

export async function loadBatch<B extends LoadedBatch>(batch: B, context: LoadContext<B>): Promise<B> {
  let current = batch;
  let fresh = false;
  if (current.state === "settled" || current.state === "in-doubt") return current;
  if (current.via === "collections") return writeBatch(current, context);
  for (let handles = 0; ; handles += 1) {
    context.signal.throwIfAborted();
    if (current.state === "committed") {
      current = await finish(current, context, fresh);
      if (current.state !== "refused") return current;
    }
    if (current.state === "handle" || current.state === "refused") {
      const isStopped = await context.target.abandon(current.handle ?? "", context.signal);
      failpoint("abandoned");
      current = isStopped
        ? context.advance(current, "intent", { handle: null })
        : context.advance(current, "committed");
      if (!isStopped) continue;
    }
    if (handles >= handlesMax) throw refusedFailure(current, handles);
    if (current.state !== "intent") current = context.advance(current, "intent", { handle: null });
    failpoint("intent");
    current = await send(current, context);
    fresh = current.state === "committed";
  }
}

/**
 * Writes by calls that answer with the results. Only once the batch is committed is a byte sent: found so, it may have
 * been, and what is there already may be its own. Where every row goes by its id or unique key the calls are made again
 * then, for that does no harm; else the rows are in doubt.
 */
async function writeBatch<B extends LoadedBatch>(batch: B, context: LoadContext<B>): Promise<B> {
  const { target, signal } = context;
  signal.throwIfAborted();
  const again = batch.again || batch.state === "committed";
  if (again && !isRepeatable(batch)) return leaveUnanswered(batch, context, "the run was interrupted");
  const isNew = batch.state === "planned" || batch.state === "refused";
  let current = isNew ? context.advance(batch, "intent") : batch;
  failpoint("intent");
  if (batch.state !== "committed") {
    const handle = current.handle ?? (await target.begin?.(batchToSend(current, context))) ?? null;
    current = context.advance(current, "committed", { attempts: batch.attempts + 1, handle });
  }
  failpoint("committed");
  const ended: BatchState = { state: "complete", processed: batch.rows, failed: 0 };
  const attempt = { again, handle: current.handle };
  try {
    return await context.settle(current, ended, (files) =>
      target.write(batchToSend(current, context), attempt, files, signal),
    );
  } catch (error) {
    if (isRepeatable(batch)) throw error;
    if (context.isUnknown(error)) return leaveUnanswered(current, context, (error as Error).message);
    // Not a row of it is there: it is sent when the run goes on, and nobody has to look.
    if (context.isWithoutEffect(error)) context.advance(current, "refused");
    throw error;
  }
}

/** Whether a second call leaves the same records: without a unique key, a record that is created twice is there twice. */
export function isRepeatable({ operation, externalId }: Pick<LoadedBatch, "operation" | "externalId">): boolean {
  return operation !== "insert" || externalId !== null;
}

function leaveUnanswered<B extends LoadedBatch>(batch: B, context: LoadContext<B>, why: string): B {
  const message = `no answer came for ${batch.rows} rows (${why}), and without a unique property as key they can't be looked up`;
  return context.advance(batch, "in-doubt", { message, inDoubt: batch.rows });
}

function refusedFailure(batch: LoadedBatch, handles: number): Failure {
  return new Failure(exitCode.tryLater, `batch ${batch.number} of stream ${batch.stream} can't be handed over`, {
    where: { file: batch.path },
    why: `${handles} uploads broke off or were refused`,
    next: "loadline resume, later",
  });
}

/** Gets a handle, uploads, and makes the decision to commit durable. An upload that fails leaves the batch at `handle`. */
async function send<B extends LoadedBatch>(batch: B, context: LoadContext<B>): Promise<B> {
  const { target, signal } = context;
  const sent = batchToSend(batch, context);
  const handle = await target.open(sent, signal);
  failpoint("opened");
  const held = context.advance(batch, "handle", { handle, attempts: batch.attempts + 1 });
  failpoint("handle");
  try {
    await target.upload(handle, sent, (bytes) => context.onSent(held, bytes), signal);
  } catch (error) {
    if (!context.isUnknown(error)) throw error;
    return held;
  }
  failpoint("uploaded");
  const committed = context.advance(held, "committed");
  failpoint("committed");
  return committed;
}

function batchToSend<B extends LoadedBatch>(batch: B, { assignmentRule, beside }: LoadContext<B>): Batch {
  const { externalId, ...plain } = batch;
  return {
    ...plain,
    ...(externalId === null ? {} : { externalId }),
    ...(assignmentRule === undefined ? {} : { assignmentRule }),
    ...(beside === undefined ? {} : { beside }),
  };
}

/** From the decision to commit to stored results. Gives `refused` when the remote won't act on this handle. */
async function finish<B extends LoadedBatch>(batch: B, context: LoadContext<B>, fresh: boolean): Promise<B> {
  const { target, signal } = context;
  const handle = batch.handle ?? "";
  const sent = batchToSend(batch, context);
  let commits = 0;
  // A handle of this very moment is open for certain; any other is asked first.
  let refused = fresh && (await commit(batch, context, ++commits));
  for (const delayMs of context.delays()) {
    const state = await target.inspect(handle, sent, signal);
    failpoint("inspected");
    if (state.state === "open") {
      if (refused) return context.advance(batch, "refused");
      refused = await commit(batch, context, ++commits);
      continue;
    }
    if (state.state === "gone") {
      // What goes by id or external id leaves the same records when it is written a second time.
      const isSafe = batch.operation === "update" || batch.operation === "upsert";
      if (isSafe) return context.advance(batch, "refused", { again: true });
      return leaveInDoubt(batch, context, state.message);
    }
    // Never closed, and ended by the target for its age: Salesforce does so after a day. Once we have closed it, an abort
    // is somebody's will.
    if (state.state === "aborted" && state.untouched && commits === 0) return context.advance(batch, "refused");
    if (state.state !== "processing") {
      failpoint("ended");
      return context.settle(batch, state, (files) => target.fetchResults(handle, sent, files, signal));
    }
    context.onProcessed(batch, state.processed);
    await wait(delayMs, signal);
  }
  throw new Error("unreachable: polling has no end");
}

/** True when the target refused the call for good. That may be because an earlier call, thought lost, had its effect. */
async function commit<B extends LoadedBatch>(batch: B, context: LoadContext<B>, commits: number): Promise<boolean> {
  try {
    await context.target.commit(batch.handle ?? "", batchToSend(batch, context), context.signal);
    failpoint("closed");
    return false;
  } catch (error) {
    if (context.isUnknown(error) && commits < commitsMax) return false;
    if (!context.isRefused(error)) throw error;
    return true;
  }
}

function leaveInDoubt<B extends LoadedBatch>(batch: B, context: LoadContext<B>, found: string | undefined): B {
  if (found !== undefined) return context.advance(batch, "in-doubt", { message: found, inDoubt: batch.rows });
  const { handlesKeptDays } = context.target.capabilities;
  const age = context.ageDays === 0 ? "today" : context.ageDays === 1 ? "1 day ago" : `${context.ageDays} days ago`;
  const message = `${batch.handle} is gone from the target, which keeps jobs for ${handlesKeptDays} days (the run began ${age}), so what became of its ${batch.rows} rows can't be asked`;
  return context.advance(batch, "in-doubt", { message, inDoubt: batch.rows });
}

/** The decision that in-doubt writes want, as a failure (exit 5). */
export function inDoubtFailure(
  run: string,
  batches: readonly { path: string; inDoubt: number; message: string | null }[],
): Failure {
  const rows = batches.reduce((sum, batch) => sum + batch.inDoubt, 0);
  const [first] = batches;
  return new Failure(
    exitCode.inDoubt,
    `${rows} rows in ${batches.length === 1 ? "1 batch" : `${batches.length} batches`} may or may not have been written`,
    {
      where: { file: first?.path ?? "" },
      why: first?.message ?? "the target can't say",
      next: `look in the target, then: loadline resume ${run} --in-doubt landed (they are there) or --in-doubt not-landed (send them again)`,
    },
  );
}
