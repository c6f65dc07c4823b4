// The history of runs, newest first. In: runs of the ledger. Out: a table for a person, a plain object a run for JSON.

import { type Look, renderLines } from "./lines.ts";
import { showCount, showDuration, showTime } from "./numbers.ts";
import { type RunOverview, readSummary, secondsOf, sumOf } from "./run-record.ts";
import type { RunSummary } from "./summary.ts";
import { statusTone } from "./summary-view.ts";
import { type Column, tableLines, tableWidth } from "./table.ts";

export function renderRuns(runs: readonly RunOverview[], look: Look): string {
  if (runs.length === 0) return "No runs yet.";
  const columns = chooseColumns(runs, look.width);
  return renderLines(tableLines(columns, runs), look);
}

type RunColumn = Column<RunOverview> & {
  /** Columns go when the screen is too narrow, the highest first; one without stays. */
  goes?: number;
};

const runColumns: readonly RunColumn[] = [
  { title: "run", cell: ({ id }) => id, tone: () => "strong" },
  // An id starts with the time and holds the job's name: what says so again goes first.
  { title: "job", cell: ({ job }) => job, goes: 8 },
  { title: "command", cell: commandOf, goes: 6 },
  { title: "where", cell: ({ sandbox }) => (sandbox ? "sandbox" : "live"), goes: 5 },
  { title: "status", cell: ({ status }) => status, tone: ({ status }) => statusTone(status) },
  { title: "started (UTC)", cell: ({ started }) => showTime(started), goes: 7 },
  { title: "took", right: true, cell: (run) => showSeconds(secondsOf(run)), goes: 4 },
  {
    title: "loaded",
    right: true,
    cell: (run) => showNumber(sumOf(run, "loaded")),
    tone: zeroIsFaint("loaded", undefined),
    goes: 2,
  },
  {
    title: "failed",
    right: true,
    cell: (run) => showNumber(sumOf(run, "failed")),
    tone: zeroIsFaint("failed", "alarm"),
    goes: 1,
  },
  { title: "drift", right: true, cell: (run) => showNumber(driftLeft(run)), tone: () => "caution" },
  { title: "waiting", right: true, cell: (run) => showNumber(sumOf(run, "waiting")), goes: 3 },
  { title: "next", cell: nextStep, goes: 3 },
];

function chooseColumns(runs: readonly RunOverview[], width: number): RunColumn[] {
  const isUsed: Readonly<Record<string, (run: RunOverview) => boolean>> = {
    where: ({ sandbox }) => sandbox,
    drift: (run) => driftLeft(run) !== null,
    waiting: (run) => (sumOf(run, "waiting") ?? 0) > 0,
  };
  let columns = runColumns.filter(({ title }) => runs.some(isUsed[title] ?? (() => true)));
  while (tableWidth(columns, runs) > width) {
    const last = Math.max(...columns.map(({ goes }) => goes ?? 0));
    if (last === 0) break;
    columns = columns.filter(({ goes }) => goes !== last);
  }
  return columns;
}

/** What is left to do: the command without its run id, which stands in the same line. */
function nextStep({ id, next, status }: RunOverview): string {
  if (status === "running") return "";
  const command = next?.startsWith("loadline ") === true ? next.slice("loadline ".length) : (next ?? "");
  return command.startsWith("show ") ? "" : command.replace(` ${id}`, "");
}

function showNumber(count: number | null): string {
  return count === null ? "" : showCount(count);
}

function showSeconds(seconds: number | null): string {
  return seconds === null ? "" : showDuration(seconds);
}

function zeroIsFaint(
  count: "loaded" | "failed",
  tone: "alarm" | undefined,
): (run: RunOverview) => "faint" | "alarm" | undefined {
  return (run) => (sumOf(run, count) === 0 ? "faint" : tone);
}

/** A truth pass, and what takes a run back, are no runs of the source. */
export function commandOf(run: RunOverview): string {
  if (readSummary(run)?.drift !== undefined) return "reconcile";
  return run.command === "run" && run.options?.rollback !== undefined ? "rollback" : run.command;
}

/** What of its drift a truth pass has left. */
function driftLeft(run: RunOverview): number | null {
  const drift = readSummary(run)?.drift;
  return drift === undefined ? null : Object.values(drift).reduce((sum, { left }) => sum + left, 0);
}

export interface RunJson {
  run: string;
  job: string;
  command: string;
  status: string;
  exitCode: number | null;
  started: string;
  finished: string | null;
  seconds: number | null;
  loaded: number | null;
  failed: number | null;
  /** Rows that wait for a parent. */
  waiting: number | null;
  /** By stream; null where it was no truth pass. */
  drift: RunSummary["drift"] | null;
  next: string | null;
  sandbox: boolean;
}

export function overviewJson(run: RunOverview): RunJson {
  return {
    run: run.id,
    job: run.job,
    command: commandOf(run),
    status: run.status,
    exitCode: run.exitCode,
    started: run.started,
    finished: run.finished,
    seconds: secondsOf(run),
    loaded: sumOf(run, "loaded"),
    failed: sumOf(run, "failed"),
    waiting: sumOf(run, "waiting"),
    drift: readSummary(run)?.drift ?? null,
    next: run.next,
    sandbox: run.sandbox,
  };
}
