// Guards that go by what earlier runs took and changed. In: counts of a stream, those of the last runs that it may be
// compared with, the job's limits. Out: what stops the run, with what it was learned from. What must hold: what is usual
// for a feed stops nothing: a first load, a night without rows, one file after a weekend, a handful of records.

import { countOf, showCount } from "../core/counted.ts";
import type { StreamCounts } from "../core/model.ts";
import { type Guards, type Mode, writesFile } from "../job/job.ts";
import { followsSource, makesAndChanges } from "../job/mode.ts";

/** How much a run took. */
export interface Extent {
  /** Rows of the source, where all of it was taken. */
  rows: number | null;
  files: number;
  /** How long the window is, where it has a beginning and an end. */
  spanMs: number | null;
}

export interface EarlierRun extends Extent {
  run: string;
  counts: StreamCounts;
}

export interface HistoryInput {
  stream: string;
  mode: Mode;
  guards: Guards;
  counts: StreamCounts;
  extent: Extent;
  /** The newest first, ten at most. */
  earlier: readonly EarlierRun[];
}

/** How many runs are looked back at. */
export const runsLookedAt = 10;

/** Percent of the median of earlier runs. */
const sourceShare = 50;
/** Smaller sources shrink by chance. */
const sourceRowsFrom = 10;
/** From so many runs on, how much a feed gives is told by them. */
const runsTell = 3;
const runsLearn = 5;
const timesMost = 3;
/** So many records are never too many, nor is one percent of the rows. */
const recordsFrom = 5;
/** So many new records may be nothing but new. */
const newKeysFrom = 10;

/** One sentence for each guard that the plan breaks. */
export function checkHistory(input: HistoryInput): string[] {
  return [...checkSourceRows(input), ...checkNewKeys(input), ...checkLearned(input)];
}

function checkSourceRows(input: HistoryInput): string[] {
  const { stream, guards, counts, extent, earlier } = input;
  const before = earlier.filter((run) => run.rows !== null);
  if (extent.rows === null || before.length === 0) return [];
  const share = guards.sourceRowsMinVsLast ?? sourceShare;
  const rows = before.map((run) => run.rows ?? 0);
  const median = medianOf(rows);
  const least = Math.min(...rows);
  // A feed that was as small before is no smaller than it is wont to be.
  const usual = guards.sourceRowsMinVsLast === undefined && least * 100 < share * median ? least : median;
  if (counts.extracted * 100 >= share * usual) return [];
  if (guards.sourceRowsMinVsLast === undefined && (usual < sourceRowsFrom || givesChanges(input))) return [];
  const of = usual === median ? "the median" : "the least";
  return [
    `${stream}: ${counts.extracted === 0 ? "no rows" : countOf(counts.extracted, "row")} in the source, at least ${share} % of ${showCount(usual)}, ${of} of ${tellRuns(before)} (guards.source_rows_min_vs_last)`,
  ];
}

/** Whether the source seems to hold what changed, and not all there is: its size says nothing then. */
function givesChanges({ mode, counts, earlier }: HistoryInput): boolean {
  if (mode === "insert" || mode === "delete") return true;
  // Of these, a source that is not whole does harm: what it lacks is deleted, or no more in the file.
  if (followsSource(mode) || writesFile(mode)) return false;
  if (counts.extracted === 0) return earlier.length >= runsTell && earlier.every((run) => mostlyChanges(run.counts));
  return mostlyChanges(counts);
}

function mostlyChanges({ creates, updates, unchanged }: StreamCounts): boolean {
  return creates + updates > unchanged;
}

/** Whether no key finds a record, of more rows than may be nothing but new, and the job does not say how many may be. */
export function isAllNew({ mode, guards, counts }: Pick<HistoryInput, "mode" | "guards" | "counts">): boolean {
  const { creates, updates, unchanged, conflicts } = counts;
  if (guards.creates !== undefined || !makesAndChanges(mode)) return false;
  return creates >= newKeysFrom && updates + unchanged + conflicts === 0;
}

