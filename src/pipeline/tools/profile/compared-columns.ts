// Which columns near-duplicates are looked for in. In: the columns of a file, and what a person named. Out: the columns.
// Must hold: what was named is taken or refused; what was not is guessed by its name alone.

import { showPath, usageFailure } from "../../../core/errors.ts";
import { suggest } from "../../../core/suggest.ts";
import type { ComparedColumns } from "../../../report/near-duplicates.ts";
import { lettersOf, meaningOf } from "../column-words.ts";

export interface NamedColumns {
  name?: string;
  domain?: string;
  phone?: string;
}

/** What columns are called, or mean, the most likely first. */
const likely: Readonly<Record<keyof NamedColumns, readonly string[]>> = {
  name: ["company", "account", "name", "fullname"],
  domain: ["domain", "companydomain", "companydomainname", "domainname", "website", "email"],
  phone: ["phone", "phonenumber", "companyphone", "mobilephone"],
};

/** Throws a Failure where a named column is not there, or none is likely to hold names. */
export function chooseColumns(path: string, columns: readonly string[], named: NamedColumns): ComparedColumns {
  const there = `columns: ${columns.join(", ")}`;
  const where = { file: path };
  const choose = (what: keyof NamedColumns) => {
    const given = named[what];
    if (given === undefined) return guess(columns, likely[what]);
    if (columns.includes(given)) return given;
    const near = suggest(given, columns);
    const meant = near === undefined ? "" : `; did you mean ${near}?`;
    throw usageFailure(`${showPath(path)} has no column ${given}${meant}`, { where, why: there });
  };
  const name = choose("name");
  if (name === null)
    throw usageFailure(`no column of ${showPath(path)} is called like one of names`, {
      where,
      why: there,
      next: "name it: --name <column>",
    });
  return { name, domain: choose("domain"), phone: choose("phone") };
}

function guess(columns: readonly string[], words: readonly string[]): string | null {
  for (const word of words) {
    const found =
      columns.find((column) => lettersOf(column) === word) ?? columns.find((one) => meaningOf(one) === word);
    if (found !== undefined) return found;
  }
  return null;
}
