// One run in full. In: what the ledger holds of it. Out: text for a person: summary, streams with their parts, batches
// and rejects, then the decisions that are wanted; a plain object for JSON, which leaves nothing out.

import { join } from "node:path";
import { showPath } from "../core/errors.ts";
import { driftTable } from "./drift-view.ts";
import { type Line, type Look, renderLines, sentence } from "./lines.ts";
import { countOf, showBytes, showCount, showTime } from "./numbers.ts";
import { reasonLines } from "./reject-reasons.ts";
import { type RowFileKind, rowFiles } from "./rejects-lines.ts";
import {
  type BatchDetails,
  type PartDetails,
  type RunDetails,
  type RunOverview,
  readSummary,
  type StreamDetails,
} from "./run-record.ts";
import { commandOf, overviewJson, type RunJson } from "./runs-view.ts";
import type { RunSummary } from "./summary.ts";
import { blockOf, countTable, describeEffort, statusTone } from "./summary-view.ts";
import { type Column, tableLines } from "./table.ts";

const rowsShownMax = 20;
const shownShaLength = 12;

export function renderRun(run: RunDetails, look: Look): string {
  const planned = run.streams.flatMap(({ name, counts }) => (counts === null ? [] : [{ name, counts }]));
  const lines = [
    ...overviewLines(run, look.width),
    ...(planned.length > 0 ? [[], ...countTable(planned, look.width, "  ")] : []),
  ];
  lines.push(...driftLines(run));
  for (const stream of run.streams) lines.push([], ...streamLines(run, stream, look.width));
  const doubtful = batchesInDoubt(run);
  if (doubtful.length > 0) lines.push([], ...decisionLines(run, doubtful, look.width));
  else if (run.next !== null && run.next !== `loadline show ${run.id}`) {
    lines.push([], ["Next: ", { text: run.next, whole: true }]);
  }
  return renderLines(lines, look);
}

/** What a truth pass has found, and where. */
function driftLines(run: RunDetails): Line[] {
  const drift = readSummary(run)?.drift;
  if (drift === undefined) return [];
  const files = Object.keys(drift).map((name): Line => {
    return [`  drift of ${name}: `, { text: showPath(join(run.folder, "drift", `${name}.csv`)), whole: true }];
  });
  return [[], ...driftTable(drift, true), ...files];
}

function overviewLines(run: RunDetails, width: number): Line[] {
  const summary = readSummary(run);
  const exit = run.exitCode === null ? "" : `exit ${run.exitCode}, `;
  const effort = summary === null ? "has not ended" : describeEffort(summary);
  return [
    [{ text: run.id, tone: "strong" }, "  ", { text: run.status, tone: statusTone(run.status) }],
    [`  ${commandOf(run)} `, { text: showPath(run.jobFile), whole: true }, run.sandbox ? " in the sandbox" : ""],
    ...earlierLines(run),
    ...sentence("  ", `started ${showTime(run.started)} UTC, ${exit}${effort}`, width),
    ["  ", { text: showPath(run.folder), whole: true }],
    ...(run.report === null ? [] : [["  report: ", { text: showPath(run.report), whole: true }] as Line]),
    ...whyLines(run, width),
  ];
}

/** The run that it is about, where that is another than itself. */
function earlierLines({ options: { rollback, retry } = {} }: RunDetails): Line[] {
  if (rollback !== undefined) return [["  takes back run ", { text: rollback.run, whole: true }]];
  return retry === undefined ? [] : [["  takes up rows of run ", { text: retry.run, whole: true }]];
}

const endings: Record<string, string> = {
  running: "its process is at work",
  killed: "its process ended without a word (killed, or the machine went down): what it had sent is in the ledger",
  superseded: "it had written nothing, and a later run took its place",
  abandoned: "a person has given it up",
};

/** Why a run is not as it was to be; null where it is. */
export function whyOf(run: RunOverview): string | null {
  const { error, stops = [] } = readSummary(run) ?? {};
  if (error !== undefined) return error;
  if (stops.length > 0) return `a run of this plan would stop: ${stops.join("; ")}`;
  return endings[run.status] ?? null;
}

function whyLines(run: RunDetails, width: number): Line[] {
  const why = whyOf(run);
  if (why === null) return [];
  if (run.status in endings) return [[], ...sentence("  ", why, width)];
  const [first = "", ...others] = why.split("\n");
  // As it was told: the places, paths and commands in it are copied.
  const further = others.map((text): Line => [{ text: `    ${text}`, whole: true }]);
  return [[], [{ text: `  ✗ ${first}`, tone: "alarm", whole: true }], ...further];
}

function streamLines(run: RunDetails, stream: StreamDetails, width: number): Line[] {
  const { name, connection, object, mode, org, state, how, writes, notes, parts, batches, counts } = stream;
  const target = `${state}; ${mode}, org ${org}${how === null ? "" : `; present values: ${how}`}`;
  const lines: Line[] = [
    [{ text: name, tone: "strong" }, ` → ${connection} ${object}`],
    ...sentence("  ", target, width, "faint"),
    ...(writes === null ? [] : sentence("  ", `writes: ${writes}`, width, "faint")),
    ...notes.flatMap((note) => sentence({ text: "  ! ", tone: "caution" }, note, width)),
  ];
  if (parts.length > 0) {
    lines.push([], ...tableLines(partColumns, parts.slice(0, rowsShownMax), "  "), ...moreLine(parts.length, "part"));
  }
  if (batches.length > 0) {
    const shown = batchesWorthSeeing(batches);
    lines.push([], ...tableLines(batchColumns, shown, "  "), ...moreLine(batches.length, "batch", "batches"));
    for (const { number, message } of shown) {
      if (message !== null) lines.push(...sentence(`  batch ${number}: `, message, width));
    }
  }
  lines.push(...blockOf(reasonLines(stream.rejectReasons, "  Rejected, by reason:")));
  lines.push(...blockOf(reasonLines(stream.warnings ?? [], "  Loaded with a warning, by rule:", "caution")));
  const files = counts === null ? [] : rowFiles(run.folder, { name, counts });
  if (files.length === 0) return lines;
  const named = files.map(({ kind, path }): Line => [`  ${kind}: `, { text: showPath(path), whole: true }]);
  return [...lines, [], ...named];
}

