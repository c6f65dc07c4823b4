// The JSON summary of docs/design.md §3: one object on one line of stdout a job. Scripts read it: names never change.

import type { StreamDrift } from "../core/drift.ts";
import type { ExitCode } from "../core/exit-code.ts";
import type { StreamCounts } from "../core/model.ts";
import type { LoadForecast } from "./forecast.ts";
import type { RejectReason } from "./reject-reasons.ts";

/** Rejected rows of one file, put beside the sender's files. */
export interface PutRejects {
  /** Below the connection's path. */
  file: string;
  rows: number;
}

/** How the target's present values came to be known. */
export interface ToldPresent {
  /** Only those that rows name, kept ones and what changed since, or all. */
  how: "named" | "changed" | "all";
  /** What changed up to then is among them, by the system's own clock; absent where it is not asked. */
  asOf?: string;
}

export interface StreamSummary extends StreamCounts {
  watermark: { from: string | null; to: string } | null;
  /** The most frequent first, ten at most. */
  rejectReasons: RejectReason[];
  /** What rules of severity warn say of rows that load, likewise. Absent where there are none. */
  warnings?: RejectReason[];
  /** Absent where none were read, or the run folder is gone. */
  presentValues?: ToldPresent;
  /** Absent where nothing was put. */
  rejectsPut?: PutRejects[];
}

export interface RunSummary {
  /** Null where the job could not begin. */
  run: string | null;
  job: string;
  status: "loaded" | "planned" | "partial" | "failed" | "in-doubt" | "stopped";
  streams: Record<string, StreamSummary>;
  apiCalls: Record<string, number>;
  seconds: number;
  exitCode: ExitCode;
  next: string;
  /** What guards and limits object to, a sentence each; absent where nothing is. */
  stops?: readonly string[];
  /** Of a dry run: what earlier runs of the job have left undone, a sentence each; absent where nothing is. */
  waiting?: readonly string[];
  /** Of a dry run: what the load would take. */
  forecast?: readonly LoadForecast[];
  /** Of a truth pass: what it has found of each stream. */
  drift?: Readonly<Record<string, StreamDrift>>;
  /** What went wrong, as a person reads it; absent when nothing did. */
  error?: string;
}
