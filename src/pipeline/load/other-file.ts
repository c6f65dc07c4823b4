// The file of a target that takes whole files, looked at again before another process than the one that planned writes it.
// In: what tells the file that the plan found. Out: nothing, or why it is not written (exit 7). Must hold: what another has
// put there since is not written over unseen; a name that is free by now, and what this run itself has put there, are no
// other file.

import type { BatchRecord } from "../../checkpoint/ledger.ts";
import { showPath } from "../../core/errors.ts";
import type { Stream } from "../../job/job.ts";
import { type RunContext, targetOf } from "../run/context.ts";
import { stalePlan } from "../run/stale-plan.ts";

/** What tells the file that a stream would write over; null of a target that takes rows. */
export async function markFound(context: RunContext, { target }: Stream): Promise<string | null> {
  const store = targetOf(context, target.connection).writes.wholeFile;
  if (store === undefined) return null;
  return (await store.mark(target.object.replaceAll("{run}", context.run.id))) ?? "";
}

/** Throws a Failure (7) where a batch would write over a file that is another than the plan found. */
export async function refuseOtherFile(
  context: RunContext,
  stream: Stream,
  batches: readonly BatchRecord[],
): Promise<void> {
  const { run, ledger } = context;
  const target = targetOf(context, stream.target.connection);
  const store = target.writes.wholeFile;
  const { found = null } = ledger.streams(run.id).find(({ name }) => name === stream.name) ?? {};
  if (store === undefined || found === null || run.options.onConflict === "overwrite") return;
  for (const { object, path, bytes, state, handle, again } of batches) {
    // Settled, or written once more by somebody's decision.
    if (state === "settled" || state === "in-doubt" || again) continue;
    // What was renamed is looked at by who goes on with it.
    if (state === "committed" && handle !== null && !(await store.has(handle))) continue;
    const mark = await store.mark(object);
    if (mark === undefined || mark === found || (await store.holds(object, { path, bytes }, "bytes"))) continue;
    throw stalePlan(
      `${object} of ${target.orgId} was ${found === "" ? "made" : "changed"} by another since the plan: not written over`,
      {
        why: "a file is written as a whole, so what is in it by now would be lost",
        next:
          run.command === "apply" && state === "planned"
            ? `make the plan anew: loadline plan ${showPath(run.jobFile)}; or write over the file with --on-conflict overwrite`
            : `move the file away, then loadline resume ${run.id}; or give the run up: loadline abandon ${run.id}`,
      },
    );
  }
}
