// A run as the ledger keeps it, as far as `show` and `runs` tell of it.

import { noCounts, type StreamCounts } from "../core/model.ts";
import type { RejectReason } from "./reject-reasons.ts";
import type { RunSummary } from "./summary.ts";

export interface RunOverview {
  id: string;
  job: string;
  jobFile: string;
  command: string;
  status: string;
  /** ISO 8601, UTC. */
  started: string;
  finished: string | null;
  exitCode: number | null;
  next: string | null;
  /** The JSON summary as printed; null while the run goes on, or if it was killed. */
  summary: string | null;
  /** Whether it ran against the local sandbox. */
  sandbox: boolean;
  /** Of what it was asked for: the runs that it takes back, or takes up rows of. */
  options?: { rollback?: { run: string }; retry?: { run: string } };
}

export interface RunDetails extends RunOverview {
  /** The run folder. */
  folder: string;
  /** Its HTML report, where there is one. */
  report: string | null;
  streams: readonly StreamDetails[];
}

export interface StreamDetails {
  name: string;
  connection: string;
  org: string;
  object: string;
  mode: string;
  state: string;
  /** Null before the stream is planned. */
  counts: StreamCounts | null;
  how: string | null;
  /** How its changes are written. */
  writes: string | null;
  /** Why rows were rejected, ten at most; none once the run folder is deleted. */
  rejectReasons: readonly RejectReason[];
  /** What rules of severity warn say of rows that load; likewise. */
  warnings?: readonly RejectReason[];
  /** What a person should know of its plan. */
  notes: readonly string[];
  parts: readonly PartDetails[];
  batches: readonly BatchDetails[];
}

export interface PartDetails {
  label: string;
  path: string;
  bytes: number;
  sha256: string;
}

export interface BatchDetails {
  stream: string;
  number: number;
  action: string;
  path: string;
  rows: number;
  state: string;
  via: string;
  handle: string | null;
  attempts: number;
  succeeded: number;
  failed: number;
  conflicts: number;
  inDoubt: number;
  message: string | null;
}

/** Seconds from start to end, as the run itself measured them. */
export function secondsOf(run: RunOverview): number | null {
  return readSummary(run)?.seconds ?? null;
}

/** A count of the run's summary, over its streams. */
export function sumOf(run: RunOverview, count: keyof StreamCounts): number | null {
  const summary = readSummary(run);
  if (summary === null) return null;
  // An older loadline did not count all of them.
  return Object.values(summary.streams).reduce((sum, counts) => sum + { ...noCounts(), ...counts }[count], 0);
}

export function readSummary(run: RunOverview): RunSummary | null {
  return run.summary === null ? null : (JSON.parse(run.summary) as RunSummary);
}
