// A first expression for a column, from the values of a sample: what they all are, it makes of them.

import { nameInSql } from "../../transform/quoted-names.ts";

const decimals: readonly [locale: string, pattern: RegExp][] = [
  ["de", /^[-+]?\d{1,3}(\.\d{3})*(,\d+)?$|^[-+]?\d+(,\d+)?$/],
  ["en", /^[-+]?\d{1,3}(,\d{3})*(\.\d+)?$|^[-+]?\d+(\.\d+)?$/],
];

export interface GuessedExpression {
  /** SQL over the column. */
  sql: string;
  /** Where several readings fit: the values stay text. */
  doubt?: string;
}

export function guessExpression(column: string, values: readonly string[]): GuessedExpression {
  const name = nameInSql(column);
  const given = values.map((value) => value.trim()).filter((value) => value !== "");
  const text = { sql: `trim(${name})` };
  if (given.length === 0) return text;
  const date = guessDate(given);
  if (date !== undefined) return { sql: `parse_date(${name}, '${date}')` };
  if (given.every((value) => slashed.test(value))) {
    return { ...text, doubt: `${name} stays text: ${given[0]} may have the day first, or the month` };
  }
  const locales = guessLocales(given);
  const [locale] = locales;
  // Every field of numbers takes them as they are, with digits for which parse_decimal has no room.
  if (locales.length === 1 && locale === "en" && given.every((value) => !value.includes(","))) return text;
  if (locale !== undefined && locales.length === 1) return { sql: `parse_decimal(${name}, '${locale}')` };
  if (locales.length > 1) {
    return {
      ...text,
      doubt: `${name} stays text: in ${given.find((value) => /[.,]/.test(value))} the mark may be of decimals, or of thousands`,
    };
  }
  if (given.every((value) => /^(true|false|yes|no)$/i.test(value))) return { sql: `parse_bool(${name})` };
  if (given.every((value) => /^[^\s@]+@[^\s@]+\.[^\s@]+$/.test(value))) return { sql: `email(${name})` };
  return text;
}

const slashed = /^\d{1,2}\/\d{1,2}\/\d{4}$/;

function guessDate(given: readonly string[]): string | undefined {
  if (given.every((value) => /^\d{4}-\d{2}-\d{2}$/.test(value))) return "%Y-%m-%d";
  if (given.every((value) => /^\d{1,2}\.\d{1,2}\.\d{4}$/.test(value))) return "%d.%m.%Y";
  const matches = given.map((value) => /^(\d{1,2})\/(\d{1,2})\/\d{4}$/.exec(value));
  if (matches.some((match) => match === null)) return undefined;
  const dayFirst = matches.some((match) => Number(match?.[1]) > 12);
  const monthFirst = matches.some((match) => Number(match?.[2]) > 12);
  return dayFirst === monthFirst ? undefined : dayFirst ? "%d/%m/%Y" : "%m/%d/%Y";
}

/** Whole numbers stay text: most of them are codes. */
function guessLocales(given: readonly string[]): string[] {
  if (!given.some((value) => /[.,]/.test(value)) || given.some((value) => /^[-+]?0\d/.test(value))) return [];
  return decimals.filter(([, pattern]) => given.every((value) => pattern.test(value))).map(([locale]) => locale);
}