/** Keys of another form find nothing, and every row is a new record. */
function checkNewKeys(input: HistoryInput): string[] {
  const { stream, counts, earlier } = input;
  if (!isAllNew(input)) return [];
  const keyed = earlier.filter((run) => foundShare(run.counts) !== undefined);
  if (keyed.length === 0) return [];
  const found = medianOf(keyed.map((run) => foundShare(run.counts) ?? 0));
  if (found < 50) return [];
  return [
    `${stream}: the keys of all ${countOf(counts.creates, "row")} find no record, all of them would be created; in the median of ${tellRuns(keyed)} ${round(found)} % found one: has the key another form, or are the records not to be seen any more? (guards.creates)`,
  ];
}

/** Percent of the rows with a key that found their record; undefined where there were none. */
function foundShare({ creates, updates, unchanged }: StreamCounts): number | undefined {
  const keyed = creates + updates + unchanged;
  return keyed === 0 ? undefined : ((updates + unchanged) * 100) / keyed;
}

function checkLearned(input: HistoryInput): string[] {
  const { guards, mode, earlier } = input;
  const taking = earlier.filter(({ counts }) => changedOf(counts) > 0 || counts.extracted > counts.filtered);
  // A file is given all rows, however many of them are as they were.
  if (taking.length < runsLearn || writesFile(mode)) return [];
  const creates = ({ creates }: StreamCounts) => creates;
  return [
    ...(guards.creates === undefined ? checkMost(input, taking, ["create", creates, "guards.creates"]) : []),
    ...(guards.changed === undefined ? checkMost(input, taking, ["change", changedOf, "guards.changed"]) : []),
  ];
}

function changedOf({ creates, updates, deletes, mirrorDeletes }: StreamCounts): number {
  return creates + updates + deletes + mirrorDeletes;
}

function checkMost(
  { stream, counts, extent }: HistoryInput,
  earlier: readonly EarlierRun[],
  [verb, countIn, name]: [string, (counts: StreamCounts) => number, string],
): string[] {
  const planned = countIn(counts);
  const most = Math.max(...earlier.map((run) => countIn(run.counts)));
  const { times, told } = compareExtent(extent, earlier);
  const usual = Math.ceil(timesMost * most * times);
  const floor = Math.max(recordsFrom, Math.ceil((counts.extracted - counts.filtered) / 100));
  if (planned <= Math.max(usual, floor)) return [];
  const by = earlier.find((run) => countIn(run.counts) === most)?.run ?? "";
  const learned = `three times the most of ${tellRuns(earlier)}, ${showCount(most)}${most === 0 ? "" : ` by ${by}`}${told}`;
  const limit =
    usual >= floor ? `${showCount(usual)}, ${learned}` : `${showCount(floor)}, which is more than ${learned}`;
  return [`${stream}: ${countOf(planned, "record")} to ${verb}, at most ${limit} (${name})`];
}

/** After some days without a run there is more to take: a longer window, more files. */
function compareExtent(extent: Extent, earlier: readonly EarlierRun[]): { times: number; told: string } {
  const span = Math.max(0, ...earlier.map(({ spanMs }) => spanMs ?? 0));
  if (extent.spanMs !== null && span > 0 && extent.spanMs > span) {
    const times = extent.spanMs / span;
    return { times, told: `, for a window ${round(times)} times as long` };
  }
  const files = Math.max(0, ...earlier.map((run) => run.files));
  if (files === 0 || extent.files <= files) return { times: 1, told: "" };
  return {
    times: extent.files / files,
    told: `, for ${countOf(extent.files, "file")} in place of ${showCount(files)}`,
  };
}

/** "the last 3 runs (20261120-… to 20261122-…)" */
function tellRuns(runs: readonly EarlierRun[]): string {
  const [newest] = runs;
  const oldest = runs.at(-1);
  if (newest === undefined || oldest === undefined) throw new Error("there is no earlier run");
  return runs.length === 1
    ? `run ${newest.run}`
    : `the last ${countOf(runs.length, "run")} (${oldest.run} to ${newest.run})`;
}

function medianOf(numbers: readonly number[]): number {
  const sorted = numbers.toSorted((left, right) => left - right);
  const middle = Math.floor(sorted.length / 2);
  const upper = sorted[middle] ?? 0;
  return sorted.length % 2 === 1 ? upper : ((sorted[middle - 1] ?? 0) + upper) / 2;
}

function round(value: number): number {
  return Math.round(value * 10) / 10;
}
