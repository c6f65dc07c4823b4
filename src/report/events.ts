// What happens in a run, as one union. In: facts from the pipeline. Out: consumers (terminal, events.jsonl) that only
// read. What must hold: an event holds no value of a record and no credential.

import type { StreamCounts } from "../core/model.ts";

export type Step = "extract" | "stage" | "snapshot" | "diff" | "load";

/** Where records come from or go. */
export interface DatasetName {
  connection: string;
  org: string;
  /** The object, or the files. */
  name: string;
}

interface ColumnName {
  name: string;
  type: string;
}

export type RunEvent =
  | { type: "run-started"; run: string; job: string; command: string; folder: string }
  | { type: "recovering"; run: string }
  | { type: "connected"; connection: string; org: string }
  | { type: "step-started"; stream: string; step: Step }
  /** Not kept in events.jsonl. `total` is absent where it can't be known. */
  | {
      type: "progress";
      stream: string;
      step: Step;
      done: number;
      total?: number;
      unit: "bytes" | "rows";
      detail?: string;
    }
  | { type: "part-extracted"; stream: string; label: string; bytes: number; sha256: string }
  /** What a stream is made of; only where lineage is told. */
  | {
      type: "mapped";
      stream: string;
      source: DatasetName;
      target: DatasetName;
      /** Of the source, as far as the job uses them. */
      columns: readonly ColumnName[];
      /** Of the target, each with the columns that its expression reads. */
      fields: readonly (ColumnName & { from: readonly string[]; isPlain: boolean })[];
      /** Columns that say which rows are taken. */
      filteredBy: readonly string[];
    }
  | { type: "planned"; stream: string; counts: StreamCounts; how: string; warnings: number; batches: number }
  | {
      type: "batch";
      stream: string;
      number: number;
      of: number;
      state: string;
      rows: number;
      handle: string | null;
      message: string | null;
    }
  /** The target has ended with a job: how long it took from the call that began it. */
  | { type: "job-ended"; stream: string; number: number; rows: number; ms: number }
  /** Rows that the target did not write for a reason that passes: how many, why, and the batch that they are in now. */
  | { type: "rows-resent"; stream: string; message: string }
  | { type: "retry"; message: string }
  | { type: "warning"; message: string }
  | { type: "stream-settled"; stream: string; counts: StreamCounts }
  | { type: "run-ended"; run: string; status: string; exitCode: number; seconds: number; waitedSeconds: number };

export type Emit = (event: RunEvent) => void;

/** What went wrong, by its parts; a defect has its message alone. */
interface FailureEvent {
  type: "failure";
  message: string;
  file?: string;
  line?: number;
  column?: number;
  remote?: string;
  why?: string;
  next?: string;
  exitCode?: number;
  /** With `--verbose`. */
  stack?: string;
}

/** What stderr has where it is lines of JSON: the events of runs, and what commands tell beside them. */
export type LogEvent = RunEvent | FailureEvent | { type: "notice"; message: string };
