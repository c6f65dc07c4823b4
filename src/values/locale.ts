// How people write numbers, by language and region: what stands before the decimals, and what may stand between groups of
// three digits. In: a locale, `de` or `en-US`. Out: SQL. What must hold: a separator of groups stands before exactly three
// digits, so that 1.5 is no German number; a locale that is not known here is an error, never taken for another.
// https://cldr.unicode.org (numbers/symbols); a test compares this list with the one of Intl.

import { literal } from "../core/sql.ts";

/** Blanks that part groups of digits: the usual one, and those that don't break a line. */
const blanks = " \u00a0\u2009\u202f";

interface Separators {
  decimal: "," | ".";
  /** Any of these characters. */
  groups: string;
}

const styles: readonly (readonly [locales: string, separators: Separators])[] = [
  ["en ja zh ko th he ms hi ta bn ur fil cy ga mt", { decimal: ".", groups: "," }],
  ["de es it nl pt da id tr el ro hr sr sl is ca gl eu vi bs mk", { decimal: ",", groups: "." }],
  ["fr ru uk pl cs sk sv nb nn no fi hu bg lt lv et be sq kk hy ka en-ZA pt-PT", { decimal: ",", groups: blanks }],
  ["de-CH de-LI it-CH gsw", { decimal: ".", groups: "'\u2019" }],
  ["de-AT es-CR", { decimal: ",", groups: `.${blanks}` }],
  ["es-MX es-US es-419 es-PR es-DO es-GT es-HN es-NI es-PA es-PE es-SV", { decimal: ".", groups: "," }],
];

const byLocale = new Map(
  styles.flatMap(([locales, separators]) =>
    locales.split(" ").map((name) => [name.toLowerCase(), separators] as const),
  ),
);

export const knownLocales: readonly string[] = styles.flatMap(([locales]) => locales.split(" "));

/** What a locale writes: that of its region, or else of its language. Undefined where it is not known. */
export function separatorsOf(locale: string): Separators | undefined {
  const name = locale.replace("_", "-").toLowerCase();
  if (!/^[a-z]{2,3}(-[a-z0-9]{2,4})?$/.test(name)) return undefined;
  return byLocale.get(name) ?? byLocale.get(name.split("-")[0] ?? "");
}

/** VARCHAR: what stands before the decimals in a locale; NULL where it is not known. */
export function decimalOfLocale(locale: string): string {
  return ofLocale(locale, ({ decimal }) => decimal);
}

/** As CASE: a map of the engine's is looked up for every row anew (measured: 80 µs each). */
function ofLocale(locale: string, value: (separators: Separators) => string): string {
  const name = `lower(replace(${locale}, '_', '-'))`;
  const isAny = (sql: string, names: readonly string[]) =>
    `${sql} IN (${names.map((one) => literal(one.toLowerCase())).join(", ")})`;
  const cases = (sql: string, wanted: (name: string) => boolean) =>
    styles.flatMap(([locales, separators]) => {
      const names = locales.split(" ").filter(wanted);
      return names.length === 0 ? [] : [`WHEN ${isAny(sql, names)} THEN ${literal(value(separators))}`];
    });
  const regions = cases(name, (one) => one.includes("-"));
  const languages = cases(`split_part(${name}, '-', 1)`, (one) => !one.includes("-"));
  return `(CASE ${[...regions, ...languages].join(" ")} END)`;
}

/**
 * Of a text in a locale: whether it is a number there (BOOLEAN), and that number as the engine writes it (VARCHAR). Both
 * are SQL, the locale a constant as a rule: then what is looked up by it is looked up once.
 */
export function readLocaleNumber(
  text: string,
  locale: string,
  decimalsMax: number,
): { isNumber: string; number: string } {
  const grouped = `translate(${text}, ${ofLocale(locale, ({ groups }) => groups)}, '')`;
  const grammar = ofLocale(locale, (separators) => grammarOf(separators, decimalsMax));
  return {
    isNumber: `regexp_full_match(${text}, ${grammar})`,
    number: `replace(replace(${grouped}, ${decimalOfLocale(locale)}, '.'), '\u2212', '-')`,
  };
}

function grammarOf({ decimal, groups }: Separators, decimalsMax: number): string {
  const whole = `(?:[0-9]+|[1-9][0-9]{0,2}(?:[${groups}][0-9]{3})+)`;
  const decimals = `[${decimal}][0-9]{1,${decimalsMax}}0*`;
  return `[-+\u2212]?(?:${whole}(?:${decimals})?|${decimals})`;
}
