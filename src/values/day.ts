// Days. In: text `YYYY-MM-DD`, or a date or time of the engine. Out: `YYYY-MM-DD`. What must hold: a time of day is never
// dropped: only midnight is a day, a text's by its own zone and an instant's by the zone of the job, so that a day that
// became an instant becomes the same day again.

import { literal } from "../core/sql.ts";
import { type DayRange, hasTimeOfDay, midnightDay, type OwnForm } from "./instant.ts";
import { trimmed } from "./trim.ts";
import { bind, type MappedValue, type Reading, type StoredValue } from "./value.ts";

export function storeDay(mapped: MappedValue, range: DayRange, reading: Reading, own?: OwnForm): StoredValue {
  const { column, type } = mapped;
  if (type === "VARCHAR") return storeText(column, range, own);
  const date = type === "DATE" ? column : dayOfTime(mapped, reading);
  const outside = literal(outsideOf(range));
  const midnight = `CASE WHEN (${date}) IS NULL THEN ${literal(hasTime(type === "TIMESTAMP WITH TIME ZONE" ? reading : undefined))} ELSE ${outside} END`;
  return {
    stored: bind(
      "day",
      date,
      (one) =>
        `CASE WHEN ${one} BETWEEN DATE '${range.first}' AND DATE '${range.last}' THEN CAST(${one} AS VARCHAR) END`,
    ),
    complaint: type === "DATE" ? outside : midnight,
  };
}

/** DATE of a time that is a midnight, in the zone of the job where it is an instant. */
function dayOfTime({ column, type }: MappedValue, { timezone }: Reading): string {
  if (type !== "TIMESTAMP WITH TIME ZONE")
    return bind(
      "clock",
      `CAST(${column} AS TIMESTAMP)`,
      (clock) => `CASE WHEN date_trunc('day', ${clock}) = ${clock} THEN CAST(${clock} AS DATE) END`,
    );
  const zone = literal(timezone);
  // Where the clocks skip midnight, a day begins later.
  return bind("instant", column, (instant) => {
    const start = `date_trunc('day', timezone(${zone}, ${instant}))`;
    return `CASE WHEN timezone(${zone}, ${instant}) = ${start} OR timezone(${zone}, ${start}) = ${instant} THEN CAST(${start} AS DATE) END`;
  });
}

const notDay = "is not a date (YYYY-MM-DD)";

function storeText(column: string, range: DayRange, own: OwnForm | undefined): StoredValue {
  const { first, last } = range;
  // Text that the engine gives back as it stands is a day by that alone.
  const isDay = (text: string) => `CAST(TRY_CAST(${text} AS DATE) AS VARCHAR) = ${text} AND strlen(${text}) = 10`;
  const isWithin = (text: string) => `${text} BETWEEN '${first}' AND '${last}'`;
  const found = (text: string) =>
    `coalesce(${[...(own === undefined ? [] : [own(text)]), shortDay(text), midnightDay(text), text].join(", ")})`;
  const stored = bind("text", trimmed(column), (text) =>
    bind("found", found(text), (one) => `CASE WHEN ${isDay(one)} AND ${isWithin(one)} THEN ${one} END`),
  );
  const complaint = bind("text", trimmed(column), (text) =>
    bind(
      "found",
      found(text),
      (one) => `CASE WHEN ${isDay(one)} THEN ${literal(outsideOf(range))}
      WHEN ${hasTimeOfDay(one)} THEN ${literal(`${notDay}: it ${hasTime()}`)} ELSE ${literal(notDay)} END`,
    ),
  );
  return { stored: `CASE WHEN ${isDay(column)} AND ${isWithin(column)} THEN ${column} ELSE ${stored} END`, complaint };
}

/** `2020-1-2`, which is one day as well. */
function shortDay(text: string): string {
  return `CASE WHEN regexp_full_match(${text}, '[0-9]{4}-[0-9]{1,2}-[0-9]{1,2}') THEN CAST(TRY_CAST(${text} AS DATE) AS VARCHAR) END`;
}

function hasTime(reading?: Reading): string {
  if (reading === undefined) return "has a time of day, which a date can't hold";
  const { timezone } = reading;
  return `is no midnight in ${timezone}, so it has a time of day that a date can't hold; map CAST(timezone('${timezone}', …) AS DATE) to take its day there`;
}

function outsideOf({ first, last, holder }: DayRange): string {
  return `is not between ${first} and ${last}, the days that ${holder} holds`;
}
