// Several choices in one text, `Red;Blue`, as SQL: a set. In: the text. Out: the text in which equal sets are equal: the
// order of the picklist, each choice once, without blanks around it or empty ones; what the picklist does not have comes
// after. Salesforce gives them back in its own order, whatever was sent, and HubSpot keeps no order at all.
// https://help.salesforce.com/apex/HTViewSolution?id=000231088&language=en_US

import { literal } from "../core/sql.ts";

const blanks = "' ' || chr(9) || chr(10) || chr(13)";

/** VARCHAR[] of what is chosen. */
export function splitChoices(text: string): string {
  const trimmed = `list_transform(string_split(${text}, ';'), lambda part: trim(part, ${blanks}))`;
  return `list_filter(${trimmed}, lambda part: part <> '')`;
}

/** VARCHAR: the set, NULL for none. `values`: the picklist's, in its order. */
export function joinChoices(text: string, values: readonly string[]): string {
  const known = `[${values.map(literal).join(", ")}]::VARCHAR[]`;
  const ordered = `list_filter(${known}, lambda value: list_contains(chosen, value))`;
  const strange = `list_sort(list_distinct(list_filter(chosen, lambda part: NOT list_contains(${known}, part))))`;
  // Bound once: the list would be made anew for each value of the picklist.
  const set = `list_transform([${splitChoices(text)}], lambda chosen: list_concat(${ordered}, ${strange}))[1]`;
  return `nullif(array_to_string(${set}, ';'), '')`;
}