const partColumns: readonly Column<PartDetails>[] = [
  { title: "part", cell: ({ label }) => label },
  { title: "size", right: true, cell: ({ bytes }) => showBytes(bytes) },
  { title: "sha256", cell: ({ sha256 }) => sha256.slice(0, shownShaLength), tone: () => "faint" },
];

const batchColumns: readonly Column<BatchDetails>[] = [
  { title: "batch", right: true, cell: ({ number }) => String(number) },
  { title: "action", cell: ({ action }) => action },
  { title: "state", cell: ({ state }) => state, tone: ({ state }) => batchTone(state) },
  { title: "rows", right: true, cell: ({ rows }) => showCount(rows) },
  { title: "loaded", right: true, cell: ({ succeeded }) => showCount(succeeded) },
  {
    title: "failed",
    right: true,
    cell: ({ failed }) => showCount(failed),
    tone: ({ failed }) => (failed > 0 ? "alarm" : "faint"),
  },
  { title: "via", cell: ({ via }) => via },
  { title: "handle", cell: ({ handle }) => handle ?? "" },
];

function batchTone(state: string): "good" | "alarm" | undefined {
  if (state === "settled") return "good";
  return state === "in-doubt" || state === "refused" ? "alarm" : undefined;
}

/** Of thousands of batches, those are looked for where something went wrong or that are not over. */
function batchesWorthSeeing(batches: readonly BatchDetails[]): BatchDetails[] {
  if (batches.length <= rowsShownMax) return [...batches];
  const isCalm = ({ state, failed }: BatchDetails) => state === "settled" && failed === 0;
  return [...batches.filter((batch) => !isCalm(batch)), ...batches.filter(isCalm)]
    .slice(0, rowsShownMax)
    .sort((left, right) => left.number - right.number);
}

function moreLine(total: number, noun: string, plural?: string): Line[] {
  const more = total - rowsShownMax;
  return more > 0
    ? [[{ text: `  … and ${countOf(more, `more ${noun}`, `more ${plural ?? `${noun}s`}`)}`, tone: "faint" }]]
    : [];
}

function batchesInDoubt(run: RunDetails): BatchDetails[] {
  return run.streams.flatMap(({ batches }) => batches.filter(({ state }) => state === "in-doubt"));
}

function decisionLines(run: RunDetails, doubtful: readonly BatchDetails[], width: number): Line[] {
  const rows = doubtful.reduce((sum, { inDoubt }) => sum + inDoubt, 0);
  const question = `A decision is wanted: ${countOf(rows, "row")} in ${countOf(doubtful.length, "batch", "batches")} may or may not have been written. Look in the target for the keys in these files:`;
  const command = `loadline resume ${run.id} --in-doubt`;
  return [
    ...sentence({ text: "! ", tone: "alarm" }, question, width, "strong"),
    ...doubtful.map(({ path }): Line => ["    ", { text: showPath(path), whole: true }]),
    ["  they are there:      ", { text: `${command} landed`, whole: true }],
    ["  they are not there:  ", { text: `${command} not-landed`, whole: true }],
  ];
}

export interface RunDetailsJson extends RunJson {
  jobFile: string;
  folder: string;
  /** Its HTML report, where there is one. */
  report: string | null;
  summary: RunSummary | null;
  /** Why it failed, stopped, or is not as it was to be; null where nothing is wrong. */
  why: string | null;
  /** With the files that name the rows which were not loaded. */
  streams: (StreamDetails & Record<RowFileKind, string | null>)[];
  /** Batches that wait for `resume --in-doubt`. */
  decisions: { stream: string; batch: number; rows: number; path: string; message: string | null }[];
}

export function runJson(run: RunDetails): RunDetailsJson {
  return {
    ...overviewJson(run),
    jobFile: run.jobFile,
    folder: run.folder,
    report: run.report,
    summary: readSummary(run),
    why: whyOf(run),
    streams: run.streams.map((stream) => ({
      ...stream,
      ...namedFiles(run.folder, stream),
    })),
    decisions: batchesInDoubt(run).map(({ stream, number, inDoubt, path, message }) => ({
      stream,
      batch: number,
      rows: inDoubt,
      path,
      message,
    })),
  };
}

function namedFiles(folder: string, { name, counts }: StreamDetails): Record<RowFileKind, string | null> {
  const files = counts === null ? [] : rowFiles(folder, { name, counts });
  const pathOf = (wanted: RowFileKind) => files.find(({ kind }) => kind === wanted)?.path ?? null;
  return {
    rejects: pathOf("rejects"),
    conflicts: pathOf("conflicts"),
    unmatched: pathOf("unmatched"),
    duplicates: pathOf("duplicates"),
  };
}
