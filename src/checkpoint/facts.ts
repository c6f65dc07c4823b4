// What the ledger holds, as records. Columns of the tables: ledger-schema.ts; how a record becomes cells: records.ts.

import type { ExitCode } from "../core/exit-code.ts";
import type { Action, Operation, Part, StreamCounts, Way } from "../core/model.ts";
import type { BatchStateName } from "./batch-states.ts";
import type { KeptAggregate, StreamMeasure } from "./measures.ts";
import type { TwinRecord } from "./twin-record.ts";

export type { KeptAggregate, StreamMeasure } from "./measures.ts";

export type RunStatus =
  | "running"
  | "planned"
  | "loaded"
  | "partial"
  | "failed"
  | "in-doubt"
  | "stopped"
  | "superseded"
  | "abandoned";

/** `plan` writes nothing; `apply` writes the plan that an earlier run made. */
export type RunCommand = "plan" | "run" | "apply";

export interface RunRecord {
  id: string;
  job: string;
  jobHash: string;
  jobFile: string;
  /** Of the job file's copy in the run folder; null where an older loadline made it. */
  jobSha256: string | null;
  command: RunCommand;
  /** What the command line asked for. */
  options: RunOptions;
  started: string;
  finished: string | null;
  status: RunStatus;
  exitCode: ExitCode | null;
  next: string | null;
  /** The JSON summary as printed, once the run has ended. */
  summary: string | null;
}

export interface RunOptions {
  streams?: string[];
  limit?: number;
  keys?: string[];
  /** A window of one's own for incremental streams, ISO 8601; such a run moves no watermark. */
  from?: string;
  to?: string;
  /** Of a job with a twin: what agrees is taken as agreed on, and nothing is written. */
  adopt?: boolean;
  /** Present values are read anew, whatever is kept of them. */
  fresh?: boolean;
  /** Insert a file that an earlier run has inserted. */
  again?: boolean;
  /** Loading into a protected connection was agreed to, on the command line or by an approval. */
  yes?: boolean;
  /** Every connection is pointed at the local sandbox. */
  sandbox?: boolean;
  /** Rows of an earlier run are taken up in place of the source's. */
  retry?: RetryOptions;
  /** What an earlier run wrote is taken back, in place of what the source has. */
  rollback?: RollbackOptions;
  /** Source and target are compared in full. */
  reconcile?: ReconcileOptions;
  /** Of `apply`: the run whose plan is written. */
  plan?: string;
  /** The file that the plan was written to, or came in; absolute. A run that writes the plan claims it. */
  planFile?: string;
  /** Of `apply`: what objects to the plan, and was approved: `guards.deletes`. */
  passed?: string[];
  /** Of `apply`: what becomes of rows whose record changed since the plan. Without it, they are held back. */
  onConflict?: OnConflict;
  /** Of `apply`: a change of any mapped field counts, not only of those that are written. */
  strict?: boolean;
}

export interface ReconcileOptions {
  /** What differs is loaded, as far as the job's mode may. */
  repair?: true;
  sample?: SampleOptions;
}

/** A part of the keys: a share of them (0 to 1), or about so many. */
export type SampleOptions = { share: number } | { rows: number };

export interface RollbackOptions {
  run: string;
  /** Only what it wrote into these; records that it made or deleted stay as they are then. */
  fields?: string[];
}

/** Rows are held back, written over, or stop the run before it writes anything. */
export type OnConflict = "hold" | "overwrite" | "fail";

export type StreamState = "extracting" | "planned" | "loading" | "settled";

export interface StreamRecord {
  run: string;
  name: string;
  connection: string;
  org: string;
  object: string;
  mode: string;
  state: StreamState;
  planSha256: string | null;
  /** The plan's file, absolute. */
  plan: string | null;
  counts: StreamCounts | null;
  how: string | null;
  /** How its changes are written; null before it is planned, and where there are none. */
  writes: string | null;
  /** Length of the rejects file before the load adds to it. */
  rejectsBytes: number;
  /** Why the files that it takes are not all that there are; null where they are. */
  partial: string | null;
  /** What a person should know of its plan, a sentence each. */
  notes: string[];
  /** What rules of the job object to, a sentence each: nothing of its plan is written. */
  stops: string[];
  /** What rules over the run ask history of, of the rows of this one; none of a run that later ones are not compared with. */
  aggregates: KeptAggregate[];
  /** What its source and target looked like when it was planned; null before that. */
  shape: string | null;
  /** What guards of later runs go by; null where the run is not one to be compared with. */
  measured: StreamMeasure | null;
  /** Of a target that takes whole files: what tells the file that the plan found there, "" for none. Null elsewhere. */
  found: string | null;
}

