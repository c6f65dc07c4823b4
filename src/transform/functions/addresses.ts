// Addresses of e-mail and of the web. What can't be one is refused; what is one is written in one way.
//
// E-mail: Salesforce takes letters of all scripts, and two dots in a row or one before the @, as in Japan, but none at the
// start; https://help.salesforce.com/s/articleView?id=000384328. HubSpot takes no quotes before the @, and wants a domain of
// the top level: https://legacydocs.hubspot.com/docs/faq/how-does-hubspot-validate-email-addresses. So what one of them
// takes is taken here, and quotes and comments are not. Lengths are those of RFC 5321, 4.5.3.1.

import { literal } from "../../core/sql.ts";
import { foldRareSql } from "../../values/fold.ts";
import { lettersAbroad } from "../../values/letters.ts";
import { invisibleClass, isBlank } from "../../values/trim.ts";
import { bind } from "../../values/value.ts";
import type { OwnFunction } from "../own-function.ts";
import { asText, impossible } from "./reading.ts";

export const addressFunctions: readonly OwnFunction[] = [
  {
    name: "email",
    signature: "email(text)",
    does: "an address in small letters, out of `Ann <ann@x.com>` and `mailto:` too; a tag (`ann+crm@`) stays; blank is none",
    takes:
      "one address: a name of at most 64 characters without blanks, quotes and a dot at its start, an @, and a domain with a dot",
    examples: [
      { call: "email(' Ann.Lee+crm@Example.COM ')", gives: "ann.lee+crm@example.com" },
      { call: "email('Ann Lee <ann@example.com>')", gives: "ann@example.com" },
      { call: "email('mailto:ann@example.com?subject=Hi')", gives: "ann@example.com" },
    ],
    macro: () => read(readEmail()),
    question: () => ask(readEmail()),
  },
  {
    name: "url",
    signature: "url(text)",
    does: "an address of the web: scheme and host in small letters, `https://` where there is no scheme, without the port that goes without saying and a slash alone at its end; blank is none",
    takes: "an http or https address with a host such as www.example.com, without a user and without blanks",
    examples: [
      { call: "url('WWW.Example.com/')", gives: "https://www.example.com" },
      { call: "url('HTTP://example.com:80/About?x=1')", gives: "http://example.com/About?x=1" },
    ],
    macro: () => read(readUrl()),
    question: () => ask(readUrl()),
  },
  {
    name: "domain",
    signature: "domain(text)",
    does: "the domain of an e-mail or web address, in small letters and without `www.`; blank is none",
    takes: "an e-mail address, an http or https address, or a domain alone",
    examples: [
      { call: "domain('Ann@Sales.Example.com')", gives: "sales.example.com" },
      { call: "domain('https://www.example.com/about')", gives: "example.com" },
    ],
    macro: () => read(readDomain()),
    question: () => ask(readDomain()),
  },
];

const unseen = `[${invisibleClass}]*`;

const letter = `[A-Za-z0-9${lettersAbroad}]`;
const host = `(?:${letter}(?:[A-Za-z0-9${lettersAbroad}-]*${letter})?[.])+(?:[A-Za-z${lettersAbroad}]{2,}|[Xx][Nn]--[A-Za-z0-9-]*[A-Za-z0-9])`;
const quickHost = "(?:[A-Za-z0-9](?:[A-Za-z0-9-]*[A-Za-z0-9])?[.])+[A-Za-z]{2,}";

/** With the quote doubled, for the SQL that it stands in. */
const nameSigns = "A-Za-z0-9!#$%&''*+/=?^_`{|}~";
const isQuickEmail = `(strlen(${asText}) <= 64 AND regexp_full_match(${asText}, '[${nameSigns}-][${nameSigns}.-]*@${quickHost}'))`;

/**
 * VARCHAR: of the groups of a text that has the grammar, `value` where `isFound`, else what `otherwise` says. Neither has a
 * regular expression. What fails stands in a CASE: in a COALESCE under TRY it crashed the engine (measured, 1.5.5).
 */
