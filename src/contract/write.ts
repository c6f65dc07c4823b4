// How a target is written to. Of writes there are four kinds: a connector has one or more of them, and src/load/ has the
// protocol of each, once. In: a batch, whose file holds exactly the bytes that are sent. Out: results by row. What must
// hold: every method that changes something ends as done, refused or unknown (http/outcome.ts) and never sends a row twice
// by itself; what proves a row after silence is told per operation, and what nothing proves is left in doubt.

import type { Operation } from "../core/model.ts";
import type { Beside } from "../job/job.ts";
import type { FileStore } from "./files.ts";
import type { VersionColumns } from "./present.ts";

/** One batch as the target takes it. The file holds exactly the bytes that are sent. */
export interface Batch {
  object: string;
  operation: Operation;
  path: string;
  bytes: number;
  rows: number;
  /** Of an object that gives way to a new one: what `markContent` gave of it. Where it is another by now, nothing is written. */
  found?: string;
  /** Of mode history: how its versions are told. */
  history?: BatchHistory;
  /** The external id that an upsert goes by. */
  externalId?: string;
  /** Columns that new rows are matched by: results need no others. */
  key?: readonly string[];
  /** The rule that gives records an owner. */
  assignmentRule?: string;
  sha256: string;
  /** What is written beside a whole file. */
  beside?: Beside;
}

/** A row is a version of a record; the one that holds has no end. */
export interface BatchHistory extends VersionColumns {
  /** What names a record. */
  key: readonly string[];
  /** What is mapped: a new version has it of the one before, where nothing is said. */
  fields: readonly string[];
  /** When what is written came to hold, ISO 8601. */
  at: string;
}

/** What the remote says of a batch after the commit call. */
export type BatchState =
  | { state: "open" }
  | { state: "processing"; processed: number }
  | { state: "complete"; processed: number; failed: number }
  /** `again`: for a reason that passes, so that what it left unprocessed may be sent again. */
  | { state: "failed"; message: string; processed: number; again: boolean }
  /** `untouched`: it ended before the remote began with it. */
  | { state: "aborted"; untouched: boolean }
  /** `message`: how that was found. */
  | { state: "gone"; message?: string };

/** Results of a batch as files in the run folder, columns as the target names them. */
export interface ResultFiles {
  succeeded: string;
  failed: string;
  unprocessed: string;
}

/** Names of the columns in ResultFiles. */
export interface ResultColumns {
  id: string;
  created: string;
  error: string;
}

export interface RowError {
  code: string;
  message: string;
  fields: string[];
  /** Set where the row was not written for a reason that passes, and may be sent again: what it was, "locked" say. */
  again?: string;
}

/**
 * What tells, after a call that was not answered, which of its rows were written. `key`: a unique key, by which a second
 * call finds what the first one made. `own-id`: an id of our choosing, which the target takes once. `read-back`: what was
 * written is found by its values. `same-end`: a second call leaves the same records, as an update by id does.
 */
export type Proof = "key" | "own-id" | "read-back" | "same-end" | "nothing";

/**
 * A job: a handle that does nothing yet, bytes, a call by which the remote acts, and results by row. The handle proves
 * them. `upload` and `commit` are split so that the decision to commit can be durable before the remote acts on it.
 */
export interface JobWrites {
  /** How long a handle can be asked what became of it. */
  readonly handlesKeptDays: number;
  /** Makes a remote handle that does nothing yet. */
  open(batch: Batch, signal: AbortSignal): Promise<string>;
  /** Sends the bytes to an open handle. The remote does not act on them before `commit`. */
  upload(handle: string, batch: Batch, onBytes: (bytes: number) => void, signal: AbortSignal): Promise<void>;
  /** Tells the remote to act. Safe to call again on a handle that is still open. */
  commit(handle: string, batch: Batch, signal: AbortSignal): Promise<void>;
  /** Throws away a handle that was not committed. False when the remote acted on it after all: its results count. */
  abandon(handle: string, signal: AbortSignal): Promise<boolean>;
  inspect(handle: string, batch: Batch, signal: AbortSignal): Promise<BatchState>;
  /** What became of the rows; where there is `fetchRefused`, of those that were written. */
  fetchResults(handle: string, batch: Batch, files: ResultFiles, signal: AbortSignal): Promise<void>;
  /** Of the others, where they are asked apart: done unless every row that was sent is told as written. */
  fetchRefused?(handle: string, batch: Batch, files: ResultFiles, signal: AbortSignal): Promise<void>;
}

/** Answers to the calls of one batch, by the place of a row in its file, counted from 1; each as the connector puts it into JSON. */
export interface CallJournal {
  /** Of earlier attempts. These rows are not sent again. */
  readonly kept: ReadonlyMap<number, unknown>;
  /** Where a call was answered, at once: what its rows are told. A row that may be sent again is left out. */
  keep(answers: ReadonlyMap<number, unknown>): void;
}

/** One go at a batch by calls. */
export interface CallAttempt {
  /** An earlier call may have written its rows, so that a record which is there already may be our own and is told as neither created nor found. */
  again: boolean;
  /** What `begin` gave. */
  begun: string | null;
  /** What is known of its calls. */
  journal: CallJournal;
}

/** Calls that are answered with the results of their rows. */
export interface CallWrites {
  /** What proves the rows of an operation; `externalId`: its key in the target, null without one. */
  proofOf(operation: Operation, externalId: string | null): Proof;
  /** What to remember of the moment before a batch is first sent; durable before it is. */
  begin?(batch: Batch): Promise<string>;
  /** Writes a batch and its results, as files. */
  write(batch: Batch, attempt: CallAttempt, files: ResultFiles, signal: AbortSignal): Promise<void>;
  /** The results of rows whose answers were kept, of a batch that nothing proves; where it keeps any. */
  recall?(batch: Batch, kept: CallJournal["kept"], files: ResultFiles): void;
}

/** A database: rows and a mark that they were written are one transaction. */
export interface TransactionWrites {
  /** Writes a batch, its results and the mark: all of it or nothing. The results are as `fetchResults` gives them. */
  write(mark: string, batch: Batch, files: ResultFiles, signal: AbortSignal): Promise<void>;
  /** Whether a transaction with this mark has come to its end. */
  remembers(mark: string, signal: AbortSignal): Promise<boolean>;
  /** Marks of batches that are settled: nobody asks for them again. */
  forget?(marks: readonly string[]): Promise<void>;
  /** What became of each row of a batch that is remembered. */
  fetchResults(mark: string, batch: Batch, files: ResultFiles, signal: AbortSignal): Promise<void>;
}

/** The kinds of write that a target has. */
export interface Writes {
  job?: JobWrites;
  calls?: CallWrites;
  transaction?: TransactionWrites;
  /** A batch is a whole file: all columns, written even without rows, all or nothing, no answers for single rows. */
  wholeFile?: FileStore;
}
