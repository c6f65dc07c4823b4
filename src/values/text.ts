// A mapped value where text is wanted. In: a column and its DuckDB type. Out: SQL of the text: numbers in full, times in
// ISO 8601, those with a zone in UTC. What must hold: the engine's own form of a value (`1200.000000000000`,
// `2026-03-29 01:30:00+00`) goes to nobody.

import { literal } from "../core/sql.ts";
import { exactInstantText } from "./instant.ts";
import { numberText } from "./number.ts";
import { type MappedValue, quoted, textOf } from "./value.ts";

/** What is computed and has no text: an infinite number, a day of no calendar, NUL. `mayHaveNul`: of a text. */
export function findUnwritable(
  { column, type }: MappedValue,
  mayHaveNul: boolean,
): { condition: string; message: string } | undefined {
  const refuse = (condition: string, what: string) => ({
    condition: `coalesce(${condition}, false)`,
    message: `${quoted(textOf({ column, type }))} || ${literal(` ${what}`)}`,
  });
  if (type === "DOUBLE" || type === "FLOAT") return refuse(`NOT isfinite(${column})`, "is not a finite number");
  if (type === "DATE" || type.startsWith("TIMESTAMP")) {
    return refuse(`NOT isfinite(${column}) OR year(${column}) NOT BETWEEN 1 AND 9999`, "is not of the years 1 to 9999");
  }
  return type === "VARCHAR" && mayHaveNul ? refuse(`contains(${column}, chr(0))`, "has a NUL character") : undefined;
}

/** VARCHAR of a column, which may stand several times. */
export function writtenText(column: string, type: string): string {
  if (type === "VARCHAR") return column;
  const text = `CAST(${column} AS VARCHAR)`;
  if (type === "TIMESTAMP WITH TIME ZONE") {
    return exactInstantText(column);
  }
  if (type.startsWith("TIMESTAMP")) {
    const whole = `strftime(${column}, '%Y-%m-%dT%H:%M:%S')`;
    return `CASE WHEN epoch_us(${column}) % 1000000 = 0 THEN ${whole} ELSE strftime(${column}, '%Y-%m-%dT%H:%M:%S.%f') END`;
  }
  // What is wider than a job would write down comes from a function or an API.
  const isComputed = type === "DOUBLE" || type === "FLOAT" || type.startsWith("DECIMAL(38,");
  return isComputed ? `coalesce(${numberText(text)}, ${text})` : text;
}
