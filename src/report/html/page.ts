// The report of a run as data: what one page holds. In: whoever knows of a run, or of a plan alone. Out: write-page.ts
// makes the file of it. What must hold: nothing in here is a value that the job redacts; a section without entries is
// left out of the page, so that a plan without a run folder leaves its lists empty.

import type { DriftLine } from "../../core/drift.ts";
import type { Action, StreamCounts } from "../../core/model.ts";
import type { LoadForecast } from "../forecast.ts";
import type { FieldChange, Value } from "../plan.ts";
import type { RowFile, RowFileKind } from "../rejects-lines.ts";
import type { BatchDetails, RunOverview } from "../run-record.ts";

export interface ReportPage {
  run: RunOverview;
  /** The run folder; null where there is none. */
  folder: string | null;
  /** As commands name it: the run's id, or the file of a plan. */
  named: string;
  /** The version that made the page, and when: ISO 8601. */
  madeBy: string;
  madeAt: string;
  /** Why it is not as it was to be, in its own words; null where it is. */
  why: string | null;
  forecasts: readonly LoadForecast[];
  streams: readonly PageStream[];
  /** Target fields whose values are not in the page. */
  redact: readonly string[];
  /** Why rows were not written. */
  reasons: readonly PageReason[];
  rowFiles: readonly PageRowFile[];
  /** Of a truth pass: the first of what differs. */
  differences: readonly PageDifference[];
  notices: readonly PageNotice[];
  batches: readonly BatchDetails[];
  timings: readonly PageTiming[];
  /** By connection; null where it is not known. */
  apiCalls: Readonly<Record<string, number>> | null;
}

export interface PageStream {
  name: string;
  connection: string;
  org: string;
  object: string;
  mode: string;
  state: string;
  key: readonly string[];
  /** Null before it is planned. */
  counts: StreamCounts | null;
  how: string | null;
  writes: string | null;
  notes: readonly string[];
  /** Rows that break a rule of severity warn; null where it is not known. */
  warnings: number | null;
}

/** Rows of a stream that are not written for one reason. */
export interface PageReason {
  stream: string;
  kind: RowFileKind;
  /** The field and rule, where it is of one. */
  of: string;
  /** Empty where the field and rule say it. */
  reason: string;
  rows: number;
  /** "record 3 of contacts.csv, key C-1: 003…" */
  examples: readonly string[];
}

/** The file that names all rows of a kind. */
export interface PageRowFile extends Omit<RowFile, "path"> {
  stream: string;
  /** Null where it is in the file of a plan. */
  path: string | null;
}

export interface PageDifference extends DriftLine {
  stream: string;
}

/** What was told while it ran. */
export interface PageNotice {
  /** ISO 8601. */
  time: string;
  kind: "warning" | "retry" | "resent";
  message: string;
}

export interface PageTiming {
  stream: string;
  step: string;
  started: string;
  /** Null where it did not come to its end. */
  seconds: number | null;
}

/** The changes of a page, read when it is written. */
export interface PageChanges {
  total: number;
  /** The first of them, in the order of the source. */
  rows: AsyncIterable<PageChange>;
}

/** A change of the plan, and what became of it. */
export interface PageChange {
  stream: string;
  action: Action;
  key: Value;
  id: string | null;
  /** Empty where it was not sent. */
  outcome: string;
  /** What the target said of it. */
  message: string | null;
  fields: readonly FieldChange[];
}
