// Numbers. In: text, or a number of the engine. Out: decimal digits as the target keeps them, all of them or none.
// What must hold: no number goes through a double on its way; one that the target would round is refused, or rounded
// because the job says so and then counted.

import { literal } from "../core/sql.ts";
import { trimmed } from "./trim.ts";
import { bind, type MappedValue, type Rounding, type StoredValue, textOf } from "./value.ts";

/** What a field has room for. */
export interface NumberLimits {
  /** Digits after the point that the field takes; undefined: as many as there are. */
  decimalsMax?: number;
  /** Digits before the point. */
  wholeMax: number;
  /** Digits after the point that are always written. */
  decimalsShown: number;
  /** Where the digits before the point do not say it: the least and the greatest. */
  range?: readonly [least: string, greatest: string];
  /** What the target keeps is the nearest one of these: a number is held where that is written as the number. */
  nearest?: "FLOAT" | "DOUBLE";
  /** Who has this room, for messages. */
  holder: string;
}

/** A number: `12`, `-0.5`, `.5`, `9.12260031E8`. No groups, no words, no other bases. */
const numberGrammar = "[+-]?([0-9]+([.][0-9]*)?|[.][0-9]+)([eE][+-]?[0-9]{1,3})?";
/** So many characters have at most as many digits that count as it always keeps. */
const lengthMax = { FLOAT: 6, DOUBLE: 15 };

/** Stored as digits without needless zeros, `decimalsShown` of them after the point at least. */
export function storeNumber(mapped: MappedValue, limits: NumberLimits, round?: Rounding): StoredValue {
  const text = textOf(mapped);
  const store = (digits: string) => `CASE WHEN ${fits(digits, limits)} THEN ${pad(digits, limits.decimalsShown)} END`;
  const slow = ofDigits(text, (digits) =>
    round === undefined
      ? store(digits)
      : bind("kept", roundDigits(digits, limits.decimalsMax ?? 0, round), (kept) => store(kept)),
  );
  const { quick, test } = quickDigits(text, limits, mapped.type === "VARCHAR");
  const stored = `CASE ${quick} WHEN ${isEmpty(text)} THEN NULL ELSE ${slow} END`;
  const complaint = ofDigits(text, (digits) => complain(digits, limits), literal(notNumber(limits)));
  if (round === undefined) return { stored, complaint };
  const hasMore = (digits: string) => `regexp_matches(${digits}, '[.][0-9]{${limits.decimalsMax ?? 0}}[0-9]')`;
  const rounded = `CASE WHEN ${test} THEN false ELSE coalesce(${ofDigits(text, hasMore)}, false) END`;
  return { stored, complaint, rounded };
}

/** VARCHAR: the digits of a number in full, whatever a field has room for; NULL where the text is no number. */
export function numberText(text: string, decimalsShown = 0): string {
  const { quick } = quickDigits(text, { decimalsShown, wholeMax: 18 }, false);
  const slow = ofDigits(text, (full) => pad(full, decimalsShown));
  return `CASE ${quick} WHEN ${isEmpty(text)} THEN NULL ELSE ${slow} END`;
}

/**
 * VARCHAR of a text in which a number with a point, as programs write doubles (`5.0`), has as many decimals as are shown.
 * By the text alone, a fifth of reading the number: another text stays as it is, an empty one is NULL.
 */
export function fillDecimals(text: string, decimalsShown: number): string {
  const isWhole = `suffix(${text}, '.0')`;
  const other = `nullif(${text}, '')`;
  if (decimalsShown === 0) return `CASE WHEN ${isWhole} THEN left(${text}, strlen(${text}) - 2) ELSE ${other} END`;
  if (decimalsShown === 1) return other;
  const zeros = "0".repeat(decimalsShown - 1);
  const missing = `${decimalsShown} - strlen(${text}) + strpos(${text}, '.')`;
  const isShort = `strpos(${text}, '.') > 0 AND ${missing} BETWEEN 1 AND ${decimalsShown - 1}`;
  return `CASE WHEN ${isWhole} THEN ${text} || '${zeros}'
    WHEN ${isShort} THEN ${text} || left('${zeros}', ${missing}) ELSE ${other} END`;
}

