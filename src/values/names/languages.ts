// Languages by their names. In: a text, a code, or a tag of a language with its region. Out: the code of ISO 639-1, or why
// there is none.
// https://www.loc.gov/standards/iso639-2/php/code_list.php

import { languageCodes, names } from "./data.ts";
import { type Found, foundOne, NameIndex } from "./fold-name.ts";

interface Languages {
  find(text: string): Found;
}

export function openLanguages(): Languages {
  const rows = languageCodes.split("|").map((row) => row.split(" "));
  const byCode = new Map(rows.flatMap((row) => row.map((code) => [code, row[0] ?? ""])));
  const named = new NameIndex(
    Object.values(names).flatMap(({ languages }) =>
      languages.split("|").map((name, place) => [name, rows[place]?.[0]]),
    ),
  );
  return {
    find(text) {
      // en-US and en_US are English.
      const [, tag = text] = /^([a-z]{2,3})[-_](?:[a-z]{2}|[0-9]{3})$/i.exec(text) ?? [];
      const code = byCode.get(tag.toLowerCase());
      return code === undefined ? foundOne(named.find(text), "no language is known by this name") : { code };
    },
  };
}
