// What may be chosen from a list, as SQL: one value, or several in one text, `Red;Blue`, which are a set. In: the text, the
// names that the values go by. Out: values as the list has them. What must hold: of names that only their case tells
// apart each counts as it is written; a name that several values have names none.

import { literal } from "../core/sql.ts";
import { foldSql, foldText } from "./fold.ts";
import { trimInvisible, trimmed } from "./trim.ts";

/** Names that values go by, each with its value. */
export type ChoiceNames = readonly (readonly [name: string, value: string])[];

/** The values themselves as names. */
export function ownNames(values: readonly string[]): ChoiceNames {
  return values.map((value) => [value, value] as const);
}

/** VARCHAR: the value that a trimmed text names; NULL for none. Names of later groups count before those of earlier ones. */
export function findChoice(groups: readonly ChoiceNames[], text: string): string {
  const named = groups.map((names) => names.map(([name, value]) => [trimInvisible(name), value] as const));
  const exact = new Map(named.flat());
  const folded = new Map(named.flatMap((names) => [...foldNames(names)]));
  return `coalesce(${lookUp(exact, text)}, ${lookUp(folded, foldSql(text))})`;
}

/** By their names without case; undefined for a name that several have. */
function foldNames(names: ChoiceNames): Map<string, string | undefined> {
  const folded = new Map<string, string | undefined>();
  for (const [name, value] of names) {
    const key = foldText(name);
    folded.set(key, folded.has(key) && folded.get(key) !== value ? undefined : value);
  }
  return folded;
}

/** By place in two lists: a map of the engine's takes four times as long (measured). */
function lookUp(known: ReadonlyMap<string, string | undefined>, text: string): string {
  const found = [...known].flatMap(([name, value]) => (value === undefined ? [] : [[name, value] as const]));
  const list = (texts: readonly string[]) => `[${texts.map(literal).join(", ")}]::VARCHAR[]`;
  return `(${list(found.map(([, value]) => value))})[list_position(${list(found.map(([name]) => name))}, ${text})]`;
}

/** VARCHAR[] of what is chosen. */
export function splitChoices(text: string): string {
  const parts = `list_transform(string_split(${text}, ';'), lambda part: ${trimmed("part")})`;
  return `list_filter(${parts}, lambda part: part <> '')`;
}

/** VARCHAR[] of what is chosen, each as the list has it, NULL for what it has not. */
export function findChoices(groups: readonly ChoiceNames[], text: string): string {
  return `list_transform(${splitChoices(text)}, lambda part: ${findChoice(groups, "part")})`;
}

/**
 * VARCHAR: a set as Salesforce gives it back, NULL for none: the picklist's own values in its order, then those that it
 * does not have. https://help.salesforce.com/apex/HTViewSolution?id=000231088&language=en_US
 */
export function joinChoices(text: string, values: readonly string[]): string {
  const known = `[${values.map(literal).join(", ")}]::VARCHAR[]`;
  const ordered = `list_filter(${known}, lambda value: list_contains(chosen, value))`;
  const strange = `list_sort(list_distinct(list_filter(chosen, lambda part: NOT list_contains(${known}, part))))`;
  const found = `list_transform(${splitChoices(text)}, lambda part: coalesce(${findChoice([ownNames(values)], "part")}, part))`;
  // Bound once: the list would be made anew for each value of the picklist.
  const set = `list_transform([${found}], lambda chosen: list_concat(${ordered}, ${strange}))[1]`;
  return `nullif(array_to_string(${set}, ';'), '')`;
}
