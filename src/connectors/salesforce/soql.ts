// SOQL that we write. Names come from describe; values are bound here and nowhere else.
// https://developer.salesforce.com/docs/atlas.en-us.soql_sosl.meta/soql_sosl/sforce_api_calls_soql_select_quotedstringescapes.htm

import { inGroups } from "../kit/groups.ts";

/** Salesforce refuses a URI of more than 16,384 bytes together with its headers; the token takes part of it. */
export const uriBytesMax = 14_000;

/** Line breaks and other control characters, those of Unicode too: one of them ends a literal, or the query. */
const controls = /[\p{Cc}\u2028\u2029]/gu;

/** A text as a SOQL string literal: the backslash is escaped before the quote. */
export function soqlText(value: string): string {
  const escaped = value
    .replaceAll("\\", "\\\\")
    .replaceAll("'", "\\'")
    .replaceAll(controls, (character) => `\\u${character.charCodeAt(0).toString(16).padStart(4, "0")}`);
  return `'${escaped}'`;
}

export interface SelectParts {
  fields: readonly string[];
  object: string;
  where?: string | undefined;
}

export function select({ fields, object, where }: SelectParts): string {
  return `SELECT ${fields.join(", ")} FROM ${object}${where === undefined ? "" : ` WHERE ${where}`}`;
}

/** Bytes of a text in the query of a URL, where also the single quote is written as %27. */
export function encodedLength(text: string): number {
  return encodeURIComponent(text).replaceAll("'", "%27").length;
}

/** Packs keys into `field IN (…)` conditions whose URL-encoded length stays below a limit. */
export async function packKeys(
  field: string,
  literals: Iterable<string> | AsyncIterable<string>,
  encodedLengthMax: number,
): Promise<string[]> {
  const length = { max: encodedLengthMax, of: (literal: string) => encodedLength(`${literal},`) };
  const conditions: string[] = [];
  for await (const group of inGroups(literals, { items: Number.POSITIVE_INFINITY, length }))
    conditions.push(`${field} IN (${group.join(",")})`);
  return conditions;
}
