// Writes src/values/names/data.ts and state-names.ts: `npm run names`. What countries, languages and currencies are called
// comes from the Unicode CLDR of the pinned Node (Intl), their codes from cldr-core, and what states are called from
// cldr-subdivisions-full, which has them in English. They are written down rather than asked of Intl as a job runs, since
// another Node has other names: the same input would give another record.
// https://cldr.unicode.org

import { readFileSync, writeFileSync } from "node:fs";
import { createRequire } from "node:module";
import { dirname, join } from "node:path";

function folderOf(name: string): string {
  return dirname(createRequire(import.meta.url).resolve(`${name}/package.json`));
}

function supplemental<T>(name: string, part = name): T {
  const text = readFileSync(join(folderOf("cldr-core"), `supplemental/${name}.json`), "utf8");
  return JSON.parse(text).supplemental[part] as T;
}

/** Vietnamese is left out: its Russia is Nga, and NGA is the code of Nigeria. */
const languages =
  "en de fr es it pt pt-PT nl pl sv da nb fi cs sk hu ro bg el tr ru uk ja zh zh-Hant ko ar he hr sl et lv lt ca id th hi".split(
    " ",
  );

/** Regions of CLDR that ISO 3166-1 has not assigned. */
const notIso = new Set("AC CP CQ DG EA IC TA XK".split(" "));

const codes = supplemental<Record<string, { _alpha3?: string; _numeric?: string }>>("codeMappings");

function listCountries(): string[] {
  const containment = supplemental<Record<string, { _contains?: string[] }>>("territoryContainment");
  const found = new Set<string>();
  const visit = (region: string): void => {
    const inside = containment[region]?._contains;
    if (inside !== undefined) for (const one of inside) visit(one);
    else if (/^[A-Z]{2}$/.test(region) && !notIso.has(region)) found.add(region);
  };
  visit("001");
  return [...found].sort();
}

type Tender = Record<string, { _to?: string; _tender?: string }>;

/** What is paid with in each country today. */
function listTender(): Map<string, string[]> {
  const { region } = supplemental<{ region: Record<string, Tender[]> }>("currencyData");
  const tender = new Map<string, string[]>();
  for (const country of listCountries()) {
    const now = (region[country] ?? []).flatMap((one) => Object.entries(one));
    const valid = now.filter(([, { _to, _tender }]) => _to === undefined && _tender !== "false").map(([code]) => code);
    if (valid.length > 0) tender.set(country, valid);
  }
  return tender;
}

type Containment = Record<string, { _contains?: string[] }>;
type Aliases = { alias: { subdivisionAlias: Record<string, { _replacement: string }> } };

/**
 * By country: what follows it in the code, names in English, and after = a code that is no longer used, where one took its
 * place. Those that ISO has withdrawn are left out, and so are parts that are countries of ISO 3166-1 as well.
 */
function listStates(): string[] {
  const english = readFileSync(join(folderOf("cldr-subdivisions-full"), "subdivisions/en/en.json"), "utf8");
  const names: Record<string, string> = JSON.parse(english).subdivisions.localeDisplayNames.subdivisions;
  const contained = Object.values(supplemental<Containment>("subdivisionContainment"));
  const used = new Set(contained.flatMap(({ _contains: inside = [] }) => inside));
  const { alias } = supplemental<Aliases>("aliases", "metadata");
  const old = Object.entries(alias.subdivisionAlias).filter(([, { _replacement: now }]) => used.has(now));
  const byCountry = new Map<string, string[]>();
  for (const code of [...used].sort()) {
    const name = names[code]?.replaceAll(/[|;=²]/g, "");
    if (name === undefined) continue;
    const before = old.filter(([from, to]) => to._replacement === code && from.slice(0, 2) === code.slice(0, 2));
    const row = [code.slice(2).toUpperCase(), name, ...before.map(([from]) => `=${from.slice(2).toUpperCase()}`)];
    const country = code.slice(0, 2).toUpperCase();
    byCountry.set(country, [...(byCountry.get(country) ?? []), row.join("|")]);
  }
  return [...byCountry].map(([country, rows]) => `  ${country}: ${JSON.stringify(rows.join(";"))},`);
}

/** Those of two letters, with the codes of three letters that are the same one. */
function listLanguages(): Map<string, string[]> {
  const letters = [..."abcdefghijklmnopqrstuvwxyz"];
  const english = new Intl.DisplayNames(["en"], { type: "language", fallback: "none" });
  const languageOf = (code: string) => new Intl.Locale(code).language;
  const pairs = letters.flatMap((first) => letters.map((second) => first + second));
  const found = new Map<string, string[]>();
  for (const code of pairs) if (english.of(code) !== undefined && languageOf(code) === code) found.set(code, []);
  for (const code of pairs.flatMap((pair) => letters.map((letter) => pair + letter))) {
    found.get(languageOf(code))?.push(code);
  }
  return found;
}

