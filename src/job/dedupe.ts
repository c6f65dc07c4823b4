// What becomes of rows that are one record, as the steps see it.

import type { Place } from "../core/errors.ts";

export type Keep = "first" | "last" | "newest" | "most_complete";

/** Which of the values of all rows of a record a field gets. */
export type MergeRule = "first_filled" | "last_filled" | "longest" | "max" | "min";

/** Rows that agree in all of `by` (target fields) are one record, of which one row is kept. */
export interface Dedupe {
  by: string[];
  keep: Keep;
  /** A target field: the row with its greatest value is the newest. */
  newest_by?: string;
  /** By target field. */
  merge?: Record<string, MergeRule>;
  /** Where newest_by is written, and each field that is merged. */
  places: { newest?: Place; merged: Record<string, Place> };
}
