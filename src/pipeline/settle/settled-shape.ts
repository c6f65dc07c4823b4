// The shape that a stream's plan has seen, once the stream is settled. In: its record. Out: what is kept, in force with the
// stream's end. Must hold: a plan of before does not take back what a later run has kept.

import type { ShapeRecord, StreamRecord } from "../../checkpoint/ledger.ts";
import type { Stream } from "../../job/job.ts";
import type { RunContext } from "../run/context.ts";
import { shapeOwner } from "../shape/drift.ts";

export function settleShape(
  context: RunContext,
  stream: Stream,
  { shape }: StreamRecord,
): Omit<ShapeRecord, "kept"> | undefined {
  if (shape === null) return undefined;
  const { ledger, run } = context;
  const owner = shapeOwner(context, stream);
  const seen = ledger.run(run.options.plan ?? run.id)?.started ?? run.started;
  const kept = ledger.shape(owner);
  if (kept !== undefined && (ledger.run(kept.run)?.started ?? "") > seen) return undefined;
  return { ...owner, shape, run: run.id };
}