/** BOOLEAN: an empty cell, which is no number. Seeing that by the grammar doubles the time of a column with a few (measured). */
function isEmpty(text: string): string {
  return `coalesce(${text}, '') = ''`;
}

/** Digits after the point that expressions and rules compute with. */
export const decimalsComputed = 12;
/** The type of an API's numbers in expressions; where a number has no decimals, it is one of the narrow ones. */
export const numberType = `DECIMAL(38,${decimalsComputed})`;

export function isComputedNumber(type: string): boolean {
  return type === numberType;
}

/**
 * DECIMAL of a text that is a number without an exponent, to compute with. The engine takes 18 to 40 µs to read one that is
 * wider than 18 digits (measured), so it reads as narrow what has at most 14 digits, four of them after the point; and
 * without a look at the point what has so few characters that its digits fit on either side of it.
 */
export function decimalOf(text: string, decimals: number = decimalsComputed): string {
  const wide = `DECIMAL(38, ${decimals})`;
  // LIKE with places in it takes as long as reading the number (measured).
  const isShort = `(strpos(${text}, '.') >= strlen(${text}) - 4 OR NOT contains(${text}, '.'))`;
  const isNarrow = `strlen(${text}) <= 14 AND ${isShort}`;
  const narrow = (digits: number) => `CAST(CAST(${text} AS DECIMAL(18, ${digits})) AS ${wide})`;
  return `CASE WHEN strlen(${text}) <= 9 THEN ${narrow(8)} WHEN ${isNarrow} THEN ${narrow(4)} ELSE CAST(${text} AS ${wide}) END`;
}

/**
 * Most numbers are told by a look at their characters, or by what the engine made of a text: where it starts with that
 * very text, it is a number, and no digit was lost. `quick`: branches of a CASE that give what
 * is stored of such a text. `isColumn`: the text may stand several times at no cost.
 */
function quickDigits(
  text: string,
  { decimalsShown, decimalsMax, wholeMax, range, nearest }: Omit<NumberLimits, "holder">,
  isColumn: boolean,
): { quick: string; test: string } {
  const decimals = decimalsShown > 0 ? decimalsShown : decimalsMax === 0 ? 0 : Math.min(decimalsMax ?? 6, 6);
  const type = range === undefined ? `DECIMAL(${Math.min(18, wholeMax + decimals)}, ${decimals})` : "BIGINT";
  const engine = `CAST(TRY_CAST(${text} AS ${type}) AS VARCHAR)`;
  const bounds: string[] = [];
  if (range !== undefined && wholeMax < 19) bounds.push(`strlen(${text}) < ${wholeMax}`);
  if (nearest !== undefined) bounds.push(`strlen(${text}) <= ${lengthMax[nearest] - decimalsShown}`);
  const all = (first: string) => [first, ...bounds].join(" AND ");
  const same = all(`${engine} = ${text}`);
  if (decimals === 0) return { quick: `WHEN ${same} THEN ${text}`, test: same };
  const test = all(`starts_with(${engine}, ${text})`);
  const digits = Math.min(18, wholeMax + decimals) - decimals;
  if (decimalsShown > 0 && digits > 0 && isColumn && range === undefined) {
    return { quick: padByLook(text, { decimals: decimalsShown, digits, bounds }), test };
  }
  // Text that has all of its decimals is shown as it stands: so the engine reads and writes it once.
  if (decimalsShown > 0) return { quick: `WHEN ${same} THEN ${text} WHEN ${test} THEN ${engine}`, test };
  const stripped = `CASE WHEN contains(${text}, '.') THEN system.main.rtrim(system.main.rtrim(${text}, '0'), '.') ELSE ${text} END`;
  return { quick: `WHEN ${test} THEN ${stripped}`, test };
}

/**
 * Branches of a CASE for numbers that are stored as they are written but for zeros at their end. With a point a look at the
 * characters takes less than having the engine read the number and write it again; without one it does not (measured).
 */
