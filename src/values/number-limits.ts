// Whether a stored number is below or above a limit. In: digits as a target stores them, in full and of any length, and the
// digits of a limit. Out: BOOLEAN SQL. What must hold: exact for every number, also for one of more digits than the
// engine's decimals have, and as fast as a comparison of whole numbers for most.

import { literal } from "../core/sql.ts";
import { decimalsComputed } from "./number.ts";

const wholeDigitsMax = 38 - decimalsComputed;

/** What is wrong with a limit that can't be compared with. */
export function complainAboutLimit(digits: string): string | undefined {
  const [, whole = "", decimals = ""] = /^-?0*(\d*)(?:\.(\d*?)0*)?$/.exec(digits) ?? [];
  if (whole.length > wholeDigitsMax) return `has more than ${wholeDigitsMax} digits before the point`;
  return decimals.length > decimalsComputed ? `has more than ${decimalsComputed} digits after the point` : undefined;
}

/** `text`: a column with digits without an exponent, NULL for no number. `limit`: such digits. */
export function isBeyond(text: string, side: "below" | "above", limit: string): string {
  const sign = side === "below" ? "<" : ">";
  const wide = (sql: string) => `CAST(${sql} AS DECIMAL(38, ${decimalsComputed}))`;
  const isShort = `(strpos(${text}, '.') >= strlen(${text}) - 4 OR NOT contains(${text}, '.'))`;
  const quickLimit = isNarrow(limit) ? `CAST(${literal(limit)} AS DECIMAL(18, 4))` : wide(literal(limit));
  // What a number has beyond the digits that are compared takes it away from zero.
  const beyond = side === "below" ? `starts_with(${text}, '-')` : `NOT starts_with(${text}, '-')`;
  const cut = wide(`left(${text}, strpos(${text}, '.') + ${decimalsComputed})`);
  return `CASE WHEN strlen(${text}) <= 14 AND ${isShort} THEN CAST(${text} AS DECIMAL(18, 4)) ${sign} ${quickLimit}
    WHEN regexp_matches(${text}, '^-?[0-9]{${wholeDigitsMax + 1}}') THEN ${beyond}
    WHEN regexp_matches(${text}, '[.][0-9]{${decimalsComputed + 1}}')
      THEN ${cut} ${sign} ${wide(literal(limit))} OR (${cut} = ${wide(literal(limit))} AND ${beyond})
    ELSE ${wide(text)} ${sign} ${wide(literal(limit))} END`;
}

function isNarrow(digits: string): boolean {
  return /^-?\d{1,14}(?:\.\d{0,4}0*)?$/.test(digits);
}
