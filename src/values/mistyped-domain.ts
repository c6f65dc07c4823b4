// Domains that are most likely slips of the finger: gmial.com. In: a text that may be an address, as SQL. Out: whether its
// domain is one of them, and which is meant. Must hold: only what is listed is told, since a domain that is like another
// (gmx.com, ymail.com) is mostly its own; nothing is corrected.

import { literal } from "../core/sql.ts";

/** What is meant, and how it is mistyped. None of them takes mail for people. */
const slips: Readonly<Record<string, string>> = {
  "gmail.com":
    "gmial.com gmai.com gmal.com gamil.com gnail.com gmaill.com gmali.com gmil.com gmsil.com ggmail.com gmaul.com gmail.co gmail.cm gmail.om gmail.con",
  "googlemail.com": "googlemail.con goglemail.com googelmail.com",
  "hotmail.com":
    "hotmial.com hotmal.com hotmai.com hotmil.com hotmaill.com hotnail.com homail.com hormail.com hotmail.co hotmail.cm hotmail.con",
  "outlook.com": "outlok.com outloo.com outllok.com otlook.com outlool.com outlook.co outlook.cm outlook.con",
  "yahoo.com": "yaho.com yahooo.com yhoo.com yahho.com yaoo.com yahoo.cm yahoo.con",
  "icloud.com": "iclod.com icoud.com icluod.com iclould.com icloud.co icloud.cm icloud.con",
  "aol.com": "aol.con aol.cm",
  "web.de": "wbe.de web.ed",
  "gmx.de": "gmx.ed",
  "t-online.de": "t-onlin.de t-onlie.de t-online.ed tonline.de",
  "freenet.de": "freent.de freenet.ed",
  "orange.fr": "orage.fr",
  "libero.it": "libro.it",
};

/** Endings that are no top-level domain: https://data.iana.org/TLD/tlds-alpha-by-domain.txt */
const noEndings: Readonly<Record<string, string>> = {
  com: "con cmo ocm vom comm coom xom",
  net: "nett ent",
  org: "ogr orgg",
};

const pairs = (meanings: Readonly<Record<string, string>>) =>
  Object.entries(meanings).flatMap(([meant, written]) => written.split(" ").map((one) => [one, meant] as const));

/** BOOLEAN, and where it is true VARCHAR, the domain that is meant. `address` is in small letters. */
export function findMistyped(address: string): { condition: string; meant: string } {
  const domain = `split_part(${address}, '@', 2)`;
  const ending = `split_part(${domain}, '.', -1)`;
  const any = (known: ReturnType<typeof pairs>) => known.map(([one]) => one.replaceAll(".", "[.]")).join("|");
  const cases = (sql: string, known: ReturnType<typeof pairs>, meant: (one: string) => string) =>
    `CASE ${sql} ${known.map(([one, other]) => `WHEN ${literal(one)} THEN ${meant(other)}`).join(" ")} END`;
  const withEnding = (other: string) => `left(${domain}, length(${domain}) - length(${ending})) || ${literal(other)}`;
  return {
    // One expression reads a text in a third of the time that it takes to part it (measured).
    condition: `regexp_matches(${address}, '@(?:${any(pairs(slips))})$|@[^@]*[.](?:${any(pairs(noEndings))})$')`,
    meant: `coalesce(${cases(domain, pairs(slips), literal)}, ${cases(ending, pairs(noEndings), withEnding)})`,
  };
}