function padByLook(
  text: string,
  { decimals, digits, bounds }: { decimals: number; digits: number; bounds: readonly string[] },
): string {
  const when = (conditions: readonly string[], value: string) =>
    `WHEN ${[...conditions, ...bounds].join(" AND ")} THEN ${value}`;
  const isWhole = `CAST(TRY_CAST(${text} AS BIGINT) AS VARCHAR) = ${text} AND strlen(${text}) <= ${digits}`;
  // What is zero below zero loses its sign.
  const isNoZero = `(${text} > '-0.${"0".repeat(decimals)}' OR ${text} < '-0.0')`;
  const has = (count: string) =>
    `regexp_full_match(${text}, '-?(0|[1-9][0-9]{0,${digits - 1}})[.][0-9]{${count}}') AND ${isNoZero}`;
  const branches = [
    when([`NOT contains(${text}, '.')`, isWhole], `${text} || '.${"0".repeat(decimals)}'`),
    when([has(String(decimals))], text),
  ];
  if (decimals === 1) return branches.join(" ");
  const missing = `left('${"0".repeat(decimals)}', ${decimals} - strlen(${text}) + strpos(${text}, '.'))`;
  const [count, zeros] = decimals === 2 ? ["1", "'0'"] : [`1,${decimals - 1}`, missing];
  return [...branches, when([has(count)], `${text} || ${zeros}`)].join(" ");
}

/** `body` over the digits in full of a text that is a number. */
function ofDigits(text: string, body: (digits: string) => string, otherwise = "NULL"): string {
  return bind("number", trimmed(text), (number) => {
    const digits = bind("digits", digitsOf(number), body);
    return `CASE WHEN regexp_full_match(${number}, '${numberGrammar}') THEN ${digits} ELSE ${otherwise} END`;
  });
}

/** Digits in full: no exponent, no plus, no needless zero. By moving the point in the text, so that every digit arrives. */
function digitsOf(number: string): string {
  const full = `CASE WHEN regexp_matches(${number}, '[eE]') THEN ${movePoint(number)} ELSE ${number} END`;
  const parts = `regexp_replace(${full}, '^[+]?(-?)0*([0-9]*)(?:[.]([0-9]*?)0*)?$', '\\1\\2.\\3')`;
  const whole = `regexp_replace(system.main.rtrim(${parts}, '.'), '^(-?)([.]|$)', '\\10\\2')`;
  return `CASE WHEN regexp_full_match(${number}, '0|-?([1-9][0-9]*|(0|[1-9][0-9]*)[.][0-9]*[1-9])') THEN ${number}
    ELSE regexp_replace(${whole}, '^-0$', '0') END`;
}

/** A number with an exponent, written without: the digits with zeros on both sides, cut where the point comes to stand. */
function movePoint(number: string): string {
  const part = (group: number) =>
    `regexp_extract(${number}, '^([+-]?)([0-9]*)[.]?([0-9]*)[eE]([+-]?[0-9]+)$', ${group})`;
  const padded = `repeat('0', 1000) || ${part(2)} || ${part(3)} || repeat('0', 1000)`;
  const point = `1000 + strlen(${part(2)}) + CAST(${part(4)} AS INTEGER)`;
  return `${part(1)} || substr(${padded}, 1, CAST(${point} AS BIGINT)) || '.' || substr(${padded}, CAST(${point} AS BIGINT) + 1)`;
}

function shape({ wholeMax, decimalsMax }: NumberLimits): string {
  return `-?[0-9]{1,${wholeMax}}([.][0-9]${decimalsMax === undefined ? "*" : `{0,${decimalsMax}}`})?`;
}

function fits(digits: string, limits: NumberLimits): string {
  const tests = [`regexp_full_match(${digits}, '${shape(limits)}')`];
  if (limits.range !== undefined) tests.push(isInRange(digits, limits.range));
  if (limits.nearest !== undefined) tests.push(isKept(digits, limits.nearest));
  return tests.join(" AND ");
}

