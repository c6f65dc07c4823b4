// The first step: from a source to finished parts in the run folder.
// In: what a stream takes. Out: parts, bytes as received, each hashed and on disk before it is yielded.
// What must hold: a part is complete when it is yielded; asked again for the same input, a source yields the same parts.

import type { Part } from "../core/model.ts";
import type { FileSource } from "../job/job.ts";

export interface ExtractRequest {
  source: FileSource;
  /** Where the parts go; exists. */
  folder: string;
  signal: AbortSignal;
  /** Bytes received so far of the part in hand and in total, for progress. */
  onProgress(bytes: number, totalBytes: number): void;
}

export type ExtractedPart = Omit<Part, "columns">;

/** A file that a source would take now. */
export interface ListedFile {
  path: string;
  label: string;
  compressed: boolean;
}

export interface Source {
  /** What is there now. Empty where nothing matches. */
  list(source: FileSource): ListedFile[];
  extract(request: ExtractRequest): AsyncIterable<ExtractedPart>;
}
