// The file of a target that takes whole files, looked at again before another process than the one that planned writes it.
// In: what tells the file that the plan found. Out: nothing, or why it is not written (exit 7). Must hold: what another has
// put there since is not written over unseen; a name that is free by now, and what this run itself has put there, are no
// other file.

import type { BatchRecord } from "../../checkpoint/ledger.ts";
import { pathInCommand } from "../../core/errors.ts";
import type { Stream } from "../../job/job.ts";
import { replacesTable } from "../../job/mode.ts";
import { type RunContext, targetOf } from "../run/context.ts";
import { stalePlan } from "../run/stale-plan.ts";

/** What tells the file that a stream would write over, or a table that is to give way once a plan is applied. */
export async function markFound(context: RunContext, { target }: Stream): Promise<string | null> {
  const connected = targetOf(context, target.connection);
  // A run writes what it has planned, and does not read the table twice more for that.
  if (replacesTable(target) && context.run.command !== "plan") return null;
  if (replacesTable(target)) return (await connected.markContent?.(target.object)) ?? null;
  const store = connected.writes.wholeFile;
  if (store === undefined) return null;
  return (await store.mark(target.object.replaceAll("{run}", context.run.id))) ?? "";
}

/** What a plan found in the table that gives way, for who writes it. */
export function foundTable({ ledger, run }: RunContext, { name, target }: Stream): { found?: string } {
  if (!replacesTable(target) || run.options.onConflict === "overwrite") return {};
  const { found = null } = ledger.streams(run.id).find((one) => one.name === name) ?? {};
  return found === null ? {} : { found };
}

/** Throws a Failure (7) where a table is another than the plan found, before anything is begun. */
async function refuseOtherTable(context: RunContext, stream: Stream): Promise<void> {
  const { found } = foundTable(context, stream);
  const { connection, object } = stream.target;
  if (found === undefined || (await targetOf(context, connection).markContent?.(object)) === found) return;
  throw stalePlan(`${object} was changed by another since the plan: no new table takes its place`, {
    why: "all its rows would go, also those that nobody has seen in the plan",
    next: `make the plan anew: loadline plan ${pathInCommand(context.run.jobFile)}; or replace the table as it is with --on-conflict overwrite`,
  });
}

/** Throws a Failure (7) where a batch would write over a file, or a table, that is another than the plan found. */
export async function refuseOtherFile(
  context: RunContext,
  stream: Stream,
  batches: readonly BatchRecord[],
): Promise<void> {
  const { run, ledger } = context;
  if (replacesTable(stream.target)) return await refuseOtherTable(context, stream);
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
            ? `make the plan anew: loadline plan ${pathInCommand(run.jobFile)}; or write over the file with --on-conflict overwrite`
            : `move the file away, then loadline resume ${run.id}; or give the run up: loadline abandon ${run.id}`,
      },
    );
  }
}
