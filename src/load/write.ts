// One batch on its way into the target, by the protocol of its kind: job.ts, calls.ts, transaction.ts, whole-file.ts.
// In: a batch in any state that a run, or a crash, left it in. Out: settled, or an error that leaves it where `resume`
// takes it up. What must hold (docs/design.md §5): each state is durable before the step that relies on it; what may have
// been written is never sent again, unless something proves its rows.

import type { Target } from "../contract/target.ts";
import type { JobWrites } from "../contract/write.ts";
import { countOf } from "../core/counted.ts";
import { Failure } from "../core/errors.ts";
import { exitCode } from "../core/exit-code.ts";
import { loadByCalls } from "./calls.ts";
import { loadByJob } from "./job.ts";
import type { LoadContext, LoadedBatch } from "./loaded-batch.ts";
import { loadByTransaction } from "./transaction.ts";
import { wholeFileJobs } from "./whole-file.ts";

export async function loadBatch<B extends LoadedBatch>(batch: B, context: LoadContext<B>): Promise<B> {
  if (batch.state === "settled" || batch.state === "in-doubt") return batch;
  const { calls, transaction } = context.target.writes;
  if (batch.via === "collections" && calls !== undefined) return loadByCalls(batch, calls, context);
  if (batch.via === "transaction" && transaction !== undefined) return loadByTransaction(batch, transaction, context);
  return loadByJob(batch, jobsOf(context.target), context);
}

/** A whole file is written by the protocol of a job. */
export function jobsOf({ writes }: Pick<Target, "writes">): JobWrites {
  const jobs = writes.job ?? (writes.wholeFile === undefined ? undefined : wholeFileJobs(writes.wholeFile));
  if (jobs === undefined) throw new Error("the target has no kind of write that takes jobs");
  return jobs;
}

/** Whether a batch that is broken off in the middle does no harm: its job is asked, or something proves its rows. */
export function canBeCutOff({ writes }: Pick<Target, "writes">, batch: LoadedBatch): boolean {
  if (batch.via !== "collections") return true;
  return writes.calls?.proofOf(batch.operation, batch.externalId) !== "nothing";
}

/**
 * Whether rows of a batch may still be sent. A job is only asked how it ended, what nothing proves is never sent twice, and
 * of what is answered or remembered only the results are stored.
 */
export async function mayBeSent(
  { state, via, operation, externalId, handle }: LoadedBatch,
  { target, isAnswered, signal }: { target: Target; isAnswered: () => boolean; signal: AbortSignal },
): Promise<boolean> {
  if (state === "settled" || state === "in-doubt") return false;
  if (state !== "committed") return true;
  const { calls, transaction } = target.writes;
  if (via === "collections") return calls?.proofOf(operation, externalId) !== "nothing" && !isAnswered();
  if (via === "transaction") return handle === null || (await transaction?.remembers(handle, signal)) !== true;
  return false;
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
    `${countOf(rows, "row")} in ${countOf(batches.length, "batch", "batches")} may or may not have been written`,
    {
      where: { file: first?.path ?? "" },
      why: first?.message ?? "the target can't say",
      next: `look in the target, then: loadline resume ${run} --in-doubt landed (they are there) or --in-doubt not-landed (send them again)`,
    },
  );
}
