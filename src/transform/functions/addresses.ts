// Addresses of e-mail and of the web. What can't be one is refused; what is one is written in one way.
//
// E-mail: Salesforce takes letters of all scripts, and two dots in a row or one before the @, as in Japan, but none at the
// start; https://help.salesforce.com/s/articleView?id=000384328. HubSpot takes no quotes before the @, and wants a domain of
// the top level: https://legacydocs.hubspot.com/docs/faq/how-does-hubspot-validate-email-addresses. So what one of them
// takes is taken here, and quotes and comments are not. Lengths are those of RFC 5321, 4.5.3.1, and RFC 1035, 2.3.4. A domain
// in punycode (xn--) stays as it is in an address, since an org without address internationalization takes no other; to
// compare domains both writings are one: compute/hosts.ts. https://help.salesforce.com/s/articleView?id=sales.emailadmin_eai_prepare.htm

import { literal } from "../../core/sql.ts";
import { foldRareSql } from "../../values/fold.ts";
import { lettersAbroad } from "../../values/letters.ts";
import { invisibleClass, isBlank } from "../../values/trim.ts";
import { bind } from "../../values/value.ts";
import { askValue, type ComputedFunction, isReadSql } from "../computed.ts";
import type { OwnFunction } from "../own-function.ts";
import { asText, impossible } from "./reading.ts";

const domain: ComputedFunction = {
  name: "domain",
  signature: "domain(text)",
  does: "the domain of an e-mail or web address, in small letters, without `www.`, and with its letters where it is in punycode (xn--); blank is none",
  takes: "an e-mail address, an http or https address, or a domain alone",
  examples: [
    { call: "domain('Ann@Sales.Example.com')", gives: "sales.example.com" },
    { call: "domain('https://www.example.com/about')", gives: "example.com" },
    { call: "domain('xn--mnchen-3ya.de')", gives: "münchen.de" },
  ],
  macro: () => read(readDomain()),
  question: () => ask(readDomain()),
  load: async () => (await import("../compute/hosts.ts")).readHosts(),
};

export const addressFunctions: readonly OwnFunction[] = [
  {
    name: "email",
    signature: "email(text)",
    does: "an address in small letters, out of `Ann <ann@x.com>` and `mailto:` too; a tag (`ann+crm@`) stays; a usual slip in its domain (gmial.com) stays too, and is a warning; blank is none",
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
  domain,
];

const unseen = `[${invisibleClass}]*`;

const letter = `[A-Za-z0-9${lettersAbroad}]`;
const host = `(?:${letter}(?:[A-Za-z0-9${lettersAbroad}-]*${letter})?[.])+(?:[A-Za-z${lettersAbroad}]{2,}|[Xx][Nn]--[A-Za-z0-9-]*[A-Za-z0-9])`;
const quickHost = "(?:[A-Za-z0-9](?:[A-Za-z0-9-]*[A-Za-z0-9])?[.])+[A-Za-z]{2,}";

/** With the quote doubled, for the SQL that it stands in. */
const nameSigns = "A-Za-z0-9!#$%&''*+/=?^_`{|}~";
const quickMailbox = `[${nameSigns}-][${nameSigns}.-]*@`;
const isQuickEmail = `(strlen(${asText}) <= 64 AND regexp_full_match(${asText}, '${quickMailbox}${quickHost}'))`;

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
    const fits = `strlen(${address}) <= 254 AND strpos(${address}, '@') BETWEEN 2 AND 65 AND ${hasShortLabels(address)}`;
    return { isFound: fits, value: `nfc_normalize(${foldRareSql(address)})` };
  });
  return { quick: isQuickEmail, asIs: `lower(${asText})`, found };
}

/** A label has 63 characters at most. Few addresses are as long as that. */
function hasShortLabels(address: string): string {
  const labels = `string_split(split_part(${address}, '@', -1), '.')`;
  return `CASE WHEN strlen(${address}) <= 64 THEN true ELSE list_max(list_transform(${labels}, lambda label: length(label))) <= 63 END`;
}

function isPort(port: string): string {
  return `(${port} = '' OR CAST(${port} AS INTEGER) BETWEEN 1 AND 65535)`;
}

/** Of an address of numbers, which alone ends with one, none is above 255. */
function hasOctets(host: string): string {
  const parts = `list_transform(string_split(${host}, '.'), lambda part: CAST(part AS INTEGER))`;
  return `CASE WHEN substr(${host}, -1) BETWEEN '0' AND '9' THEN list_max(${parts}) <= 255 ELSE true END`;
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
    const value = `${scheme} || '://' || nfc_normalize(${foldRareSql(`${groups}.host`)}) || ${port} || ${path}`;
    const isFound = `${groups}.host <> '' AND ${isPort(`${groups}.port`)} AND ${hasShortLabels(`${groups}.host`)}`;
    return { isFound: `${isFound} AND ${hasOctets(`${groups}.host`)}`, value };
  });
  const isShort = `strlen(split_part(${asText}, '/', 3)) <= 63`;
  return { quick: `(${isShort} AND regexp_full_match(${asText}, '${quickUrl}'))`, asIs: asText, found };
}

/** x.com/@ann is a page of x.com; a name with a slash has no point before it. */
function readDomain(): Reading {
  // To a browser a backslash is a slash: http://x.com\\@y.com is a page of x.com.
  const other = "@<>\\s:\\\\";
  const name = `(?:(?:[^/.?#${other}]*/[^?#${other}]*|[^/?#${other}]*)@)`;
  const before = `(?:[^<>]*<\\s*)?(?:${mailto}[^@<>\\s\\\\]*@|${http}[Ss]?://${name}?|${name}?)(?:[Ww]{3}[.])?`;
  const grammar = `^${unseen}${before}(${host})[.]?(?::([0-9]{1,5}))?(?:${rest})?(?:\\s*>)?${unseen}$`;
  const found = ofGroups(grammar, ["host", "port"], (groups) => {
    const written = `${groups}.host`;
    const isPlain = `strlen(${written}) = length(${written}) AND NOT contains(lower(${written}), 'xn--')`;
    const isKnown = `CASE WHEN ${isPlain} THEN true ELSE ${isReadSql(domain, written)} END`;
    return {
      isFound: `${written} <> '' AND ${isPort(`${groups}.port`)} AND ${hasShortLabels(written)} AND ${isKnown}`,
      value: `CASE WHEN ${isPlain} THEN lower(${written}) ELSE ${askValue(domain, written)} END`,
    };
  });
  const isQuick = `strlen(${asText}) <= 64 AND regexp_full_match(${asText}, '(?:${quickMailbox})?${quickHost}')`;
  const isEasy = `NOT contains(${asText}, '/') AND NOT contains(lower(${asText}), 'www.') AND NOT contains(lower(${asText}), 'xn--')`;
  return { quick: `(${isQuick} AND ${isEasy})`, asIs: `lower(split_part(${asText}, '@', -1))`, found };
}
