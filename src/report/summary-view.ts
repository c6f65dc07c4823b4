// How a run ended, for a person. In: its JSON summary, its folder, what went wrong. Out: text: status, counts of each
// stream, API calls, seconds, where the rejects are; then the failure in its own words; last, what to run next.

import { explain, Failure } from "../core/errors.ts";
import type { StreamCounts } from "../core/model.ts";
import { type Line, type Look, renderLines, sentence, type Tone } from "./lines.ts";
import { countOf, showCount, showDuration } from "./numbers.ts";
import { rejectsLines } from "./rejects-lines.ts";
import type { RunSummary } from "./summary.ts";
import { type Column, foldTable } from "./table.ts";

export interface EndedReport {
  summary: RunSummary;
  /** The run folder. */
  folder: string;
  /** What went wrong; undefined if nothing did. */
  error: unknown;
}

export function renderSummary({ summary, folder, error }: EndedReport, look: Look): string {
  const streams = Object.entries(summary.streams).map(([name, counts]) => ({ name, counts }));
  const lines: Line[] = [
    [
      { text: summary.status, tone: statusTone(summary.status) },
      "  ",
      { text: summary.job, tone: "strong" },
      { text: summary.run === null ? "" : `  ${summary.run}`, tone: "faint" },
    ],
  ];
  if (streams.length > 0) lines.push([], ...countTable(streams, look.width, "  "));
  lines.push([], ...sentence("", describeEffort(summary), look.width), ...rejectsLines(folder, streams));
  if (error !== undefined) lines.push([], ...failureLines(error));
  if (!saysNext(error, summary.next)) lines.push(["Next: ", { text: summary.next, whole: true }]);
  return renderLines(lines, look);
}

const statusTones: Record<string, Tone> = {
  loaded: "good",
  planned: "good",
  partial: "caution",
  stopped: "caution",
  running: "caution",
  failed: "alarm",
  "in-doubt": "alarm",
};

export function statusTone(status: string): Tone {
  return statusTones[status] ?? "faint";
}

export interface StreamRow {
  name: string;
  counts: StreamCounts;
}

const countColumns: readonly { count: keyof StreamCounts; title: string; tone?: Tone }[] = [
  { count: "extracted", title: "extracted" },
  { count: "filtered", title: "filtered" },
  { count: "duplicates", title: "duplicates" },
  { count: "rejected", title: "rejected", tone: "alarm" },
  { count: "unmatched", title: "unmatched" },
  { count: "conflicts", title: "conflicts", tone: "caution" },
  { count: "creates", title: "creates" },
  { count: "updates", title: "updates" },
  { count: "deletes", title: "deletes" },
  { count: "mirrorDeletes", title: "mirror deletes" },
  { count: "unchanged", title: "unchanged", tone: "faint" },
  { count: "loaded", title: "loaded", tone: "good" },
  { count: "failed", title: "failed", tone: "alarm" },
  { count: "inDoubt", title: "in doubt", tone: "alarm" },
];

/** A line a stream; columns that are zero in all of them are left out. */
export function countTable(streams: readonly StreamRow[], width: number, indent: string): Line[] {
  const used = shownCounts(streams);
  const columns = used.map(({ count, title, tone }): Column<StreamRow> => {
    const toneOf = (row: StreamRow) => (row.counts[count] > 0 ? tone : "faint");
    return { title, right: true, cell: ({ counts }) => showCount(counts[count]), tone: toneOf };
  });
  return foldTable({ title: "stream", cell: ({ name }) => name }, columns, streams, width, indent);
}

/** The counts that are worth a column, with their titles. */
export function shownCounts(
  streams: readonly StreamRow[],
): readonly { count: keyof StreamCounts; title: string; tone?: Tone }[] {
  return countColumns.filter(({ count }) => count === "extracted" || streams.some(({ counts }) => counts[count] > 0));
}

/** "42 s, 17 API calls to salesforce" */
export function describeEffort({ apiCalls, seconds }: Pick<RunSummary, "apiCalls" | "seconds">): string {
  const calls = Object.entries(apiCalls).map(([name, count]) => `${countOf(count, "API call")} to ${name}`);
  return [showDuration(seconds), ...calls].join(", ");
}

/** The lines of `explain` as they are: the places, paths and commands in them are copied, and some are aligned. */
function failureLines(error: unknown): Line[] {
  return explain(error)
    .split("\n")
    .map((text, index) => [index === 0 ? { text, tone: "alarm", whole: true } : { text, whole: true }]);
}

function saysNext(error: unknown, next: string): boolean {
  return error instanceof Failure && error.next === next;
}