function namesOf(type: "region" | "language" | "currency", language: string, of: readonly string[]): string {
  const names = new Intl.DisplayNames([language], {
    type,
    fallback: "none",
    style: "long",
    languageDisplay: "standard",
  });
  return of.map((code) => (names.of(code) ?? "").replaceAll("|", "")).join("|");
}

/** Shorter names that say the same: Hong Kong. Abbreviations are left out, since they mean other things elsewhere. */
function shortNames(countries: readonly string[]): string {
  const found = new Set<string>();
  for (const language of languages) {
    const [long, short] = (["long", "short"] as const).map(
      (style) => new Intl.DisplayNames([language], { type: "region", style, fallback: "none" }),
    );
    for (const code of countries) {
      const name = short?.of(code) ?? "";
      if (name !== long?.of(code) && name.replaceAll(/[^\p{L}]/gu, "").length > 3) found.add(`${code}=${name}`);
    }
  }
  return [...found].sort().join("|");
}

/** As an invoice writes them: 2 US dollars. */
function pluralNames(currencies: readonly string[]): string {
  const names = currencies.map((currency) => {
    const format = new Intl.NumberFormat("en", { style: "currency", currency, currencyDisplay: "name" });
    return format
      .formatToParts(2)
      .filter(({ type }) => type === "currency")
      .map(({ value }) => value)
      .join("");
  });
  return names.join("|");
}

/** The signs that each is written by, in its own country and abroad. */
function symbolsOf(currency: string): string {
  const signs = (["symbol", "narrowSymbol"] as const).map((currencyDisplay) => {
    const format = new Intl.NumberFormat("en", { style: "currency", currency, currencyDisplay });
    return format.formatToParts(1).find(({ type }) => type === "currency")?.value ?? "";
  });
  return [...new Set(signs)].filter((sign) => sign !== currency).join(" ");
}

/** What a file of names begins with. */
const head = `// Written by \`npm run names\` of CLDR ${process.versions["cldr"]}: not to be changed by hand. https://www.unicode.org/license.txt`;

export function writeStates(): string {
  return [
    head,
    "",
    "/** By country: the rest of its code in ISO 3166-2, its name in English, and after = codes that it had before. */",
    "export const stateNames: Readonly<Record<string, string>> = {",
    ...listStates(),
    "};",
    "",
  ].join("\n");
}

export function writeNames(): string {
  const countries = listCountries();
  const tender = listTender();
  const currencies = [...new Set([...tender.values()].flat())].sort();
  const spoken = listLanguages();
  const of = [...spoken.keys()];
  const rows = languages.map((language) => {
    const written = Object.entries({
      countries: namesOf("region", language, countries),
      languages: namesOf("language", language, of),
      currencies: namesOf("currency", language, currencies),
    }).map(([what, text]) => `    ${what}:\n      ${JSON.stringify(text)},`);
    const key = language.includes("-") ? JSON.stringify(language) : language;
    return [`  ${key}: {`, ...written, "  },"].join("\n");
  });
  const list = (name: string, items: readonly string[]) =>
    `export const ${name} =\n  ${JSON.stringify(items.join("|"))};`;
  return [
    head,
    "",
    "/** ISO 3166-1: two letters, three letters, number. */",
    list(
      "countryCodes",
      countries.map((code) => `${code} ${codes[code]?._alpha3} ${codes[code]?._numeric}`),
    ),
    "/** ISO 639-1, with the codes of three letters for the same language. */",
    list(
      "languageCodes",
      [...spoken].map(([code, others]) => [code, ...others].join(" ")),
    ),
    "/** ISO 4217 in use, with the signs that it is written by. */",
    list(
      "currencyCodes",
      currencies.map((code) => `${code} ${symbolsOf(code)}`.trim()),
    ),
    "/** What is paid with in a country. */",
    list(
      "tender",
      [...tender].map(([country, paid]) => `${country} ${paid.join(" ")}`),
    ),
    "/** Of countries, beside their usual names. */",
    `export const shortNames =\n  ${JSON.stringify(shortNames(countries))};`,
    "/** Of currencies, in English. */",
    `export const pluralNames =\n  ${JSON.stringify(pluralNames(currencies))};`,
    "/** By language, in the order of the codes. */",
    "export const names: Readonly<Record<string, { countries: string; languages: string; currencies: string }>> = {",
    ...rows,
    "};",
    "",
  ].join("\n");
}

if (import.meta.main) {
  const folder = join(import.meta.dirname, "../src/values/names");
  writeFileSync(join(folder, "data.ts"), writeNames());
  writeFileSync(join(folder, "state-names.ts"), writeStates());
}
