// Instants: dates with a time. In: text in any form of ISO 8601 that is one instant, or a date or time of the engine. Out:
// text in UTC to the millisecond, which is what Salesforce and HubSpot take, or to the microsecond where a database does.
// What must hold: what is finer than the target holds, a second 60, a year that it has not and a local time that is not one
// instant are refused by name.

import { literal } from "../core/sql.ts";
import { trimmed } from "./trim.ts";
import { bind, type MappedValue, type Reading, type StoredValue } from "./value.ts";
import { complainAboutLocal, instantOfLocal, isUtc } from "./zone.ts";

/** The first and last day that a target holds, and who it is. */
export interface DayRange {
  first: string;
  last: string;
  /** The last instant that it holds. */
  lastInstant: string;
  holder: string;
  /** Digits of a second that it holds: 3 where not said. */
  secondDigits?: 3 | 6;
}

/** Where a system has a form of its own: VARCHAR, the ISO 8601 text of a text that has that form, NULL otherwise. */
export type OwnForm = (text: string) => string;

const day = "[0-9]{4}-[0-9]{2}-[0-9]{2}";
const offset = "[+-](?:0[0-9]|1[0-4])(?::?[0-5][0-9])?";
const zone = `(?: ?(?:[Zz]|UTC|${offset}))`;
const clock = "[0-9]{2}:[0-9]{2}(?::[0-9]{2}(?:[.,][0-9]+)?)?";
/** `2021-08-06T13:18Z`, `2021-08-06 13:18:21,5 +0200`, `2021-08-06`. */
const extended = `${day}(?:[Tt ]${clock}${zone}?)?`;
/** `20210806T131821Z`. */
const basic = `[0-9]{8}[Tt][0-9]{4}(?:[0-9]{2}(?:[.,][0-9]+)?)?${zone}?`;
const grammar = `${extended}|${basic}`;

/** Stored as `2021-08-06T13:18:21.000Z`. */
export function storeInstant(mapped: MappedValue, range: DayRange, reading: Reading, own?: OwnForm): StoredValue {
  if (mapped.type === "VARCHAR") return storeText(mapped.column, range, reading, own);
  const instant = instantOf(mapped, reading);
  const within = (sql: string) =>
    bind(
      "instant",
      sql,
      (one) => `CASE WHEN ${isWhole(one, range)} AND ${isWithin(one, range)} THEN ${textIn(range, one)} END`,
    );
  const complain = (one: string) => `CASE WHEN ${one} IS NULL THEN ${localComplaint(mapped, reading)}
    WHEN NOT ${isWhole(one, range)} THEN ${literal(tooFine(range))} ELSE ${literal(outside(range))} END`;
  return { stored: within(instant), complaint: complain(instant) };
}

/** TIMESTAMPTZ of a mapped value of a type that has a day. */
function instantOf({ column, type }: MappedValue, reading: Reading): string {
  return type === "TIMESTAMP WITH TIME ZONE" ? column : instantOfLocal(`CAST(${column} AS TIMESTAMP)`, reading);
}

/** An instant as text, in UTC and to the millisecond. */
function instantText(instant: string): string {
  return `strftime(timezone('UTC', ${instant}), '%Y-%m-%dT%H:%M:%S.%gZ')`;
}

/** The same, to the microsecond where it is none of a millisecond. */
export function exactInstantText(instant: string): string {
  const finer = `strftime(timezone('UTC', ${instant}), '%Y-%m-%dT%H:%M:%S.%fZ')`;
  return `CASE WHEN epoch_us(${instant}) % 1000 = 0 THEN ${instantText(instant)} ELSE ${finer} END`;
}

function textIn({ secondDigits }: DayRange, instant: string): string {
  return secondDigits === 6 ? exactInstantText(instant) : instantText(instant);
}

function storeText(column: string, range: DayRange, reading: Reading, own: OwnForm | undefined): StoredValue {
  const text = own === undefined ? trimmed(column) : `coalesce(${own(trimmed(column))}, ${trimmed(column)})`;
  const store = (instant: string) =>
    bind("instant", instant, (one) => `CASE WHEN ${isWithin(one, range)} THEN ${textIn(range, one)} END`);
  const slow = bind("text", text, (one) => {
    const full = bind(
      "full",
      fullText(one),
      (iso) => `CASE WHEN ${hasZone(iso)} THEN ${store(`TRY_CAST(${iso} AS TIMESTAMPTZ)`)}
      ELSE ${store(instantOfLocal(`TRY_CAST(${iso} AS TIMESTAMP)`, reading))} END`,
    );
    return `CASE WHEN ${isUsual(one, range)} THEN ${store(`TRY_CAST(${one} AS TIMESTAMPTZ)`)}
      WHEN regexp_full_match(${one}, '${grammar}') AND NOT regexp_matches(${one}, '${finer(range)}') THEN ${full} END`;
  });
  const isLocal = `strlen(${column}) = 19 AND ${isQuick(column, range)}`;
  const ends = (isUtc(reading.timezone) ? ["", ...utcEnds] : utcEnds).map(literal).join(", ");
  return {
    stored: `CASE WHEN substr(${column}, 20) IN (${ends}) AND ${isQuick(column, range)} THEN replace(left(${column}, 19), ' ', 'T') || '.000Z'
      WHEN ${isLocal} THEN ${store(instantOfLocal(`CAST(left(${column}, 19) AS TIMESTAMP)`, reading))} ELSE ${slow} END`,
    complaint: complainAboutText(text, range, reading),
  };
}

