// How a run ended, for a person. In: its JSON summary, its folder, what went wrong. Out: text: status, counts of each
// stream, API calls, seconds, where the rejects are; last, what to run next. A failure is no result: it is not in here,
// and where it says itself what comes next, nor is that.

import { Failure } from "../core/errors.ts";
import type { StreamCounts } from "../core/model.ts";
import { type Line, type Look, renderLines, sentence, type Tone } from "./lines.ts";
import { countOf, showCount, showDuration } from "./numbers.ts";
import { reasonLines } from "./reject-reasons.ts";
import { rejectsLines } from "./rejects-lines.ts";
import type { PutRejects, RunSummary } from "./summary.ts";
import { type Column, foldTable, tableLines, tableWidth } from "./table.ts";

export interface EndedReport {
  summary: RunSummary;
  /** The run folder. */
  folder: string;
  /** What went wrong; undefined if nothing did. */
  error: unknown;
}

export function renderSummary({ summary, folder, error }: EndedReport, look: Look): string {
  const streams = Object.entries(summary.streams).map(([name, counts]) => ({ name, counts }));
  const reasons = Object.entries(summary.streams).flatMap(([name, { rejectReasons, warnings = [] }]) => [
    ...blockOf(reasonLines(rejectReasons, `Rejected of ${name}, by reason:`)),
    ...blockOf(reasonLines(warnings, `Loaded of ${name} with a warning, by rule:`, "caution")),
  ]);
  const lines: Line[] = [
    [
      { text: summary.status, tone: statusTone(summary.status) },
      "  ",
      // A run's id holds its job's name.
      { text: summary.run ?? summary.job, tone: "strong" },
    ],
  ];
  if (streams.length > 0) lines.push([], ...countTable(streams, look.width, "  "));
  lines.push(...reasons, [], ...sentence("", describeEffort(summary), look.width), ...rejectsLines(folder, streams));
  lines.push(...Object.entries(summary.streams).flatMap(([name, { rejectsPut = [] }]) => putLines(name, rejectsPut)));
  if (!(error instanceof Failure && error.next !== undefined))
    lines.push(["Next: ", { text: summary.next, whole: true }]);
  return renderLines(lines, look);
}

/** What the sender of the files finds beside them. */
function putLines(stream: string, put: readonly PutRejects[]): Line[] {
  return put.map(({ file, rows }) => [
    `Put back for the sender of ${stream}: ${countOf(rows, "row")} in `,
    { text: file, whole: true },
  ]);
}

/** Apart from what stands above; nothing of nothing. */
export function blockOf(lines: readonly Line[]): Line[] {
  return lines.length === 0 ? [] : [[], ...lines];
}

const statusTones: Record<string, Tone> = {
  loaded: "good",
  planned: "good",
  partial: "caution",
  stopped: "caution",
  running: "caution",
  failed: "alarm",
  killed: "alarm",
  "in-doubt": "alarm",
};

export function statusTone(status: string): Tone {
  return statusTones[status] ?? "faint";
}

export interface StreamRow {
  name: string;
  counts: StreamCounts;
}

interface CountColumn {
  count: keyof StreamCounts;
  title: string;
  tone?: Tone;
}

const countColumns: readonly CountColumn[] = [
  { count: "extracted", title: "extracted" },
  { count: "filtered", title: "filtered" },
  { count: "duplicates", title: "duplicates" },
  { count: "rejected", title: "rejected", tone: "alarm" },
  { count: "unmatched", title: "unmatched" },
  { count: "waiting", title: "waiting", tone: "caution" },
  { count: "conflicts", title: "conflicts", tone: "caution" },
  { count: "creates", title: "creates" },
  { count: "updates", title: "updates" },
  { count: "deletes", title: "deletes" },
  { count: "mirrorDeletes", title: "mirror deletes" },
  { count: "unchanged", title: "unchanged", tone: "faint" },
  { count: "loaded", title: "loaded", tone: "good" },
  { count: "failed", title: "failed", tone: "alarm" },
  { count: "inDoubt", title: "in doubt", tone: "alarm" },
  { count: "changedBack", title: "changed back", tone: "caution" },
  { count: "rounded", title: "rounded", tone: "caution" },
];

/** A line a stream, or, where that is too wide, a column a stream. Counts that are zero in all of them are left out. */
export function countTable(streams: readonly StreamRow[], width: number, indent: string): Line[] {
  const used = shownCounts(streams);
  const toneOf = ({ counts }: StreamRow, { count, tone }: CountColumn) => (counts[count] > 0 ? tone : "faint");
  const columns: Column<StreamRow>[] = [
    { title: "stream", cell: ({ name }) => name },
    ...used.map((column): Column<StreamRow> => {
      const cell = ({ counts }: StreamRow) => showCount(counts[column.count]);
      return { title: column.title, right: true, cell, tone: (row) => toneOf(row, column) };
    }),
  ];
  if (indent.length + tableWidth(columns, streams) <= width) return tableLines(columns, streams, indent);
  const turned = streams.map((row): Column<CountColumn> => {
    const cell = ({ count }: CountColumn) => showCount(row.counts[count]);
    return { title: row.name, right: true, cell, tone: (column) => toneOf(row, column) };
  });
  return foldTable({ title: "stream", cell: ({ title }) => title }, turned, used, width, indent);
}

/** The counts that are worth a column, with their titles. */
export function shownCounts(streams: readonly StreamRow[]): readonly CountColumn[] {
  return countColumns.filter(({ count }) => count === "extracted" || streams.some(({ counts }) => counts[count] > 0));
}

/** "42 s, 17 API calls to salesforce" */
export function describeEffort({ apiCalls, seconds }: Pick<RunSummary, "apiCalls" | "seconds">): string {
  // A database has none.
  const asked = Object.entries(apiCalls).filter(([, count]) => count > 0);
  const calls = asked.map(([name, count]) => `${countOf(count, "API call")} to ${name}`);
  return [showDuration(seconds), ...calls].join(", ");
}
