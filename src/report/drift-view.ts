// What a truth pass has found, for a person. In: its summary, and the first lines of what differs. Out: text: counts of each
// stream, a few differences, where the rest is, what to run next.

import { join } from "node:path";
import { type DriftKind, type DriftLine, driftCounts, type StreamDrift } from "../core/drift.ts";
import { Failure, showPath } from "../core/errors.ts";
import { type Line, type Look, renderLines, sentence, type Tone } from "./lines.ts";
import { countOf, showCount } from "./numbers.ts";
import type { RunSummary } from "./summary.ts";
import { blockOf, describeEffort, statusTone } from "./summary-view.ts";
import { type Column, tableLines } from "./table.ts";

export interface DriftReport {
  summary: RunSummary;
  /** The run folder. */
  folder: string;
  error: unknown;
  isRepair: boolean;
  first(stream: string): readonly DriftLine[];
}

type StreamRow = StreamDrift & { name: string };

/** A line a stream. `isRepair`: with what is left. */
export function driftTable(drift: Readonly<Record<string, StreamDrift>>, isRepair: boolean): Line[] {
  const streams = rowsOf(drift);
  return streams.length === 0 ? [] : tableLines(columnsOf(streams, isRepair), streams, "  ");
}

function rowsOf(drift: Readonly<Record<string, StreamDrift>>): StreamRow[] {
  return Object.entries(drift).map(([name, one]) => ({ name, ...one }));
}

export function renderDrift({ summary, folder, error, isRepair, first }: DriftReport, look: Look): string {
  const streams = rowsOf(summary.drift ?? {});
  const lines: Line[] = [
    [...headline(summary, streams, error), "  ", { text: summary.run ?? summary.job, tone: "strong" }],
  ];
  lines.push(...blockOf(driftTable(summary.drift ?? {}, isRepair)));
  for (const { name } of streams) {
    const told = first(name);
    if (told.length === 0) continue;
    const path = { text: showPath(join(folder, "drift", `${name}.csv`)), whole: true } as const;
    lines.push([], [{ text: name, tone: "strong" }, ": the first of each kind; all are in ", path]);
    lines.push(...told.map(lineOf));
  }
  lines.push(...blockOf(streams.flatMap((stream) => notesOf(stream, look.width))));
  lines.push([], ...sentence("", describeEffort(summary), look.width));
  if (!(error instanceof Failure && error.next !== undefined))
    lines.push(["Next: ", { text: summary.next, whole: true }]);
  return renderLines(lines, look);
}

function headline(summary: RunSummary, streams: readonly StreamRow[], error: unknown): Line {
  if (error !== undefined) return [{ text: summary.status, tone: statusTone(summary.status) }];
  if (streams.some(({ left }) => left > 0)) return [{ text: "drift", tone: "caution" }];
  if (streams.every(isUnseen)) return [{ text: "nothing compared", tone: "caution" }];
  const isPart = streams.some(({ sample }) => sample !== undefined);
  return [{ text: isPart ? "no drift in the sample" : "no drift", tone: "good" }];
}

/** Of few keys a part may have none. */
function isUnseen({ sample }: StreamRow): boolean {
  return sample?.keys === 0;
}

function columnsOf(streams: readonly StreamRow[], isRepair: boolean): Column<StreamRow>[] {
  const isShown: Partial<Record<keyof StreamDrift, boolean>> = {
    rejected: streams.some(({ rejected }) => rejected > 0),
    left: isRepair,
  };
  const shown = driftCounts.filter(([, count]) => isShown[count] ?? true);
  return [
    { title: "stream", cell: ({ name }) => name },
    ...shown.map(
      ([title, count]): Column<StreamRow> => ({
        title,
        right: true,
        cell: (row) => showNumber(row[count]),
        tone: (row) => ((row[count] ?? 0) > 0 ? "caution" : "faint"),
      }),
    ),
  ];
}

function showNumber(count: number | null): string {
  return count === null ? "?" : showCount(count);
}

const kindTones: Record<DriftKind, Tone> = {
  onlySource: "create",
  onlyTarget: "delete",
  different: "update",
  duplicate: "caution",
  orphan: "caution",
};

const marks: Record<DriftKind, string> = {
  onlySource: "only source",
  onlyTarget: "only target",
  different: "different  ",
  duplicate: "duplicate  ",
  orphan: "orphan     ",
};

function lineOf({ key, kind, field, source, target }: DriftLine): Line {
  const shown: Line = ["  ", { text: marks[kind], tone: kindTones[kind] }, "  ", { text: key ?? "—", tone: "strong" }];
  if (kind === "different") return [...shown, `  ${field}: source ${showText(source)}, target ${showText(target)}`];
  if (kind === "onlySource") return shown;
  if (kind === "onlyTarget") return [...shown, `  ${field} ${target}`];
  if (kind === "orphan") return [...shown, `  ${field}: ${showText(source)} is not there`];
  return [
    ...shown,
    `  ${[source === null ? "" : `source ${source}`, target === null ? "" : `target ${target}`].filter(Boolean).join(", ")}`,
  ];
}

function showText(value: string | null): string {
  return value === null ? "—" : `"${value}"`;
}

function notesOf(stream: StreamRow, width: number): Line[] {
  const { name, onlyTarget, sample } = stream;
  const lines: Line[] = [];
  if (sample !== undefined) {
    const { keys, of, part, parts } = sample;
    const told = `${name}: a sample: ${countOf(keys, "key")} of ${showCount(of)}, part ${part} of ${parts}; another part each day, all of them in ${countOf(parts, "day")}`;
    lines.push(...sentence("", isUnseen(stream) ? `${told}. None of today's was compared` : told, width));
  }
  if (onlyTarget === null) {
    const told = `${name}: only records were read that rows of the sample name, so records that are only in the target were not looked for`;
    lines.push(...sentence("", told, width));
  }
  return lines;
}

/** One object a job, for scripts. */
export function driftJson({
  run,
  job,
  status,
  drift = {},
  apiCalls,
  seconds,
  exitCode,
  next,
  stops,
  error,
}: RunSummary): string {
  return JSON.stringify({
    job,
    run,
    status,
    streams: drift,
    apiCalls,
    seconds,
    exitCode,
    next,
    ...(stops === undefined ? {} : { stops }),
    ...(error === undefined ? {} : { error }),
  });
}
