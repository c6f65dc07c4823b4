// Languages by their names. In: a text, a code, or a tag of a language with its region. Out: the code of ISO 639-1, or why
// there is none.
// https://www.loc.gov/standards/iso639-2/php/code_list.php

import { languageCodes, names } from "./data.ts";
import { type Found, foundOne, NameIndex } from "./fold-name.ts";

/** Codes that ISO 639-1 has, or had, and CLDR writes otherwise: Java's and so Salesforce's Hebrew and Indonesian are iw and in. */
const otherCodes: Readonly<Record<string, string>> = {
  iw: "he",
  in: "id",
  ji: "yi",
  jw: "jv",
  mo: "ro",
  tl: "tl",
  tgl: "tl",
};

/** Names that CLDR does not have. https://www.loc.gov/standards/iso639-2/php/code_list.php */
const otherNames: Readonly<Record<string, string>> = {
  fa: "Farsi",
  nl: "Flemish|Flämisch|Flamand|Vlaams",
  tl: "Tagalog",
};

interface Languages {
  find(text: string): Found;
}

export function openLanguages(): Languages {
  const rows = languageCodes.split("|").map((row) => row.split(" "));
  const byCode = new Map(rows.flatMap((row) => row.map((code) => [code, row[0] ?? ""])));
  for (const [code, meant] of Object.entries(otherCodes)) byCode.set(code, meant);
  const named = new NameIndex([
    ...Object.values(names).flatMap(({ languages }) =>
      languages.split("|").map((name, place) => [name, rows[place]?.[0]]),
    ),
    ...Object.entries(otherNames).flatMap(([code, written]) => written.split("|").map((name) => [name, code])),
  ]);
  return {
    find(text) {
      // en-US and en_US are English, zh-Hant-TW is Chinese.
      const [, tag = text] = /^([a-z]{2,3})(?:[-_][a-z]{4})?(?:[-_](?:[a-z]{2}|[0-9]{3}))?$/i.exec(text) ?? [];
      const code = byCode.get(tag.toLowerCase());
      return code === undefined ? foundOne(named.find(text), "no language is known by this name") : { code };
    },
  };
}
