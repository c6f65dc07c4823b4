// Ids that vendors give to their records, as SQL. In: text. Out: the id as the vendor writes it, or NULL where the text
// can't be one. What must hold: an id is never repaired: one that has lost its capitals may be another record's.

import { literal } from "../core/sql.ts";
import { bind } from "./value.ts";

/**
 * Three times five letters with the one that says which of them are capitals. One expression for them all takes a quarter
 * of the time of a look at each letter (measured); `+` is `{3}` of 18 letters, and compiled in four fifths of its time.
 */
const checkedGroups = `(${[..."ABCDEFGHIJKLMNOPQRSTUVWXYZ012345"]
  .map(
    (check, capitals) =>
      `${[0, 1, 2, 3, 4].map((bit) => ((capitals >> bit) & 1 ? "[A-Z]" : "[a-z0-9]")).join("")}${check}`,
  )
  .join("|")})+`;

/** BOOLEAN, NULL of NULL: 18 characters as Salesforce writes them. Not in a lambda, which would compile it for each vector. */
export function isWholeSalesforceId(text: string): string {
  const groups = [1, 6, 11].map((start, at) => `substring(${text}, ${start}, 5) || substring(${text}, ${16 + at}, 1)`);
  return `(strlen(${text}) = 18 AND regexp_full_match(${groups.join(" || ")}, ${literal(checkedGroups)}))`;
}

/**
 * VARCHAR of a column: an id that is written in 15 or 18 characters, in 18; `given` is its text without blanks. Nearly all
 * are whole: that is told by one expression.
 */
export function storeSalesforceId(column: string, given: string, prefixes: readonly string[] = []): string {
  const isOurs = prefixes.length === 0 ? "" : ` AND ${hasPrefix(column, prefixes)}`;
  const other = bind("id", given, (id) => salesforceId(id, prefixes));
  return `CASE WHEN ${isWholeSalesforceId(column)}${isOurs} THEN ${column} ELSE ${other} END`;
}

/**
 * VARCHAR of `text`, which may stand several times: 18 characters of an id that is written in 15 or 18.
 * The last three are computed of the others: each says which of five are capitals.
 * https://help.salesforce.com/s/articleView?id=000385585&type=1
 */
function salesforceId(text: string, prefixes: readonly string[] = []): string {
  const known = [hasIdCharacters(text), ...(prefixes.length === 0 ? [] : [hasPrefix(text, prefixes)])].join(" AND ");
  const check = checkCharacters(text);
  const given = `upper(right(${text}, 3))`;
  return `CASE WHEN ${known} THEN CASE
    WHEN strlen(${text}) = 18 THEN CASE WHEN ${given} = ${check} THEN left(${text}, 15) || ${given} END
    WHEN strlen(${text}) = 15 THEN ${text} || ${check} END END`;
}

/** VARCHAR: why `salesforceId` gives nothing for a text that is not blank, after the text itself. */
export function explainSalesforceId(text: string, owner: string, prefixes: readonly string[] = []): string {
  const looksRight = `${hasIdCharacters(text)} AND length(${text})`;
  const begin = prefixes.length === 1 ? `those begin with ${prefixes[0]}` : `those begin with ${prefixes.join(" or ")}`;
  const strange =
    prefixes.length === 0
      ? ""
      : `WHEN ${looksRight} IN (15, 18) AND NOT ${hasPrefix(text, prefixes)}
    THEN ${literal(`is not the id of ${owner}: ${begin}`)}`;
  const damaged = "is no Salesforce id: its last three characters don't fit the others, as where capitals were lost";
  return `CASE ${strange} WHEN ${looksRight} = 18 THEN ${literal(damaged)}
    ELSE 'is not a Salesforce id (15 or 18 characters)' END`;
}

function hasIdCharacters(text: string): string {
  return `regexp_full_match(${text}, '[0-9A-Za-z]+')`;
}

function hasPrefix(text: string, prefixes: readonly string[]): string {
  return `left(${text}, 3) IN (${prefixes.map(literal).join(", ")})`;
}

/** In a lambda: written out, the fifteen letters took the engine 4 ms of each statement to bind. */
function checkCharacters(text: string): string {
  const capitals = "ABCDEFGHIJKLMNOPQRSTUVWXYZ";
  const bits = [1, 2, 3, 4, 5].map(
    (place) =>
      `CASE WHEN contains('${capitals}', substring(${text}, start_ + ${place}, 1)) THEN ${1 << (place - 1)} ELSE 0 END`,
  );
  const check = `substring('${capitals}012345', ${bits.join(" + ")} + 1, 1)`;
  return `array_to_string(list_transform([0, 5, 10], lambda start_: ${check}), '')`;
}

/** VARCHAR: an id of HubSpot, a number of 64 bits above 0, written without leading zeros. */
export function hubspotId(text: string): string {
  return `CASE WHEN regexp_full_match(${text}, '[1-9][0-9]{0,18}') AND TRY_CAST(${text} AS BIGINT) IS NOT NULL THEN ${text} END`;
}
