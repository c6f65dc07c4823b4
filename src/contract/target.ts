// The load step's view of a CRM: what it can do, how it writes values, and the calls that change it.
// What must hold: `submit` and `commit` are split so that a handle can be durable before the remote acts on it; every
// method that changes something ends as done, refused or unknown (http/outcome.ts) and never sends a row twice by itself.

import type { FieldSchema, ObjectSchema, ObjectSummary, Operation, Way } from "../core/model.ts";
import type { Beside, Mode, Place } from "../job/job.ts";
import type { Reading } from "../values/value.ts";

/** How the target stores a value, as SQL over a mapped value. */
export interface RenderedField {
  /** VARCHAR as the target would give it back, NULL for no value. Equal text means an equal value. */
  value: string;
  /** The same for what the target holds already, where that may be more than what can be written to it. */
  stored?: string;
  /** A BOOLEAN that is true where the mapped value can't be stored in the field, and what to say then (VARCHAR). */
  invalid?: { condition: string; message: string };
  /** BOOLEAN over the mapped value: what is stored is not it but rounded. Only where the reading rounds. */
  rounded?: string;
  /** The stored value with a type to compare and compute with, for the rules of a job. */
  typed: string;
}

/** One batch as the target takes it. The file holds exactly the bytes that are sent. */
export interface Batch {
  object: string;
  operation: Operation;
  path: string;
  bytes: number;
  rows: number;
  /** The external id that an upsert goes by. */
  externalId?: string;
  /** The rule that gives records an owner. */
  assignmentRule?: string;
  sha256: string;
  /** What is written beside a whole file. */
  beside?: Beside;
}

