// Counts that must add up, held where they become durable: rows in, rows out, none between.

import { countOf, showCount } from "../core/counted.ts";
import { Failure } from "../core/errors.ts";
import { exitCode } from "../core/exit-code.ts";
import type { StreamCounts } from "../core/model.ts";
import type { BatchRecord } from "./facts.ts";

/** Throws where a batch would be settled with other results than rows. */
export function assertBatchAddsUp(batch: BatchRecord): void {
  const { succeeded, failed, conflicts, inDoubt, rows } = batch;
  const results = succeeded + failed + conflicts + inDoubt;
  if (results === rows) return;
  throw new Failure(
    exitCode.failed,
    `batch ${batch.number} of stream ${batch.stream} has ${countOf(rows, "row")} and ${countOf(results, "result")}`,
    {
      where: { file: batch.path },
      why: "a batch is settled by a result for each of its rows, or not at all",
      next: `loadline show ${batch.run}`,
    },
  );
}

/** Throws where a plan says of other rows than were extracted, or its batches hold other rows than it changes. */
export function assertPlanAddsUp(
  stream: string,
  counts: StreamCounts,
  batches: readonly BatchRecord[] | undefined,
): void {
  const { extracted, filtered, duplicates, rejected, unmatched, unchanged, conflicts, mirrorDeletes } = counts;
  const changes = counts.creates + counts.updates + counts.deletes;
  const told = filtered + duplicates + rejected + unmatched + unchanged + conflicts + changes;
  const sent = batches?.reduce((sum, { rows }) => sum + rows, 0) ?? changes + mirrorDeletes;
  if (told === extracted && sent === changes + mirrorDeletes) return;
  throw new Failure(exitCode.failed, `the plan of stream ${stream} does not add up: nothing was written`, {
    why: `${countOf(extracted, "row")} extracted, ${showCount(told)} told of; ${countOf(changes + mirrorDeletes, "change")}, ${showCount(sent)} would be sent`,
    next: "this is a defect of loadline: report it with the run's events.jsonl",
  });
}
