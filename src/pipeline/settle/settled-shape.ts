// The shape that a stream's plan has seen, once the stream is settled. In: its record. Out: what is kept, in force with the
// stream's end. Must hold: a plan of before does not take back what a later run has seen; a run of some rows, or of rows of
// an earlier run, keeps nothing.

import type { RunRecord, ShapeRecord, StreamRecord } from "../../checkpoint/ledger.ts";
import type { Stream } from "../../job/job.ts";
import { isPartial, type RunContext } from "../run/context.ts";
import { shapeOwner } from "../shape/drift.ts";

export function settleShape(
  context: RunContext,
  stream: Stream,
  { shape }: StreamRecord,
): Omit<ShapeRecord, "kept"> | undefined {
  const { ledger, run } = context;
  const planned = run.options.plan === undefined ? undefined : ledger.run(run.options.plan);
  if (shape === null || isPartial(context)) return undefined;
  if (planned !== undefined && (isPartial({ run: planned }) || isOutdated(context, stream, planned))) return undefined;
  const owner = shapeOwner(context, stream);
  return ledger.shape(owner)?.shape === shape ? undefined : { ...owner, shape, run: run.id };
}

/** Whether a run has settled the stream since the plan that is applied was made: it has compared what it saw. */
function isOutdated({ ledger, run }: RunContext, stream: Stream, planned: RunRecord): boolean {
  return ledger
    .runs({ job: run.job })
    .filter(({ id, command, started }) => id !== run.id && command !== "plan" && started > planned.started)
    .some(({ id }) => ledger.streams(id).some(({ name, state }) => name === stream.name && state === "settled"));
}
