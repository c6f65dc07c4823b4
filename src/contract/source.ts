// The first step: from a source to finished parts in the run folder.
// In: what a stream takes, and of records the window. Out: parts, bytes as received, each hashed and on disk before it is
// yielded. What must hold: a part is complete when it is yielded; asked again for the same input, a source yields the
// same parts, or goes on after those that are known already.

import type { Part } from "../core/model.ts";
import type { StreamSource } from "../job/job.ts";
import type { ChosenFile, FileCatalog } from "./files.ts";
import type { RecordCatalog } from "./records.ts";

export interface ExtractRequest<S extends StreamSource = StreamSource> {
  source: S;
  /** What to take of a source of files. */
  files: readonly ChosenFile[];
  /** Fields of records to take; files come whole. */
  columns: readonly string[];
  /**
   * Deletions are told by comparison: one more part (`keysLocator`) of all records that are there, within the source's
   * `where` or not, as of the records' moment or later. `keysColumns`, then these; NULL where the text is none.
   */
  compared?: readonly string[];
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

export interface Source {
  /** What state is kept under: the org that answers, or the folder. */
  readonly orgId: string;
  readonly records?: RecordCatalog;
  readonly files?: FileCatalog;
  extract(request: ExtractRequest): AsyncIterable<ExtractedPart>;
}
