// How the tests of a job ended, as it is shown. In: what differs in each case. Out: types for the views. Must hold: no value
// of a field under `redact` is in it.

import type { Place } from "../core/errors.ts";

export interface JobTests {
  /** As the command was given it. */
  file: string;
  job: string;
  cases: TestedCase[];
  seconds: number;
}

export interface TestedCase {
  name: string;
  stream: string;
  place: Place;
  differences: CaseDifference[];
  /** Rejects that came, whether they were looked at or not: they tell why a row is missing. */
  rejects: { row: number; what: string }[];
}

/** The lists of a case that are compared. */
type ExpectedList = "expect" | "expect_rejects" | "expect_plan";

interface Entry {
  list: ExpectedList;
  /** In the list, from 0. */
  index: number;
  place: Place;
  /** Of `given`, from 0. */
  row?: number;
}

export type CaseDifference =
  | (Entry & { kind: "missing" | "unexpected"; what: string })
  | (Entry & { kind: "differs"; fields: FieldDifference[] });

export interface FieldDifference {
  field: string;
  /** Null for no value. */
  expected: string | null;
  came: string | null;
}

export function isPassed({ differences }: TestedCase): boolean {
  return differences.length === 0;
}
