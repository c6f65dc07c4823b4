// Numbers as people write them.

import { suggest } from "../../core/suggest.ts";
import { decimalOfLocale, knownLocales, readLocaleNumber, separatorsOf } from "../../values/locale.ts";
import { decimalOf } from "../../values/number.ts";
import { isBlank, trimmed } from "../../values/trim.ts";
import type { OwnFunction, Written } from "../own-function.ts";
import { asText, impossible } from "./reading.ts";

const otherThanZero = "a number b that is not 0";

export const numberFunctions: readonly OwnFunction[] = [
  {
    name: "parse_decimal",
    signature: "parse_decimal(text, locale)",
    does: "a number as people of a language and region write it; blank is none",
    takes:
      "a number as its locale writes it: `de` 1.234,50; `en` 1,234.50; `fr` 1 234,50; `de-CH` 1'234.50; of 10 digits after the point at most",
    examples: [{ call: "parse_decimal('1.234,50', 'de')", gives: "1234.5000000000" }],
    complain: { locale: complainAboutLocale },
    macro: () => `(value, locale) AS ${readDecimal()}`,
    question: askDecimal,
  },
  {
    name: "mod",
    operator: "%",
    signature: "mod(a, b)",
    does: "what remains of a / b; also `a % b`",
    takes: otherThanZero,
    examples: [
      { call: "mod(7, 4)", gives: "3" },
      { call: "7 % 4", gives: "3" },
    ],
    macro: () => divide("mod"),
  },
  {
    name: "divide",
    operator: "//",
    signature: "divide(a, b)",
    does: "a / b without its decimals, of whole numbers; also `a // b`",
    takes: otherThanZero,
    examples: [
      { call: "divide(7, 2)", gives: "3" },
      { call: "7 // 2", gives: "3" },
    ],
    macro: () => divide("divide"),
  },
];

/** The engine gives NULL where it divides by nothing. */
function divide(name: string): string {
  return `(a, b) AS CASE WHEN b = 0 THEN CAST(${impossible("CAST(b AS VARCHAR)")} AS TINYINT) ELSE system.main.${name}(a, b) END`;
}

/** Which one a column says is seen row by row. */
export function complainAboutLocale(written: Written): string | undefined {
  if (written.kind === "computed") return undefined;
  if (written.kind !== "text") return "the locale is a text: 'de', 'en-US'";
  const { text } = written;
  if (separatorsOf(text) !== undefined) return undefined;
  const meant = suggest(text, knownLocales);
  return `the locale "${text}" is not known${meant === undefined ? ", a language and a region is wanted: de, en-US" : `; did you mean ${meant}?`}`;
}

const decimalsMax = 10;

function readDecimal(): string {
  const { isNumber, number } = readLocaleNumber(trimmed(asText), "locale", decimalsMax);
  const wide = `DECIMAL(38, ${decimalsMax})`;
  return `CASE ${readPointed(asText, decimalsMax)} WHEN ${isNumber} THEN ${decimalOf(number, decimalsMax)}
    WHEN NOT (${isBlank(asText)}) THEN CAST(${impossible(asText)} AS ${wide}) END`;
}

/** A branch of a CASE. Without a separator of groups a number is told as in values/number.ts, which takes a third of the time. */
function readPointed(text: string, decimalsMax: number): string {
  const pointed = `replace(${text}, ',', '.')`;
  const narrow = `TRY_CAST(${pointed} AS DECIMAL(18, 4))`;
  const other = `CASE WHEN ${decimalOfLocale("locale")} = ',' THEN '.' ELSE ',' END`;
  const isQuick = `NOT contains(${text}, ${other}) AND NOT suffix(${pointed}, '.') AND starts_with(CAST(${narrow} AS VARCHAR), ${pointed})`;
  return `WHEN ${isQuick} AND ${decimalOfLocale("locale")} IS NOT NULL THEN CAST(${narrow} AS DECIMAL(38, ${decimalsMax}))`;
}

/** Branches of a CASE that read numbers of `locale`, of a text that may stand several times. */
export function readUsualNumber(text: string, decimalsMax: number): string {
  const { isNumber, number } = readLocaleNumber(text, "locale", decimalsMax);
  return `${readPointed(text, decimalsMax)} WHEN ${isNumber} THEN ${decimalOf(number, decimalsMax)}`;
}

function askDecimal(): string {
  const { isNumber } = readLocaleNumber(trimmed(asText), "locale", decimalsMax);
  return `(value, locale) AS ${isBlank(asText)} OR (strlen(${asText}) <= 24 AND ${isNumber})`;
}
