// Local times: a date with a time and no zone, as databases have them. In: text in ISO 8601 without a zone, or a date or time
// of the engine. Out: the same clock as text. What must hold: what names an instant is refused, for whose clock is meant is
// said by nobody.

import { literal } from "../core/sql.ts";
import type { DayRange } from "./instant.ts";
import { trimmed } from "./trim.ts";
import { bind, type MappedValue, type StoredValue } from "./value.ts";

const grammar = "[0-9]{4}-[0-9]{2}-[0-9]{2}(?:[Tt ][0-9]{2}:[0-9]{2}(?::[0-9]{2}(?:[.,][0-9]{1,6}0*)?)?)?";
const zoned = "[0-9]{4}-?[0-9]{2}-?[0-9]{2}[Tt ].*(?:[Zz]|UTC|[+-][0-9:]+)";
const anInstant =
  "is an instant, and the column has no zone: map timezone('Europe/Berlin', …) to say whose clock it shows";

/** Stored as `2021-08-06T13:18:21.000000`. `digits`: of a second, that the column holds. */
export function storeLocal({ column, type }: MappedValue, range: DayRange, digits: number): StoredValue {
  if (type === "TIMESTAMP WITH TIME ZONE") return { stored: "CAST(NULL AS VARCHAR)", complaint: literal(anInstant) };
  const { first, last, holder } = range;
  const unit = 10 ** (6 - digits);
  const isWithin = (clock: string) =>
    `${clock} BETWEEN TIMESTAMP '${first} 00:00:00' AND TIMESTAMP '${last} 23:59:59.999999'`;
  const store = (clock: string) =>
    `CASE WHEN ${isWithin(clock)} AND epoch_us(${clock}) % ${unit} = 0 THEN strftime(${clock}, '%Y-%m-%dT%H:%M:%S.%f') END`;
  const complain = (clock: string) => `CASE WHEN ${clock} IS NULL THEN 'is not a date and time (ISO 8601)'
    WHEN ${isWithin(clock)} THEN ${literal(`is finer than the ${digits === 0 ? "seconds" : `${digits} digits of a second`} that the column holds`)}
    ELSE ${literal(`is not between ${first} and ${last}, the days that ${holder} holds`)} END`;
  if (type !== "VARCHAR") {
    const clock = `CAST(${column} AS TIMESTAMP)`;
    return { stored: bind("clock", clock, store), complaint: bind("clock", clock, complain) };
  }
  const text = trimmed(column);
  const clockOf = (one: string) =>
    `CASE WHEN regexp_full_match(${one}, '${grammar}') THEN TRY_CAST(replace(${one}, ',', '.') AS TIMESTAMP) END`;
  return {
    stored: bind("text", text, (one) => bind("clock", clockOf(one), store)),
    complaint: bind(
      "text",
      text,
      (one) =>
        `CASE WHEN regexp_full_match(${one}, '${zoned}') THEN ${literal(anInstant)} ELSE ${bind("clock", clockOf(one), complain)} END`,
    ),
  };
}