export interface BatchRecord {
  run: string;
  stream: string;
  number: number;
  operation: Operation;
  object: string;
  externalId: string | null;
  action: Action;
  path: string;
  bytes: number;
  rows: number;
  sha256: string;
  state: BatchStateName;
  handle: string | null;
  attempts: number;
  succeeded: number;
  failed: number;
  conflicts: number;
  inDoubt: number;
  resultsSha256: string | null;
  message: string | null;
  /** How it is written (contract/target.ts). */
  via: Way;
  /** How often its rows were sent before: they were not written, for a reason that passes. */
  round: number;
  /** An earlier attempt, of which nothing can be asked, may have written its rows. */
  again: boolean;
  /** Of a tree: it is sent once those of lower levels are settled. */
  level: number;
}

/** What an incremental or remote stream of a run takes. */
export interface WindowRecord {
  run: string;
  stream: string;
  sourceOrg: string;
  /** ISO 8601; null: from the beginning, or to the end. */
  from: string | null;
  to: string | null;
  /** Whether the watermark moves to `to` once the stream is settled. */
  moves: boolean;
  /** What the source takes it by, a query job say. */
  handle: string | null;
}

/** Up to where a stream has taken its source. */
export interface Watermark {
  job: string;
  stream: string;
  sourceOrg: string;
  targetOrg: string;
  object: string;
  /** The file of the job, as seen from the project's folder. Empty where an older loadline did not write it down. */
  jobFile: string;
  /** What the source was defined to be, as JSON (pipeline/compile/source-definition.ts). Empty as above. */
  source: string;
  to: string;
  /** The run that set it. */
  run: string;
  /** Records of the last overlap that were taken, beside the ledger; null for none. */
  seenFile: string | null;
  /** Null too where an older loadline wrote the file. */
  seenSha256: string | null;
  /** Ids of records that were rejected: the next run takes them again. */
  pending: string[];
  /** When all of the source was taken last; null where an older loadline did not write it down. */
  full: string | null;
  /** The records of the source that were taken and not deleted since, beside the ledger; null where deletions are not told by them. */
  knownFile: string | null;
  knownSha256: string | null;
}

/** Whose a watermark is, whatever its source is defined to be. */
export type WatermarkOwner = Pick<Watermark, "job" | "stream" | "sourceOrg" | "targetOrg" | "object">;
export type WatermarkKey = WatermarkOwner & Pick<Watermark, "jobFile" | "source">;

/** Rows that a run in mode insert has sent, or is about to send: written before the first of them is. */
export interface InsertedRecord {
  org: string;
  /** By the name that the target has for it. */
  object: string;
  run: string;
  stream: string;
  /** Parquet, beside the ledger: the rows' identities (pipeline/diff/inserted.ts). */
  file: string;
  sha256: string;
  rows: number;
  /** When what became of them was known; null before. */
  settled: string | null;
}

/** A file that a run takes, or that lies beside such a file for it: a done file, a manifest. */
export interface TakeRecord {
  run: string;
  stream: string;
  /** 1-based place among the files of the run; 0 and below: it lies beside one. */
  ordinal: number;
  label: string;
  bytes: number;
  modifiedMs: number;
  /** What its sender says is in it. */
  rows: number | null;
  sha256: string | null;
  /** The run that has taken the same bytes, so that this one leaves them out. */
  takenBy: string | null;
  /** It was moved or deleted, as the job wants it, or needs not be. */
  acknowledged: boolean;
}

