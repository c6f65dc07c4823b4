// Countries by their names. In: a text as people write it, in some language, or a code. Out: the code of ISO 3166-1, or
// why there is none. Must hold: a name that several countries share is refused with them; what an older or shorter name
// is taken for is written down here.
// https://www.iso.org/iso-3166-country-codes.html (names "Korea, Republic of" are found either way round)

import { countryCodes, names, shortNames } from "./data.ts";
import { type Found, foundOne, NameIndex } from "./fold-name.ts";

/** Names that CLDR does not have: those of ISO where they differ, older ones, and abbreviations. */
const otherNames: Readonly<Record<string, string>> = {
  AE: "UAE|U.A.E.",
  BY: "Belorussia|Weißrussland|Biélorussie|Bielorussia|Bielorrusia|Wit-Rusland",
  AT: "Oesterreich",
  BN: "Brunei Darussalam",
  BO: "Plurinational State of Bolivia",
  BQ: "Bonaire, Sint Eustatius and Saba",
  CD: "Congo-Kinshasa|Democratic Republic of the Congo|The Democratic Republic of the Congo|DR Congo|Zaire",
  CG: "Congo-Brazzaville|Republic of the Congo",
  CI: "Ivory Coast|Elfenbeinküste|Costa de Marfil",
  CN: "People's Republic of China|PR China|P.R. China|Mainland China",
  CV: "Cabo Verde|Cape Verde",
  CZ: "Czech Republic|Tschechische Republik|République tchèque|Česká republika",
  DE: "Federal Republic of Germany|Bundesrepublik Deutschland|BRD",
  FK: "Falkland Islands (Malvinas)",
  FM: "Federated States of Micronesia",
  GB: "UK|U.K.|Great Britain|England|Scotland|Wales|Northern Ireland|United Kingdom of Great Britain and Northern Ireland|Großbritannien|Grande-Bretagne|Gran Bretagna|Gran Bretaña|Groot-Brittannië",
  // https://style-guide.europa.eu/en/content/-/isg/topic?identifier=annex-a5-list-countries-territories-currencies: the EU's EL
  GR: "Hellas|EL",
  IE: "Republic of Ireland|Éire",
  IR: "Islamic Republic of Iran",
  KP: "Democratic People's Republic of Korea|DPR Korea",
  KR: "Republic of Korea|Corea del Sur",
  LA: "Lao People's Democratic Republic",
  LY: "Libyan Arab Jamahiriya",
  MD: "Republic of Moldova|Moldawien|Moldavia|Moldavie",
  MK: "Macedonia|Republic of North Macedonia|The former Yugoslav Republic of Macedonia|FYROM",
  MM: "Burma",
  MO: "Macau",
  NL: "Holland|The Netherlands|Kingdom of the Netherlands",
  PN: "Pitcairn",
  PS: "State of Palestine",
  RE: "Reunion Island",
  RU: "Russian Federation|Russische Föderation|Fédération de Russie",
  SH: "Saint Helena, Ascension and Tristan da Cunha",
  SY: "Syrian Arab Republic",
  SZ: "Swaziland",
  TL: "East Timor",
  TR: "Turkey|Turkiye",
  TW: "Province of China Taiwan",
  TZ: "United Republic of Tanzania",
  US: "United States of America|U.S.|U.S.A.|Vereinigte Staaten von Amerika|États-Unis d'Amérique|Stati Uniti d'America|Estados Unidos de América|Estados Unidos da América",
  VA: "Holy See|Vatican",
  VE: "Bolivarian Republic of Venezuela",
  VG: "British Virgin Islands",
  VI: "Virgin Islands of the United States",
  VN: "Viet Nam",
};

/** Names that stand for none of them alone, in the languages in which they are the same word; and what they may be. */
const sharedNames: Readonly<Record<string, string>> = {
  "Korea|Corea|Corée|Coreia|Kore": "KR or KP",
  "Congo|Kongo": "CG or CD",
  "Virgin Islands": "VG or VI",
  "America|Amerika|Amérique": "a continent or US",
};

/** Where a language calls two countries alike, the longer name of one. */
const clearNames: Readonly<Record<string, Readonly<Record<string, string>>>> = {
  es: { CG: "República del Congo" },
  pl: { CG: "Republika Konga" },
  nb: { CD: "Kongo-Kinshasa" },
};

/** Chinese is written in two ways; the region says which. */
const traditional = /^zh-(?:tw|hk|mo)/;

/** Without the names, which take 50 ms to read. */
export function isCountryCode(text: string): boolean {
  return countryCodes.split(/[| ]/).includes(text.toUpperCase());
}

export interface Countries {
  /** The code of two letters, of a name or a code; or what is wrong with it. */
  find(text: string): Found;
  /** What one is called in a language that there are names in, of its region or else of the language; undefined for another. */
  nameOf(code: string, language: string): string | undefined;
}

export function openCountries(): Countries {
  const byLanguage = new Map(Object.keys(names).map((language) => [language.toLowerCase(), language]));
  const languageOf = (tag: string): string | undefined => {
    const name = tag.replaceAll("_", "-").toLowerCase();
    if (!/^[a-z]{2,3}(?:-[a-z]{4})?(?:-(?:[a-z]{2}|[0-9]{3}))?$/.test(name)) return undefined;
    const chinese = traditional.test(name) ? "zh-Hant" : undefined;
    const shorter = name.split("-").map((_, place, parts) => parts.slice(0, parts.length - place).join("-"));
    return chinese ?? shorter.map((one) => byLanguage.get(one)).find((one) => one !== undefined);
  };
  const codes = countryCodes.split("|").map((row) => row.split(" "));
  const byCode = new Map(codes.flatMap((row) => row.map((code) => [code, row[0] ?? ""])));
  const shared = new NameIndex(
    Object.entries(sharedNames).flatMap(([written, meant]) => written.split("|").map((name) => [name, meant])),
  );
  const named = new NameIndex([
    ...Object.values(names).flatMap(({ countries }) =>
      countries.split("|").map((name, place) => [name, codes[place]?.[0]]),
    ),
    ...shortNames.split("|").map((row) => row.split("=").toReversed()),
    ...Object.values(clearNames).flatMap((clear) => Object.entries(clear).map(([code, name]) => [name, code])),
    ...Object.entries(otherNames).flatMap(([code, written]) => written.split("|").map((name) => [name, code])),
  ]);
  return {
    find(text) {
      const code = byCode.get(text.toUpperCase());
      if (code !== undefined) return { code };
      const [meant] = shared.find(text);
      if (meant !== undefined) return { why: `it may be ${meant}` };
      return foundOne(named.find(text), "no country is known by this name");
    },
    nameOf(code, tag) {
      const language = languageOf(tag);
      if (language === undefined) return undefined;
      const place = codes.findIndex(([one]) => one === code);
      return clearNames[language]?.[code] ?? names[language]?.countries.split("|")[place];
    },
  };
}