/** What follows whole seconds of UTC, as vendors and most programs write them. */
const utcEnds = ["Z", ".000Z", ".000+0000", "+00:00", "+0000"];

/** The first 19 characters are a time by that alone that the engine gives them back as they stand. */
function isQuick(text: string, { first, last }: DayRange): string {
  const head = `left(${text}, 19)`;
  return `CAST(TRY_CAST(${head} AS TIMESTAMP) AS VARCHAR) = replace(${head}, 'T', ' ') AND ${text} BETWEEN '${first}' AND '${last}'`;
}

/** What most systems write: to be read as it is. */
function isUsual(text: string, { secondDigits = 3 }: DayRange): string {
  const fraction = `[.][0-9]{1,${secondDigits}}0{0,6}`;
  return `regexp_full_match(${text}, '${day}[T ][0-9]{2}:[0-9]{2}:[0-9]{2}(?:${fraction})?(?:Z|${offset})')`;
}

/** Digits of a second beyond those that are held that are not zero. */
function finer({ secondDigits = 3 }: DayRange): string {
  return `[.,][0-9]{${secondDigits}}[0-9]*[1-9]`;
}

function tooFine({ secondDigits }: DayRange): string {
  return `is finer than a ${secondDigits === 6 ? "microsecond" : "millisecond"}, which is what the field holds`;
}

const notInstant = "is not a date and time (ISO 8601)";

/** A text of the grammar in the form that the engine reads: extended, with seconds and a point, the zone right behind. */
function fullText(text: string): string {
  const dashed = `regexp_replace(${text}, '^([0-9]{4})([0-9]{2})([0-9]{2})[Tt]([0-9]{2})([0-9]{2})', '\\1-\\2-\\3T\\4:\\5')`;
  const coloned = `regexp_replace(${dashed}, '^(.{16})([0-9]{2})', '\\1:\\2')`;
  const seconds = `regexp_replace(${coloned}, '^(.{16})($|[^:])', '\\1:00\\2')`;
  const zoned = `regexp_replace(${seconds}, ' ?([Zz]|UTC)$', 'Z')`;
  return `regexp_replace(replace(upper(${zoned}), ',', '.'), ' ([+-])', '\\1')`;
}

function hasZone(iso: string): string {
  return `regexp_matches(${iso}, ':[0-9.]+(Z|[+-][0-9:]+)$')`;
}

function isWithin(instant: string, { first, lastInstant }: DayRange): string {
  return `${instant} BETWEEN TIMESTAMPTZ '${first}T00:00:00Z' AND TIMESTAMPTZ '${lastInstant}'`;
}

/** The engine's own instants have microseconds. */
function isWhole(instant: string, { secondDigits }: DayRange): string {
  return secondDigits === 6 ? "true" : `epoch_us(${instant}) % 1000 = 0`;
}

function outside({ first, lastInstant, holder }: DayRange): string {
  return `is not between ${first}T00:00:00Z and ${lastInstant}, the times that ${holder} holds`;
}

function localComplaint({ column }: MappedValue, reading: Reading): string {
  return `coalesce(${complainAboutLocal(`CAST(${column} AS TIMESTAMP)`, reading)}, ${literal(notInstant)})`;
}

/** What is wrong with a text that is no instant of the target's. */
function complainAboutText(text: string, range: DayRange, reading: Reading): string {
  return bind("text", text, (one) => {
    const iso = (body: (full: string) => string) => bind("full", fullText(one), body);
    const isReal = (full: string) =>
      `TRY_CAST(regexp_replace(${full}, '(:[0-9]{2})([.][0-9]+)?(Z|[+-][0-9:]+)?$', '\\1') AS TIMESTAMP) IS NOT NULL`;
    const named = iso(
      (
        full,
      ) => `CASE WHEN regexp_matches(${full}, '^.{17}60') THEN 'has a second 60, a leap second, which the field can''t hold'
      WHEN NOT (${isReal(full)}) THEN ${literal(notInstant)}
      WHEN regexp_matches(${full}, '${finer(range)}') THEN ${literal(tooFine(range))}
      WHEN ${hasZone(full)} THEN ${literal(outside(range))}
      ELSE coalesce(${complainAboutLocal(`TRY_CAST(${full} AS TIMESTAMP)`, reading)}, ${literal(outside(range))}) END`,
    );
    return `CASE WHEN regexp_full_match(${one}, '${grammar}') THEN ${named} ELSE ${literal(notInstant)} END`;
  });
}

/** DATE of an ISO 8601 text whose time of day is midnight of its own zone, as text; NULL for any other. */
export function midnightDay(text: string): string {
  const midnight = `00:?00(?::?00(?:[.,]0+)?)?${zone}?`;
  return `CASE WHEN regexp_full_match(${text}, '(?:${day}[Tt ]|[0-9]{8}[Tt])${midnight}')
    THEN regexp_replace(${text}, '^([0-9]{4})-?([0-9]{2})-?([0-9]{2}).*$', '\\1-\\2-\\3') END`;
}

/** BOOLEAN: a text that names a time of a day. */
export function hasTimeOfDay(text: string): string {
  return `regexp_full_match(${text}, '${grammar}') AND strlen(${text}) > 10`;
}