/** Bytes that a settled stream has taken. */
export interface TakenRecord {
  job: string;
  stream: string;
  targetOrg: string;
  object: string;
  /** As of a watermark. */
  jobFile: string;
  sha256: string;
  run: string;
  label: string;
  bytes: number;
  modifiedMs: number;
  settled: string;
}

/** A part, and whether it had to be read record by record. */
export type PartRecord = Part & { careful: boolean };

/**
 * What a target was given by settled runs: of a file in mode delta the rows, each as it was written last; of a CRM the
 * values that updates wrote last, as hashes.
 */
export interface DeliveredRecord {
  job: string;
  stream: string;
  targetOrg: string;
  object: string;
  /** As of a watermark. */
  jobFile: string;
  /** The fields that tell rows apart. */
  key: string[];
  /** Parquet, beside the ledger. */
  file: string;
  /** Null where an older loadline wrote it. */
  sha256: string | null;
  /** The run that wrote it. */
  run: string;
}

export type DeliveredKey = Pick<DeliveredRecord, "job" | "stream" | "targetOrg" | "object" | "jobFile">;

/** Rows of a stream's files whose parent was not there: kept until a run finds it. */
export interface WaitingRecord extends DeliveredKey {
  /** Parquet, beside the ledger; empty where no row waits any more. */
  file: string;
  sha256: string;
  rows: number;
  /** The run that wrote it, and has the rows in its file of unmatched or rejected ones. */
  run: string;
}

/** Whose a shape is. */
export interface ShapeOwner extends DeliveredKey {
  sourceOrg: string;
  /** The source's object; empty for files. */
  source: string;
}

/** What source and target of a stream look like (pipeline/shape/shape.ts), as JSON. */
export interface ShapeRecord extends ShapeOwner {
  shape: string;
  /** The run that saw it first, and when that was settled. */
  run: string;
  kept: string;
}

/** Bytes whose rows were inserted, all of them. */
export interface InsertedFile {
  org: string;
  object: string;
  sha256: string;
  run: string;
  stream: string;
  label: string;
}

/** A plan with its batches, and what they would insert. */
export interface PlannedStream {
  stream: StreamRecord;
  batches: readonly BatchRecord[];
  inserted?: InsertedRecord | undefined;
}

/** What becomes durable with the end of a stream. */
export interface Settlement {
  stream: StreamRecord;
  watermark?: Watermark;
  /** Of mode insert: files all of whose rows are there now, and what is to be remembered of the rows. */
  insertedFiles?: readonly InsertedFile[];
  /** Bytes that may be inserted again. */
  forgottenFiles?: readonly Pick<InsertedFile, "org" | "object" | "sha256">[];
  inserted?: InsertedRecord;
  taken?: readonly Omit<TakenRecord, "settled">[];
  delivered?: DeliveredRecord;
  waiting?: WaitingRecord;
  shape?: Omit<ShapeRecord, "kept">;
  twin?: TwinRecord;
  /** Rows of an earlier run that this one has taken up. */
  closed?: readonly ClosedRow[];
}

/** That a person has approved a plan. */
export interface ApprovalRecord {
  /** The run that made it. */
  plan: string;
  number: number;
  /** What was approved (plan-hash.ts). */
  planHash: string;
  by: string;
  note: string | null;
  at: string;
  /** What objects to the plan and may be passed this once: `guards.deletes`, `rejects.max`. */
  guards: string[];
}

/** All that the ledger knows of a plan. */
export interface CarriedPlan {
  run: RunRecord;
  streams: {
    stream: StreamRecord;
    parts: PartRecord[];
    takes: TakeRecord[];
    window: WindowRecord | null;
  }[];
}

export interface RetryOptions {
  /** The run that did not load them. */
  run: string;
  /** A file with them as a person has mended them, absolute; without it, they are taken as they were. */
  file?: string;
  /** Rows are taken though a later run has loaded newer ones of their key. */
  older?: true;
}

/** A row that a run did not load, and that is open no more. */
export interface ClosedRow {
  run: string;
  stream: string;
  /** Its id within the two (pipeline/rows/unloaded-rows.ts). */
  row: string;
  /** The run that has taken it up; null where it was dropped. */
  by: string | null;
  /** Why it was dropped. */
  reason: string | null;
}
