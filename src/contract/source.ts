// The first step: from a source to finished parts in the run folder.
// In: what a stream takes, and of records the window. Out: parts, bytes as received, each hashed and on disk before it is
// yielded. What must hold: a part is complete when it is yielded; asked again for the same input, a source yields the
// same parts, or goes on after those that are known already.

import type { Part } from "../core/model.ts";
import type { FileSource, ObjectSource, StreamSource } from "../job/job.ts";

export interface ExtractRequest<S extends StreamSource = StreamSource> {
  source: S;
  /** What to take of a source of files. */
  files: readonly ChosenFile[];
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
  /** Tells a person what the source does that it should not. */
  onDoubt?(text: string): void;
  /** Bytes, or records, received so far and in total (0: not known), for progress. */
  onProgress(done: number, total: number): void;
}

/** Half open: `from` is in, `to` is not. */
export interface Window {
  from?: string;
  to: string;
  /** Where deletions are asked for from, if that is later than `from`: where all is taken again. */
  deletedFrom?: string;
  /** Records to take whatever their time: an earlier run could not load them. */
  pending: readonly string[];
}

export type ExtractedPart = Omit<Part, "columns">;

/** A file of a source as it is now. */
export interface ListedFile {
  /** Below the connection's folder, with slashes. */
  label: string;
  /** As the source states it; a file is read to its end, whatever that is. 0 where nothing is stated. */
  bytes: number;
  /** 0 where the source does not say. */
  modifiedMs: number;
}

/** What a glob found. */
export interface Listing {
  /** In the order of their names. */
  files: ListedFile[];
  /** Names that match but for capital and small letters: they are not taken. */
  nearly: string[];
}

/** A file that a run takes. */
export interface ChosenFile extends ListedFile {
  ordinal: number;
  /** What its sender says is in it, where there is a manifest. */
  rows: number | null;
  sha256: string | null;
}

/** What a source of files has and a source of records does not. */
export interface FileCatalog {
  /** Whether files are only looked at: in a rehearsal they are neither moved nor deleted. */
  readonly readOnly: boolean;
  /** The files that match. Throws a Failure for one that matches and can't be taken: none is left out in silence. */
  list(source: FileSource): Promise<Listing>;
  /** A path on this machine, with the ending of the label, where the first `bytes` can be read; if need be in `folder`. */
  fetchHead(label: string, bytes: number, folder: string): Promise<string>;
  /** The whole of a small text file; undefined where there is none. */
  readText(label: string): Promise<string | undefined>;
  /** As it is now; undefined where there is none. */
  look(label: string): Promise<ListedFile | undefined>;
  /** The SHA-256 of all of its bytes. */
  hash(label: string): Promise<string>;
  /** Moves a file in one step. False where `to` is taken, which is never written over. Makes the folders of `to`. */
  move(label: string, to: string): Promise<boolean>;
  /** One that is gone is deleted. */
  remove(label: string): Promise<void>;
}

/** What a stream's expressions can use of an object. */
export interface RecordSchema {
  object: string;
  /** Field to DuckDB type. */
  columns: ReadonlyMap<string, string>;
  /** Fields that change without a change of their record. */
  derived?: ReadonlySet<string>;
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
  /** A source's `where` is answered by a search index, which is behind what is there. */
  filtersByIndex?: true;
  /** The system's own clock: a window ends there. */
  readClock(): Promise<Date>;
}

export interface Source {
  /** What state is kept under: the org that answers, or the folder. */
  readonly orgId: string;
  readonly records?: RecordCatalog;
  readonly files?: FileCatalog;
  extract(request: ExtractRequest): AsyncIterable<ExtractedPart>;
}
