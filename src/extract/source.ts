// The first step: from a source to finished parts in the run folder.
// In: what a stream takes, and of records the window. Out: parts, bytes as received, each hashed and on disk before it is
// yielded. What must hold: a part is complete when it is yielded; asked again for the same input, a source yields the
// same parts, or goes on after those that are known already.

import type { Part } from "../core/model.ts";
import type { FileSource, ObjectSource, StreamSource } from "../job/job.ts";

export interface ExtractRequest<S extends StreamSource = StreamSource> {
  source: S;
  /** Fields of records to take; files come whole. */
  columns: readonly string[];
  /** Of an incremental stream: what changed since `from` (undefined: ever) and before `to`. ISO 8601. */
  window?: Window;
  /** Parts that an earlier attempt has finished. */
  known: readonly Part[];
  /** What `keepHandle` was last given in an earlier attempt. */
  handle: string | null;
  /** Remembers a remote handle; durable when it returns. */
  keepHandle(handle: string): void;
  /** Where the parts go; exists. */
  folder: string;
  signal: AbortSignal;
  /** Bytes, or records, received so far and in total (0: not known), for progress. */
  onProgress(done: number, total: number): void;
}

/** Half open: `from` is in, `to` is not. */
export interface Window {
  from?: string;
  to: string;
  /** Records to take whatever their time: an earlier run could not load them. */
  pending: readonly string[];
}

export type ExtractedPart = Omit<Part, "columns">;

/** A file that a source would take now. */
export interface ListedFile {
  path: string;
  label: string;
  compressed: boolean;
}

/** What a stream's expressions can use of an object. */
export interface RecordSchema {
  object: string;
  /** Field to DuckDB type. */
  columns: ReadonlyMap<string, string>;
  /** Fields that can't be read, lower case, with why and what to use instead. */
  refused: ReadonlyMap<string, { message: string; next: string }>;
  /** Names in every extracted record: what it is, when it changed. */
  idColumn: string;
  versionColumn: string;
  /** Names that come along when deleted records do. */
  deletionColumns: readonly string[];
  /** The type of a parent's field, `Account.Name`; undefined where there is none. */
  resolveParentField(path: string): Promise<string | undefined>;
}

/** What a source of records has and a source of files does not. */
export interface RecordCatalog {
  /** How far a window reaches back where the job does not say, in ms. */
  overlapMs: number;
  describe(source: ObjectSource): Promise<RecordSchema>;
  /** The system's own clock: a window ends there. */
  readClock(): Promise<Date>;
}

export interface Source {
  /** What state is kept under: the org that answers, or the folder. */
  readonly orgId: string;
  readonly records?: RecordCatalog;
  /** Files that are there now; none of a source of records. */
  list(source: FileSource): ListedFile[];
  extract(request: ExtractRequest): AsyncIterable<ExtractedPart>;
}
