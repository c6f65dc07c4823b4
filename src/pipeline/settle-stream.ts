// The end of a stream: its checkpoint, in one transaction with all that the next run goes by.

import { rmSync } from "node:fs";
import type { StreamRecord } from "../checkpoint/ledger.ts";
import type { Stream } from "../job/job.ts";
import type { RunContext } from "./context.ts";
import { keepDelivered } from "./delivered.ts";
import { settleInserted } from "./inserted.ts";
import { listTaken } from "./take-files.ts";
import { moveWatermark } from "./window.ts";
import { keepWritten } from "./written.ts";

/** Settles a stream; its watermark moves with it, and what it has taken and delivered is remembered. */
export async function settleStream(context: RunContext, stream: Stream, settled: StreamRecord): Promise<void> {
  const moved = await moveWatermark(context, stream);
  const kept = (await keepDelivered(context, stream, settled)) ?? (await keepWritten(context, stream, settled));
  const { outdated: planned, ...inserted } = await settleInserted(context, stream, settled);
  context.ledger.settleStream({
    stream: settled,
    taken: listTaken(context, stream),
    ...inserted,
    ...(moved === undefined ? {} : { watermark: moved.watermark }),
    ...(kept === undefined ? {} : { delivered: kept.delivered }),
  });
  for (const outdated of [moved?.outdated, kept?.outdated, planned])
    if (outdated !== undefined) rmSync(outdated, { force: true });
}
