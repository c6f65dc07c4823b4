// The protocol of a database that remembers the batch: rows and a mark are one transaction. In: a batch in any state that a
// run, or a crash, left it in. Out: settled, or an error that leaves it to `resume`. What must hold: a batch whose mark is
// there is never written again; the mark is durable before the transaction begins.

import type { BatchState, TransactionWrites } from "../contract/write.ts";
import { Failure } from "../core/errors.ts";
import { exitCode } from "../core/exit-code.ts";
import { failpoint } from "../core/failpoint.ts";
import { randomId } from "../core/random.ts";
import { batchToSend, type LoadContext, type LoadedBatch } from "./loaded-batch.ts";

/** Loads a batch by a transaction. `mark`: what the target remembers it by, the same for every attempt. */
export async function loadByTransaction<B extends LoadedBatch>(
  batch: B,
  writes: TransactionWrites,
  context: LoadContext<B>,
): Promise<B> {
  const { signal } = context;
  signal.throwIfAborted();
  const ended: BatchState = { state: "complete", processed: batch.rows, failed: 0 };
  let current = batch;
  if (current.state === "committed" && (await writes.remembers(markOf(current), signal))) {
    return context.settle(current, ended, (files) =>
      writes.fetchResults(markOf(current), batchToSend(current, context), files, signal),
    );
  }
  if (current.state === "planned" || current.state === "refused") current = context.advance(current, "intent");
  failpoint("intent");
  if (current.state === "intent") {
    // Not of what is in it: another run may write the same rows again, and means it. What was refused keeps its mark.
    const handle = current.handle ?? randomId(16);
    current = context.advance(current, "committed", { attempts: current.attempts + 1, handle });
  }
  failpoint("committed");
  return context.settle(current, ended, async (files) => {
    try {
      await writes.write(markOf(current), batchToSend(current, context), files, signal);
    } catch (error) {
      // It was found with the table held, so that no attempt before is on its way: nobody has to look for its rows.
      if (error instanceof Failure && error.exitCode === exitCode.stalePlan) context.advance(current, "refused");
      throw error;
    }
  });
}

function markOf({ handle, number }: LoadedBatch): string {
  if (handle === null) throw new Error(`batch ${number} was committed without a mark`);
  return handle;
}
