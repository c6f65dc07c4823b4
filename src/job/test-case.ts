// A case of a job's `tests`: source rows, what the target holds, and what is expected of them. Plain data; what is judged
// and how: pipeline/tools/trial/.

import type { Place } from "../core/errors.ts";

export interface TestCase {
  name: string;
  /** Position in `tests`, from 0. */
  index: number;
  stream: string;
  given: GivenRow[];
  /** Present records: by the name of their object, or of the stream's own where they are a list. */
  givenTarget: GivenRecords[];
  /** Rows that come out, in the order of the source; each in part, by the fields that it names. */
  expect?: GivenRow[];
  expectRejects?: ExpectedReject[];
  expectPlan?: ExpectedChange[];
  place: Place;
}

/** Text as it is written; null for no value. */
export type CellValue = string | null;

export interface GivenRow {
  cells: ReadonlyMap<string, CellValue>;
  places: ReadonlyMap<string, Place>;
  place: Place;
}

export interface GivenRecords {
  /** Undefined: the object that the stream loads. */
  object?: string;
  records: GivenRow[];
  place: Place;
}

export interface ExpectedReject {
  field?: string;
  rule?: string;
  /** A part of it. */
  message?: string;
  place: Place;
}

export type ExpectedAction = "create" | "update" | "delete" | "unchanged";

export interface ExpectedChange {
  action: ExpectedAction;
  key?: string;
  id?: string;
  fields: ReadonlyMap<string, ExpectedValue>;
  place: Place;
}

/** Of a field: what it has afterwards, and, where that is said, what it had before. */
export interface ExpectedValue {
  after?: CellValue;
  before?: CellValue;
}
