// Dates and times as SQL: which instant a value means, and the text that systems are sent of it.

import { literal } from "./sql.ts";

/**
 * The instant of a value of any type that holds one; a value without a zone is a time of `timezone`. `value` is a column.
 * `before`: the instant of a text that names no zone, where a system has a form of its own for it; NULL where it is none.
 */
export function instantOf(value: string, type: string, timezone: string, before?: string): string {
  if (type === "TIMESTAMP WITH TIME ZONE") return value;
  const local = (sql: string) => `timezone(${literal(timezone)}, ${sql})`;
  if (type.startsWith("TIMESTAMP") || type === "DATE") return local(`CAST(${value} AS TIMESTAMP)`);
  const withoutZone = local(`TRY_CAST(trim(${value}) AS TIMESTAMP)`);
  return `CASE WHEN regexp_matches(trim(${value}), '(Z| ?UTC|[+-][0-9]{2}(:?[0-9]{2})?)$') AND length(trim(${value})) > 10
             THEN TRY_CAST(trim(${value}) AS TIMESTAMPTZ)
             ELSE ${before === undefined ? withoutZone : `coalesce(${before}, ${withoutZone})`} END`;
}

/** An instant as text, in UTC and to the millisecond. */
export function instantText(instant: string): string {
  return `strftime(timezone('UTC', ${instant}), '%Y-%m-%dT%H:%M:%S.%gZ')`;
}