/** What a job asks for beyond its fields. */
export interface Demands {
  object: string;
  hardDelete: boolean;
  assignmentRule?: string;
  place: Place;
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

export interface SnapshotRequest {
  object: string;
  /** Fields to read besides the id and the version. */
  fields: string[];
  key: string[];
  /** Present when there are few enough keys to name them (`namedKeysMax`): the values of the only key field. */
  keys?: { count: number; read(): AsyncIterable<string> };
  /** Only records within it, a filter in the vendor's own language; with `keys` as the records are, whatever an index says. */
  scope?: string;
  folder: string;
  /** What the files' names start with. */
  name: string;
  signal: AbortSignal;
  onProgress(rows: number): void;
}

export interface Snapshot {
  /** CSV files, UTF-8, comma, quoted, each with a header: id, version, then the fields. */
  files: string[];
  rows: number;
  /** The same records once more, by other values of the key that name them too; columns as in `files`. */
  aliases?: string[];
  /** How it was read, for the plan: "2 keyed queries", "one scan". */
  how: string;
}

/** API calls of a day (a rolling 24 hours), of the whole org. */
export interface Allowance {
  used: number;
  max: number;
  /** Percent of the org's that `max` is, where the connection keeps to a share of it. */
  share?: number;
}

/** Rows of one operation that are to be written. */
export interface WayRequest {
  schema: ObjectSchema;
  operation: Operation;
  externalId?: string;
  assignmentRule?: string;
  rows: number;
  /** Of all operations of the stream. */
  streamRows: number;
  /** What is mapped. */
  fields: readonly FieldSchema[];
  /** Calls that the job's limits and the day leave. */
  callsLeft: number;
  /** The job wants the bulk endpoint. */
  via?: "bulk";
  /** Rows of one batch at most, where the job says so. */
  batchRows?: number;
}

export interface BatchSize {
  via: Way;
  rows: number;
  operation: Operation;
  /** Mapped fields that name another record. */
  parents: number;
}

export interface WayChoice {
  via: Way;
  /** For people: "in bulk", "by collections". */
  how: string;
  /** Rows and bytes of one batch at most. */
  batchRowsMax: number;
  batchBytesMax: number;
}

export interface TargetCapabilities {
  /** How long a handle can be asked what became of it. */
  handlesKeptDays: number;
  /** Batches that may be in flight at once. */
  batchesInFlight: number;
  /** What a cell holds that empties a field. */
  clearCell: string;
  /** Columns that name a record and its version in snapshots and batches. */
  idColumn: string;
  versionColumn: string;
  results: ResultColumns;
  /** Modes that this target can load. */
  modes: readonly Mode[];
  /** Up to this many keys a target is asked for the records that they name, rather than for all. */
  namedKeysMax: number;
  /** Records are found by what any field holds at the moment, not by an index that comes later. */
  findsByAnyField?: true;
  /** Where the key of an insert is unique in the target, a second call creates nothing and says what is there. */
  insertsByKey?: true;
  /** A batch is a whole file: all columns, written even without rows, all or nothing, no answers for single rows. */
  wholeFiles?: boolean;
}

export interface Target {
  readonly capabilities: TargetCapabilities;
  /** The org or portal that the connection answers with. State is kept under it. */
  readonly orgId: string;
  /** Calls made so far. */
  readonly apiCalls: number;
  /** What a person should know of the connection; grows. */
  readonly warnings: readonly string[];
  /** As the latest answer told it; undefined as long as none did. */
  readonly allowance: Allowance | undefined;
  /** Asks for the allowance; undefined where the user may not see it. */
  readAllowance(): Promise<Allowance | undefined>;
  /** API calls that a batch takes, waiting included, by estimate. */
  forecastCalls(batch: BatchSize): number;
  /** API calls that reading so many records by their ids or keys takes, by estimate. */
  forecastReads(records: number): number;
  /** Milliseconds spent waiting for answers so far. */
  readonly waitedMs: number;
  /** The objects that this user can see. */
  listObjects(): Promise<ObjectSummary[]>;
  describe(object: string): Promise<ObjectSchema>;
  /** The system's own name of an object, where it takes others too. Throws a Failure (2) where there is none. */
  canonicalName?(object: string): Promise<string>;
  /** Throws a Failure where this user, or the object, does not allow what a job asks for (8 or 2). Writes no record. */
  refuseDemands(demands: Demands): Promise<void>;
  /** The schema of a mapped name, also `Relation.External_Id`; undefined when there is no such field. */
  resolveField(schema: ObjectSchema, name: string): Promise<FieldSchema | undefined>;
  /** What is wrong with a mapped name that can't be resolved, where that is more than a slip. */
  explainName(
    schema: ObjectSchema,
    name: string,
  ): Promise<{ message: string; suggestion?: string; next?: string } | undefined>;
  render(field: FieldSchema, value: string, type: string, reading: Reading): RenderedField;
  /** What `clear` stores: NULL, or the value that stands for it (a checkbox is never empty). SQL. */
  clearedValue(field: FieldSchema): string;
  snapshot(request: SnapshotRequest): Promise<Snapshot>;
  /** The way of fewest calls that is safe for an operation. */
  chooseWay(request: WayRequest): WayChoice;
  /** What to remember of the moment before a batch of way `collections` is first sent; durable before it is. */
  begin?(batch: Batch): Promise<string>;
  /**
   * Writes a batch of way `collections` and its results, as files. `again`: an earlier call may have written its rows,
   * so that a record which is there already may be our own and is told as neither created nor found. `handle` is what
   * `begin` gave.
   */
  write(
    batch: Batch,
    attempt: { again: boolean; handle: string | null },
    files: ResultFiles,
    signal: AbortSignal,
  ): Promise<void>;
  /** Makes a remote handle that does nothing yet. */
  open(batch: Batch, signal: AbortSignal): Promise<string>;
  /** Sends the bytes to an open handle. The remote does not act on them before `commit`. */
  upload(handle: string, batch: Batch, onBytes: (bytes: number) => void, signal: AbortSignal): Promise<void>;
  /** Tells the remote to act. Safe to call again on a handle that is still open. */
  commit(handle: string, batch: Batch, signal: AbortSignal): Promise<void>;
  /** Throws away a handle that was not committed. False when the remote acted on it after all: its results count. */
  abandon(handle: string, signal: AbortSignal): Promise<boolean>;
  inspect(handle: string, batch: Batch, signal: AbortSignal): Promise<BatchState>;
  fetchResults(handle: string, batch: Batch, files: ResultFiles, signal: AbortSignal): Promise<void>;
  readError(text: string): RowError;
  /** Runs `act`; a call that failed for good becomes a Failure that says what to do. */
  explain<T>(doing: string, act: () => Promise<T>): Promise<T>;
  close(): void;
}

/** The folder of a target that takes whole files. */
export interface FileStore {
  /** What state is kept under. */
  readonly orgId: string;
  readonly warnings: readonly string[];
  /** Whether a file of this name is there, listed or not. */
  has(name: string): Promise<boolean>;
  /** Whether this very file is there: the same size, with `bytes` the same bytes too. */
  holds(name: string, file: LocalFile, by: "size" | "bytes"): Promise<boolean>;
  /** Writes a local file under a name; it is on the disk then. May go on with what an earlier attempt has left there. */
  write(name: string, file: StoredFile, signal: AbortSignal): Promise<void>;
  /** Gives a file another name, in place of a file that has it: in one step where the store can. */
  rename(name: string, to: string): Promise<void>;
  close(): void;
}

export interface LocalFile {
  path: string;
  bytes: number;
}

interface StoredFile extends LocalFile {
  onBytes(bytes: number): void;
}