function ofGroups(
  grammar: string,
  names: readonly string[],
  body: (groups: string) => { isFound: string; value: string },
): (otherwise: (groups: string) => string) => string {
  const extracted = `regexp_extract(${asText}, '${grammar}', [${names.map(literal).join(", ")}])`;
  return (otherwise) =>
    bind("found", extracted, (groups) => {
      const { isFound, value } = body(groups);
      return `CASE WHEN ${isFound} THEN ${value} ELSE ${otherwise(`${groups}.${names[0]}`)} END`;
    });
}

/** `quick`: a text that is given by `asIs`; `found`: VARCHAR of the others. */
interface Reading {
  quick: string;
  asIs: string;
  found: ReturnType<typeof ofGroups>;
}

function read({ quick, asIs, found }: Reading): string {
  const strange = found((group) => `CAST(CAST(${impossible(group)} AS INTEGER) AS VARCHAR)`);
  return `(value) AS CASE WHEN ${quick} THEN ${asIs} WHEN ${isBlank(asText)} THEN NULL ELSE ${strange} END`;
}

function ask({ quick, found }: Reading): string {
  return `(value) AS ${isBlank(asText)} OR (${quick}) OR ${found(() => "NULL")} IS NOT NULL`;
}

const mailbox = `[${nameSigns}${lettersAbroad}-][${nameSigns}${lettersAbroad}.-]*@${host}`;
const mailto = "[Mm][Aa][Ii][Ll][Tt][Oo]:";

function readEmail(): Reading {
  const linked = `${mailto}(${mailbox})(?:[?][^<>]*)?`;
  const named = `[^<>]*< *(?:${mailto})?(${mailbox}) *>`;
  const grammar = `^${unseen}(?:${linked}|${named}|(${mailbox}))${unseen}$`;
  const found = ofGroups(grammar, ["linked", "named", "alone"], (groups) => {
    const address = `(${groups}.linked || ${groups}.named || ${groups}.alone)`;
    const fits = `strlen(${address}) <= 254 AND strpos(${address}, '@') BETWEEN 2 AND 65`;
    return { isFound: fits, value: foldRareSql(address) };
  });
  return { quick: isQuickEmail, asIs: `lower(${asText})`, found };
}

const numbers = "[0-9]{1,3}(?:[.][0-9]{1,3}){3}";
const rest = '[/?#][^\\s<>"]*';
const quickUrl = "https?://(?:[a-z0-9](?:[a-z0-9-]*[a-z0-9])?[.])+[a-z]{2,}(?:[/?#][!#-;=?-~]+)?";
const http = "[Hh][Tt][Tt][Pp]";

function readUrl(): Reading {
  const grammar = `^${unseen}(?:(${http}[Ss]?)://)?(${host}|${numbers})[.]?(?::([0-9]{1,5}))?(${rest})?${unseen}$`;
  const found = ofGroups(grammar, ["scheme", "host", "port", "path"], (groups) => {
    const scheme = `CASE lower(${groups}.scheme) WHEN 'http' THEN 'http' ELSE 'https' END`;
    const usual = `CASE lower(${groups}.scheme) WHEN 'http' THEN '80' ELSE '443' END`;
    const port = `CASE WHEN ${groups}.port IN ('', ${usual}) THEN '' ELSE ':' || ${groups}.port END`;
    const path = `CASE WHEN ${groups}.path = '/' THEN '' ELSE ${groups}.path END`;
    const value = `${scheme} || '://' || ${foldRareSql(`${groups}.host`)} || ${port} || ${path}`;
    return { isFound: `${groups}.host <> ''`, value };
  });
  return { quick: `regexp_full_match(${asText}, '${quickUrl}')`, asIs: asText, found };
}

function readDomain(): Reading {
  const name = `(?:[^/?#@<>\\s:]*@)`;
  const before = `(?:[^<>]*<\\s*)?(?:${mailto}[^@<>\\s]*@|${http}[Ss]?://${name}?|${name}?)(?:[Ww]{3}[.])?`;
  const grammar = `^${unseen}${before}(${host})[.]?(?::[0-9]{1,5})?(?:${rest})?(?:\\s*>)?${unseen}$`;
  const found = ofGroups(grammar, ["host"], (groups) => ({
    isFound: `${groups}.host <> ''`,
    value: foldRareSql(`${groups}.host`),
  }));
  return {
    quick: `${isQuickEmail} AND NOT contains(lower(${asText}), '@www.')`,
    asIs: `lower(split_part(${asText}, '@', 2))`,
    found,
  };
}
