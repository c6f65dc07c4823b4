// The protocol of calls that are answered with the results of their rows. In: a batch in any state that a run, or a crash,
// left it in. Out: settled, in doubt, or an error that leaves it to `resume`. What must hold: what nothing proves is sent
// once; what is found committed may have been written.

import type { BatchState, CallWrites } from "../contract/write.ts";
import { countOf } from "../core/counted.ts";
import { failpoint } from "../core/failpoint.ts";
import { batchToSend, type LoadContext, type LoadedBatch } from "./loaded-batch.ts";

/**
 * Loads a batch by calls. Only once the batch is committed is a byte sent: found so, it may have
 * been, and what is there already may be its own. Where something proves its rows
 * the calls whose answers are not known are made again then, for that does no harm; else the rows are in doubt.
 */
export async function loadByCalls<B extends LoadedBatch>(
  batch: B,
  writes: CallWrites,
  context: LoadContext<B>,
): Promise<B> {
  const { signal } = context;
  const isProven = writes.proofOf(batch.operation, batch.externalId) !== "nothing";
  signal.throwIfAborted();
  const again = batch.again || batch.state === "committed";
  if (again && !isProven) return recallOrLeave(batch, writes, context);
  const isNew = batch.state === "planned" || batch.state === "refused";
  let current = isNew ? context.advance(batch, "intent") : batch;
  failpoint("intent");
  if (batch.state !== "committed") {
    const handle = current.handle ?? (await writes.begin?.(batchToSend(current, context))) ?? null;
    current = context.advance(current, "committed", { attempts: batch.attempts + 1, handle });
  }
  failpoint("committed");
  const ended = endOf(batch);
  const attempt = { again, begun: current.handle, journal: context.journal(current, again) };
  try {
    return await context.settle(current, ended, (files) =>
      writes.write(batchToSend(current, context), attempt, files, signal),
    );
  } catch (error) {
    if (isProven) throw error;
    if (context.isUnknown(error)) return leaveUnanswered(current, context, (error as Error).message);
    // Not a row of it is there: it is sent when the run goes on, and nobody has to look.
    if (context.isWithoutEffect(error)) context.advance(current, "refused");
    throw error;
  }
}

function endOf({ rows }: LoadedBatch): BatchState {
  return { state: "complete", processed: rows, failed: 0 };
}

/** What was answered before the run broke off is known; a row of which no answer tells is in doubt. */
async function recallOrLeave<B extends LoadedBatch>(batch: B, writes: CallWrites, context: LoadContext<B>): Promise<B> {
  const { recall } = writes;
  const { kept } = context.journal(batch, true);
  if (recall === undefined || kept.size === 0) return leaveUnanswered(batch, context, "the run was interrupted");
  return context.settle(batch, endOf(batch), async (files) => recall(batchToSend(batch, context), kept, files));
}

function leaveUnanswered<B extends LoadedBatch>(batch: B, context: LoadContext<B>, why: string): B {
  const message = `no answer came for ${countOf(batch.rows, "row")} (${why}), and without a unique property as key they can't be sent again`;
  return context.advance(batch, "in-doubt", { message, inDoubt: batch.rows });
}
