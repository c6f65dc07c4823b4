// Limits on what a run may change, and on the rows that may stay away. In: counts of a stream and the job's limits.
// Out: what stops the run, or what it can't call a success, in words that count what they name.

import { countOf } from "../core/counted.ts";
import type { StreamCounts } from "../core/model.ts";
import type { Guards, Mode, Threshold } from "../job/job.ts";
import { followsSource } from "../job/mode.ts";

export interface GuardInput {
  stream: string;
  mode: Mode;
  counts: StreamCounts;
  /** Records that go with those that are deleted. */
  cascaded: number;
  guards: Guards;
  /** Undefined where the job does not say how many rows may stay away. */
  rejectsMax: Threshold | undefined;
  /** Of the rows that stay away, those that did so in the run before: they stop nothing a second time. */
  again?: StayedAgain;
}

export interface StayedAgain {
  /** By validation or by the target. */
  rejected: number;
  conflicts: number;
}

const noneAgain: StayedAgain = { rejected: 0, conflicts: 0 };

/** Where the job is silent: more rows than this that fail validation, and the source is not what the job was made for. */
const silentRejectsMax: Threshold = { percent: 5 };

/** One sentence for each guard that the plan breaks; none means go. */
export function checkGuards({
  stream,
  mode,
  counts,
  cascaded,
  guards,
  rejectsMax,
  again = noneAgain,
}: GuardInput): string[] {
  const deletes = counts.deletes + counts.mirrorDeletes + cascaded;
  const changed = counts.creates + counts.updates + deletes;
  const taken = rowsTaken(counts);
  // Deleting what a feed no longer names is asked for, never assumed.
  const deletesMax = guards.deletes ?? (followsSource(mode) ? { count: 0 } : undefined);
  // With those that are deleted there may be more than rows: all of them are no limit.
  const changedMax = isAll(guards.changed) ? undefined : guards.changed;
  const checks: [string, number, Threshold | undefined, string][] = [
    ["to delete", deletes, deletesMax, "guards.deletes"],
    ["to create", counts.creates, guards.creates, "guards.creates"],
    ["to change", changed, changedMax, "guards.changed"],
  ];
  const broken = checks.flatMap(([what, count, limit, name]) =>
    limit === undefined || isWithin(count, limit, taken)
      ? []
      : [`${stream}: ${countOf(count, "record")} ${what}, at most ${showThreshold(limit, taken)} (${name})`],
  );
  broken.unshift(...checkPlannedRejects(stream, counts, rejectsMax, again));
  if (guards.sourceRowsMin !== undefined && counts.extracted < guards.sourceRowsMin) {
    broken.push(
      `${stream}: ${countOf(counts.extracted, "row")} in the source, at least ${guards.sourceRowsMin} (guards.source_rows_min)`,
    );
  }
  return broken;
}

/** All that there may be: no limit. */
export function isAll(limit: Threshold | undefined): boolean {
  return limit !== undefined && "percent" in limit && limit.percent >= 100;
}

/** A conflict counts where the job says how many rows may stay away; where it is silent, it ends the load with code 3. */
function checkPlannedRejects(
  stream: string,
  counts: StreamCounts,
  rejectsMax: Threshold | undefined,
  again: StayedAgain,
): string[] {
  const limit = rejectsMax ?? silentRejectsMax;
  const stayed = {
    ...counts,
    rejected: counts.rejected - again.rejected,
    conflicts: rejectsMax === undefined ? 0 : counts.conflicts - again.conflicts,
  };
  const taken = rowsTaken(counts);
  if (isWithin(stayed.rejected + stayed.conflicts, limit, taken)) return [];
  return [`${stream}: ${describeMissing(stayed)}, at most ${showThreshold(limit, taken)} (rejects.max)`];
}

/**
 * What keeps a loaded stream from being a success, as a sentence: rows that did not arrive, more than the job says may
 * stay away. Where it says nothing, each of them does, however often it was told.
 */
export function checkArrived(
  stream: string,
  counts: StreamCounts,
  rejectsMax: Threshold | undefined,
  again: StayedAgain = noneAgain,
): string | undefined {
  const taken = rowsTaken(counts);
  const missing = counts.rejected + counts.failed + counts.conflicts;
  if (rejectsMax === undefined) {
    return missing === 0
      ? undefined
      : `${stream}: ${describeMissing(counts)}, the job has no rejects.max that allows any`;
  }
  if (isWithin(missing - again.rejected - again.conflicts, rejectsMax, taken)) return undefined;
  return `${stream}: ${describeMissing(counts)}, at most ${showThreshold(rejectsMax, taken)} (rejects.max)`;
}

/** Rows of the source that the run set out to load: not those that `keep`, `--limit` and `--keys` leave out. */
export function rowsTaken({ extracted, filtered }: StreamCounts): number {
  return extracted - filtered;
}

function describeMissing({ rejected, failed, conflicts }: StreamCounts): string {
  const parts: [number, string][] = [
    [rejected, "rejected"],
    [failed, "refused by the target"],
    [conflicts, "in conflict"],
  ];
  const told = parts.filter(([count]) => count > 0);
  const rows = told.reduce((sum, [count]) => sum + count, 0);
  const counted = countOf(rows, "row");
  const [only] = told;
  if (told.length <= 1) return `${counted} ${only?.[1] ?? "rejected"}`;
  return `${counted} did not arrive (${told.map(([count, what]) => `${count} ${what}`).join(", ")})`;
}

/** Whether a count is within a limit; a percentage is of `of`. */
export function isWithin(count: number, limit: Threshold, of: number): boolean {
  return "count" in limit ? count <= limit.count : count * 100 <= limit.percent * of;
}

export function showThreshold(limit: Threshold, of: number): string {
  return "count" in limit ? String(limit.count) : `${limit.percent} % of ${of}`;
}
