// The rows of a stream in the engine, and what is known of each part that they came from.

import type { Part } from "../../core/model.ts";
import type { OpenPart } from "../../stage/open-part.ts";
import type { BrokenRecord } from "../../stage/record-copy.ts";

export interface StagedPart {
  part: Part;
  open: OpenPart;
  /** Rows of the stage. */
  rows: number;
  /** True if the stage knows each row's line; else it has to be looked up by position. */
  hasLines: boolean;
  /** True if it was text that the engine can't be trusted with. */
  careful: boolean;
  broken: BrokenRecord[];
  /** Broken ones behind the rows that a small load takes. */
  notTaken: BrokenRecord[];
  /** Columns that are not all that one would think (text in some records, JSON in others), with words for people. */
  remarks: ReadonlyMap<string, string>;
}

export interface StagedStream {
  view: string;
  parts: StagedPart[];
  /** What people should hear of the files. */
  words: string[];
}