function isInRange(digits: string, [least, greatest]: readonly [string, string]): string {
  return `TRY_CAST(${digits} AS HUGEINT) BETWEEN ${least} AND ${greatest}`;
}

/**
 * Numbers of more than 15 digits are rounded, by the API too: 1,222,333,444,555,666.84 becomes …66.80.
 * https://help.salesforce.com/s/articleView?id=000394530
 */
function isKept(digits: string, nearest: "FLOAT" | "DOUBLE"): string {
  const written = `CAST(TRY_CAST(${digits} AS ${nearest}) AS VARCHAR)`;
  return `(strlen(${digits}) <= ${lengthMax[nearest]} OR ${bind("nearest", written, digitsOf)} = ${digits})`;
}

/** With zeros up to so many digits after the point. */
function pad(digits: string, decimals: number): string {
  if (decimals === 0) return digits;
  const shown = `strlen(split_part(${digits}, '.', 2))`;
  const point = `CASE WHEN contains(${digits}, '.') THEN '' ELSE '.' END`;
  return `${digits} || CASE WHEN ${shown} < ${decimals} THEN ${point} || repeat('0', ${decimals} - ${shown}) ELSE '' END`;
}

/** To so many digits after the point: half_up is away from zero, half_even to the even neighbour, down towards zero. */
function roundDigits(digits: string, decimals: number, round: Rounding): string {
  const kept = `regexp_extract(${digits}, '^-?[0-9]+(?:[.][0-9]{0,${decimals}})?')`;
  const down = `TRY_CAST(${kept} AS DECIMAL(38, ${decimals}))`;
  const asDigits = (sql: string) => bind("sum", `CAST(${sql} AS VARCHAR)`, digitsOf);
  if (round === "down") return asDigits(down);
  // Digits compare as texts: 49 comes before 5, and 5 before 51.
  const rest = `substr(split_part(${digits}, '.', 2), ${decimals + 1})`;
  const isOdd = `regexp_matches(${kept}, '[13579][.]?$')`;
  const away = round === "half_up" ? `${rest} >= '5'` : `(${rest} > '5' OR (${rest} = '5' AND ${isOdd}))`;
  const unit = decimals === 0 ? "1" : `0.${"0".repeat(decimals - 1)}1`;
  const step = `CAST(CASE WHEN starts_with(${digits}, '-') THEN '-${unit}' ELSE '${unit}' END AS DECIMAL(38, ${decimals}))`;
  return `CASE WHEN ${away} THEN ${asDigits(`TRY(${down} + ${step})`)} ELSE ${asDigits(down)} END`;
}

function notNumber({ decimalsMax }: NumberLimits): string {
  return decimalsMax === 0 ? "is not a whole number" : "is not a number";
}

/** What is wrong with a number that the field can't hold. */
function complain(digits: string, limits: NumberLimits): string {
  const { decimalsMax, wholeMax, range, holder } = limits;
  const cases: [condition: string, what: string][] = [];
  if (decimalsMax === 0) cases.push([`contains(${digits}, '.')`, "is not a whole number"]);
  else if (decimalsMax !== undefined) {
    const what = `has more than the ${decimalsMax} digits after the point that ${holder} keeps`;
    cases.push([`regexp_matches(${digits}, '[.][0-9]{${decimalsMax}}[0-9]')`, what]);
  }
  if (range !== undefined)
    cases.push([`NOT coalesce(${isInRange(digits, range)}, false)`, `is not between ${range.join(" and ")}`]);
  const tooLong = `NOT regexp_full_match(${digits}, '-?[0-9]{1,${wholeMax}}([.].*)?')`;
  cases.push([tooLong, `has more than the ${wholeMax} digits before the point that ${holder} keeps`]);
  const branches = cases.map(([condition, what]) => `WHEN ${condition} THEN ${literal(what)}`);
  return `CASE ${branches.join(" ")} ELSE ${literal(`has more digits than the ${limits.nearest === "FLOAT" ? "single" : "double"} that ${holder} keeps of it`)} END`;
}
