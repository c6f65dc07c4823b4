// SOQL's named days (TODAY, LAST_N_DAYS:7, THIS_QUARTER …) as half-open spans of UTC days.
// https://developer.salesforce.com/docs/atlas.en-us.soql_sosl.meta/soql_sosl/sforce_api_calls_soql_select_dateformats.htm

import { malformedQuery } from "./parse.ts";

export interface DaySpan {
  from: Date;
  /** The first day after the span. */
  to: Date;
}

type Unit = "DAY" | "WEEK" | "MONTH" | "QUARTER" | "YEAR";

/** The span of a date literal such as LAST_N_DAYS:7, seen from `today`. The week starts on Sunday. */
export function daySpan(literal: string, today: Date): DaySpan {
  const [name = "", count = "1"] = literal.toUpperCase().split(":");
  const n = Number(count);
  const day = { TODAY: 0, YESTERDAY: -1, TOMORROW: 1 }[name];
  if (day !== undefined) return span("DAY", today, day, day + 1);
  if (name === "LAST_90_DAYS") return span("DAY", today, -90, 1);
  if (name === "NEXT_90_DAYS") return span("DAY", today, 1, 91);
  const single = /^(LAST|THIS|NEXT)_(?:FISCAL_)?(WEEK|MONTH|QUARTER|YEAR)$/.exec(name);
  if (single !== null) {
    const at = single[1] === "LAST" ? -1 : single[1] === "THIS" ? 0 : 1;
    return span(single[2] as Unit, today, at, at + 1);
  }
  const several = /^(LAST|NEXT)_N_(?:FISCAL_)?(DAY|WEEK|MONTH|QUARTER|YEAR)S$/.exec(name);
  if (several !== null) {
    const unit = several[2] as Unit;
    if (several[1] === "NEXT") return span(unit, today, 1, n + 1);
    // LAST_N_DAYS includes today, the longer units end with the one before the present.
    return span(unit, today, -n, unit === "DAY" ? 1 : 0);
  }
  const ago = /^N_(?:FISCAL_)?(DAY|WEEK|MONTH|QUARTER|YEAR)S_AGO$/.exec(name);
  if (ago !== null) return span(ago[1] as Unit, today, -n, -n + 1);
  throw malformedQuery(`unexpected token: '${literal}'`);
}

function span(unit: Unit, today: Date, first: number, end: number): DaySpan {
  return { from: startOf(unit, today, first), to: startOf(unit, today, end) };
}

function startOf(unit: Unit, today: Date, offset: number): Date {
  const year = today.getUTCFullYear();
  const month = today.getUTCMonth();
  const day = today.getUTCDate();
  switch (unit) {
    case "DAY":
      return new Date(Date.UTC(year, month, day + offset));
    case "WEEK":
      return new Date(Date.UTC(year, month, day - today.getUTCDay() + 7 * offset));
    case "MONTH":
      return new Date(Date.UTC(year, month + offset, 1));
    case "QUARTER":
      return new Date(Date.UTC(year, month - (month % 3) + 3 * offset, 1));
    case "YEAR":
      return new Date(Date.UTC(year + offset, 0, 1));
  }
}
