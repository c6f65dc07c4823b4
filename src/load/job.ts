// The protocol of a job: handle, upload, commit, poll, results by row. In: a batch in any state that a run, or a crash, left
// it in. Out: settled, in doubt, or an error that leaves it where `resume` takes it up. What must hold (docs/design.md §5):
// each state is durable before the step that relies on it; a handle is thrown away only before the commit call; after it
// the batch is never sent again.

import type { JobWrites, ResultFiles } from "../contract/write.ts";
import { wait } from "../core/clock.ts";
import { countOf } from "../core/counted.ts";
import { Failure } from "../core/errors.ts";
import { exitCode } from "../core/exit-code.ts";
import { failpoint } from "../core/failpoint.ts";
import { batchToSend, type LoadContext, type LoadedBatch } from "./loaded-batch.ts";

/** New handles for one batch in one go. */
const handlesMax = 4;
/** Commit calls on one handle that is found open again. */
const commitsMax = 5;

/** Loads a batch by a job, from whatever state it is in. Ends settled, in doubt, or with an error that leaves it to `resume`. */
export async function loadByJob<B extends LoadedBatch>(
  batch: B,
  writes: JobWrites,
  context: LoadContext<B>,
): Promise<B> {
  let current = batch;
  let fresh = false;
  for (let handles = 0; ; handles += 1) {
    context.signal.throwIfAborted();
    if (current.state === "committed") {
      current = await finish(current, writes, context, fresh);
      if (current.state !== "refused") return current;
    }
    if (current.state === "handle" || current.state === "refused") {
      const isStopped = await writes.abandon(current.handle ?? "", context.signal);
      failpoint("abandoned");
      current = isStopped
        ? context.advance(current, "intent", { handle: null })
        : context.advance(current, "committed");
      if (!isStopped) continue;
    }
    if (handles >= handlesMax) throw refusedFailure(current, handles);
    if (current.state !== "intent") current = context.advance(current, "intent", { handle: null });
    failpoint("intent");
    current = await send(current, writes, context);
    fresh = current.state === "committed";
  }
}

function refusedFailure(batch: LoadedBatch, handles: number): Failure {
  return new Failure(exitCode.tryLater, `batch ${batch.number} of stream ${batch.stream} can't be handed over`, {
    where: { file: batch.path },
    why: `${handles} uploads broke off or were refused`,
    next: "loadline resume, later",
  });
}

/** Gets a handle, uploads, and makes the decision to commit durable. An upload that fails leaves the batch at `handle`. */
async function send<B extends LoadedBatch>(batch: B, writes: JobWrites, context: LoadContext<B>): Promise<B> {
  const { signal } = context;
  const sent = batchToSend(batch, context);
  const handle = await writes.open(sent, signal);
  failpoint("opened");
  const held = context.advance(batch, "handle", { handle, attempts: batch.attempts + 1 });
  failpoint("handle");
  try {
    await writes.upload(handle, sent, (bytes) => context.onSent(held, bytes), signal);
  } catch (error) {
    if (!context.isUnknown(error)) throw error;
    return held;
  }
  failpoint("uploaded");
  const committed = context.advance(held, "committed");
  failpoint("committed");
  return committed;
}

/** From the decision to commit to stored results. Gives `refused` when the remote won't act on this handle. */
async function finish<B extends LoadedBatch>(
  batch: B,
  writes: JobWrites,
  context: LoadContext<B>,
  fresh: boolean,
): Promise<B> {
  const { signal } = context;
  const handle = batch.handle ?? "";
  const sent = batchToSend(batch, context);
  let commits = 0;
  // A handle of this very moment is open for certain; any other is asked first.
  let refused = fresh && (await commit(batch, writes, context, ++commits));
  const polls = context.polls(batch.rows);
  if (fresh && !refused) await wait(polls.firstMs(), signal);
  for (;;) {
    const state = await writes.inspect(handle, sent, signal);
    failpoint("inspected");
    if (state.state === "open") {
      if (refused) return context.advance(batch, "refused");
      refused = await commit(batch, writes, context, ++commits);
      continue;
    }
    if (state.state === "gone") {
      // What goes by id or external id leaves the same records when it is written a second time.
      const isSafe = batch.operation === "update" || batch.operation === "upsert";
      if (isSafe) return context.advance(batch, "refused", { again: true });
      return leaveInDoubt(batch, writes, context, state.message);
    }
    // Never closed, and ended by the target for its age: Salesforce does so after a day. Once we have closed it, an abort
    // is somebody's will.
    if (state.state === "aborted" && state.untouched && commits === 0) return context.advance(batch, "refused");
    if (state.state !== "processing") {
      failpoint("ended");
      context.onEnded(batch, polls.end());
      const { fetchRefused } = writes;
      const obtainRefused = (files: ResultFiles) => fetchRefused?.(handle, sent, files, signal) ?? Promise.resolve();
      return context.settle(
        batch,
        state,
        (files) => writes.fetchResults(handle, sent, files, signal),
        fetchRefused === undefined ? undefined : obtainRefused,
      );
    }
    context.onProcessed(batch, state.processed);
    await wait(polls.nextMs(state.processed), signal);
  }
}

/** True when the target refused the call for good. That may be because an earlier call, thought lost, had its effect. */
async function commit<B extends LoadedBatch>(
  batch: B,
  writes: JobWrites,
  context: LoadContext<B>,
  commits: number,
): Promise<boolean> {
  try {
    await writes.commit(batch.handle ?? "", batchToSend(batch, context), context.signal);
    failpoint("closed");
    return false;
  } catch (error) {
    if (context.isUnknown(error) && commits < commitsMax) return false;
    if (!context.isRefused(error)) throw error;
    return true;
  }
}

function leaveInDoubt<B extends LoadedBatch>(
  batch: B,
  { handlesKeptDays }: JobWrites,
  context: LoadContext<B>,
  found: string | undefined,
): B {
  if (found !== undefined) return context.advance(batch, "in-doubt", { message: found, inDoubt: batch.rows });
  const age = context.ageDays === 0 ? "today" : `${countOf(context.ageDays, "day")} ago`;
  const message = `${batch.handle} is gone from the target, which keeps jobs for ${handlesKeptDays} days (the run began ${age}), so what became of its ${countOf(batch.rows, "row")} can't be asked`;
  return context.advance(batch, "in-doubt", { message, inDoubt: batch.rows });
}
