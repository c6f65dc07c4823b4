// Currencies by their names and signs. In: a text, and the country where it was written, if that is known. Out: the code of
// ISO 4217, or why there is none. Must hold: a sign that several currencies are written by is only read with a country in
// which one of them is paid with.
// https://www.iso.org/iso-4217-currency-codes.html

import { currencyCodes, names, pluralNames, tender } from "./data.ts";
import { type Found, foundOne, NameIndex } from "./fold-name.ts";

/** Signs with letters before them, as they are written abroad. */
const otherSigns: Readonly<Record<string, string>> = {
  US$: "USD",
  C$: "CAD",
  AU$: "AUD",
  S$: "SGD",
  "Fr.": "CHF",
  SFr: "CHF",
};

/** Names that CLDR does not have. Pounds and dollars are several; sterling is one. */
const otherNames: Readonly<Record<string, string>> = {
  CNY: "Renminbi|RMB",
  GBP: "Pound sterling|Pounds sterling|Sterling|Pfund Sterling",
};

interface Currencies {
  /** `country`: its code of two letters. */
  find(text: string, country?: string): Found;
}

export function openCurrencies(): Currencies {
  const rows = currencyCodes.split("|").map((row) => row.split(" "));
  const known = new Set(rows.map(([code = ""]) => code));
  const bySign = new Map<string, string[]>();
  const signs = rows.flatMap(([code = "", ...written]) => written.map((sign) => [sign, code] as const));
  for (const [sign, code] of [...signs, ...Object.entries(otherSigns)]) {
    bySign.set(sign, [...(bySign.get(sign) ?? []), code]);
  }
  const named = new NameIndex([
    ...[...Object.values(names).map(({ currencies }) => currencies), pluralNames].flatMap((list) =>
      list.split("|").map((name, place) => [name, rows[place]?.[0]]),
    ),
    ...Object.entries(otherNames).flatMap(([code, written]) => written.split("|").map((name) => [name, code])),
  ]);
  const paid = new Map(tender.split("|").map((row) => [row.slice(0, 2), row.slice(3).split(" ")]));
  return {
    find(text, country) {
      const code = text.toUpperCase();
      if (known.has(code)) return { code };
      const found = bySign.get(text) ?? named.find(text);
      const here = country === undefined ? [] : found.filter((one) => paid.get(country)?.includes(one));
      return foundOne(
        found.length > 1 && here.length === 1 ? here : found,
        "no currency is known by this name or sign",
      );
    },
  };
}
