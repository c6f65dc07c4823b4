// Limits on what a run may change. In: counts of a stream's plan and the job's guards. Out: what stops the run, in words.

import type { StreamCounts } from "../core/model.ts";
import type { Guards, Mode, Threshold } from "../job/job.ts";

export interface GuardInput {
  stream: string;
  mode: Mode;
  counts: StreamCounts;
  guards: Guards;
  rejectsMax: Threshold;
}

/** One sentence for each guard that the plan breaks; none means go. */
export function checkGuards({ stream, mode, counts, guards, rejectsMax }: GuardInput): string[] {
  const deletes = counts.deletes + counts.mirrorDeletes;
  const changed = counts.creates + counts.updates + deletes;
  const taken = counts.extracted - counts.filtered;
  // Deleting what a feed no longer names is asked for, never assumed.
  const deletesMax = guards.deletes ?? (mode === "mirror" ? { count: 0 } : undefined);
  const checks: [string, number, Threshold | undefined, number][] = [
    // Of all rows, because a small load (--limit) still sees the rejects of the whole source.
    ["rows rejected", counts.rejected, rejectsMax, counts.extracted],
    ["records to delete", deletes, deletesMax, taken],
    ["records to create", counts.creates, guards.creates, taken],
    ["records to change", changed, guards.changed, taken],
  ];
  const broken = checks.flatMap(([what, count, limit, of]) =>
    limit === undefined || isWithin(count, limit, of)
      ? []
      : [`${stream}: ${count} ${what}, at most ${showThreshold(limit, of)} (${guardName(what)})`],
  );
  if (guards.sourceRowsMin !== undefined && counts.extracted < guards.sourceRowsMin) {
    broken.push(
      `${stream}: ${counts.extracted} rows in the source, at least ${guards.sourceRowsMin} (guards.source_rows_min)`,
    );
  }
  return broken;
}

function guardName(what: string): string {
  if (what === "rows rejected") return "rejects.max";
  return what === "records to delete"
    ? "guards.deletes"
    : what === "records to create"
      ? "guards.creates"
      : "guards.changed";
}

/** Whether a count is within a limit; a percentage is of `of`. */
export function isWithin(count: number, limit: Threshold, of: number): boolean {
  return "count" in limit ? count <= limit.count : count * 100 <= limit.percent * of;
}

function showThreshold(limit: Threshold, of: number): string {
  return "count" in limit ? String(limit.count) : `${limit.percent} % of ${of}`;
}
