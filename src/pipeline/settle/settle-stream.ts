// The end of a stream: its checkpoint. In: what became of each row. Out: the watermark, the files that are taken, what later
// runs remember. Must hold: all of it is one transaction, before the source hears of it.

import { rmSync } from "node:fs";
import type { ClosedRow, StreamRecord } from "../../checkpoint/ledger.ts";
import type { Stream } from "../../job/job.ts";
import { keepDelivered } from "../diff/delivered.ts";
import { listTaken } from "../extract/take-files.ts";
import { retriedIds } from "../extract/take-retried.ts";
import { moveWatermark } from "../extract/window.ts";
import type { RunContext } from "../run/context.ts";
import { settleInserted } from "./settled-inserts.ts";
import { settleShape } from "./settled-shape.ts";
import { settleTwin } from "./settled-twin.ts";
import { settleUndone } from "./settled-undone.ts";
import { listTakenKept, settleWaiting } from "./settled-waiting.ts";
import { keepWritten } from "./written.ts";

/** Settles a stream; its watermark moves with it, and what it has taken and delivered is remembered. */
export async function settleStream(context: RunContext, stream: Stream, settled: StreamRecord): Promise<void> {
  const moved = await moveWatermark(context, stream);
  const kept = (await keepDelivered(context, stream, settled)) ?? (await keepWritten(context, stream, settled));
  const { outdated: planned, ...inserted } = await settleInserted(context, stream, settled);
  const waits = await settleWaiting(context, stream, settled);
  const shape = settleShape(context, stream, settled);
  const isRollback = context.run.options.rollback !== undefined;
  const agreed = isRollback ? await settleUndone(context, stream) : await settleTwin(context, stream, settled);
  context.ledger.settleStream({
    stream: settled,
    taken: listTaken(context, stream),
    ...inserted,
    ...(moved === undefined ? {} : { watermark: moved.watermark }),
    ...(kept === undefined ? {} : { delivered: kept.delivered }),
    ...(waits.waiting === undefined ? {} : { waiting: waits.waiting }),
    ...(shape === undefined ? {} : { shape }),
    ...(agreed === undefined ? {} : { twin: agreed.twin }),
    closed: [...listClosed(context, stream), ...(await listTakenKept(context, stream))],
  });
  const old = [...(moved?.outdated ?? []), ...(agreed?.outdated ?? []), kept?.outdated, planned, waits.outdated];
  for (const outdated of old) if (outdated !== undefined) rmSync(outdated, { force: true });
}

/** Rows of an earlier run: whatever became of them, they are this run's now. */
function listClosed(context: RunContext, stream: Stream): ClosedRow[] {
  const { retry } = context.run.options;
  if (retry === undefined) return [];
  const one = { run: retry.run, stream: stream.name, by: context.run.id, reason: null };
  return retriedIds(context, stream.name).map((row) => ({ ...one, row }));
}
