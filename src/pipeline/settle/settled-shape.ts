// The shape that a stream's plan has seen, once the stream is settled. In: its record. Out: what is kept, in force with the
// stream's end. Must hold: a plan of before does not take back what a later run has seen.

import type { ShapeRecord, StreamRecord } from "../../checkpoint/ledger.ts";
import type { Stream } from "../../job/job.ts";
import type { RunContext } from "../run/context.ts";
import { shapeOwner } from "../shape/drift.ts";

export function settleShape(
  context: RunContext,
  stream: Stream,
  { shape }: StreamRecord,
): Omit<ShapeRecord, "kept"> | undefined {
  if (shape === null || isOutdated(context, stream)) return undefined;
  return { ...shapeOwner(context, stream), shape, run: context.run.id };
}

/** Whether a run has settled the stream since the plan that is applied was made: it has compared what it saw. */
function isOutdated({ ledger, run }: RunContext, stream: Stream): boolean {
  const planned = run.options.plan === undefined ? undefined : ledger.run(run.options.plan);
  if (planned === undefined) return false;
  return ledger
    .runs({ job: run.job })
    .filter(({ id, command, started }) => id !== run.id && command !== "plan" && started > planned.started)
    .some(({ id }) => ledger.streams(id).some(({ name, state }) => name === stream.name && state === "settled"));
}
