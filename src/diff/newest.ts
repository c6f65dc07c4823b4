// Policy newest: whether a row's value is newer than the record's. In: the time of the row's value, a column of the stage;
// the record's version, or when the very field changed, where the target tells that. Out: SQL. What must hold: an equal
// time is not newer, and a value without a time is not either; a field that never had a value is older than any.

import { identifier } from "../core/sql.ts";
import type { ComparedField, CompareInput } from "./match.ts";

/** In the scan of a target's times: when a field changed; of no field, the record's id. */
export function timeColumn(field: string): string {
  return `at:${field}`;
}

/** BOOLEAN over stage rows `s` and matches `m`. `told`: SQL of when the row's value was set, where its system tells that. */
export function isNewer({ times }: CompareInput, { name, time = "" }: ComparedField, told?: string): string {
  const row = `CAST(s.${identifier(time)} AS TIMESTAMPTZ)`;
  const ours = told === undefined ? row : `coalesce(CAST(${told} AS TIMESTAMPTZ), ${row})`;
  if (times === undefined) return `coalesce(${ours} > CAST(m._version_ AS TIMESTAMPTZ), false)`;
  const theirs = `CAST(nullif(m.${identifier(timeColumn(name))}, '') AS TIMESTAMPTZ)`;
  return `coalesce(${ours} > ${theirs}, ${ours} IS NOT NULL AND ${theirs} IS NULL)`;
}

/** SELECT of matches with the times of their fields. */
export function withTimes({ times }: CompareInput, matches: string): string {
  return times === undefined
    ? matches
    : `SELECT * FROM (${matches}) LEFT JOIN ${times} ON _id_ = ${identifier(timeColumn(""))}`;
}
