// Lists in a text, as multi-select fields have them: apart, and together again.

import { isBlank, trimmed } from "../../values/trim.ts";
import { bind } from "../../values/value.ts";
import type { OwnFunction, Written } from "../own-function.ts";
import { asText, impossible } from "./reading.ts";

export const listFunctions: readonly OwnFunction[] = [
  {
    name: "split_list",
    signature: "split_list(text, separator)",
    does: "its items, each without what is invisible at its ends; blank ones are left out, and blank is none",
    examples: [{ call: "split_list('red, green,,blue', ',')", gives: "[red, green, blue]" }],
    complain: { separator: complainAboutSeparator },
    macro: () => `(value, separator) AS ${splitList()}`,
  },
  {
    name: "join_list",
    signature: "join_list(list, separator)",
    does: "the items in one text; NULL and blank ones are left out, and of no item there is none",
    takes: "a list in whose items the separator does not stand, nor begin at an end of one",
    examples: [
      { call: "join_list(split_list('red, green', ','), ';')", gives: "red;green" },
      { call: "join_list(['a', NULL, 'b'], ', ')", gives: "a, b" },
    ],
    complain: { separator: complainAboutSeparator },
    macro: () => `(value, separator) AS ${joinList()}`,
    question: () =>
      `(value, separator) AS value IS NULL OR ${bind("items", filled, (items) => `NOT (${isTorn(items)})`)}`,
  },
];

/**
 * Items are trimmed one by one: a regular expression with the separator in it took minutes where that has 100,000 characters,
 * and the blanks after one separator from the next (`a ;  ; b` at ` ; `).
 */
function splitList(): string {
  const apart = `string_split(${trimmed(asText)}, separator)`;
  const items = `list_filter(list_transform(${apart}, lambda item: ${trimmed("item")}), lambda item: item <> '')`;
  const refused = `[CAST(CAST(${impossible(asText)} AS INTEGER) AS VARCHAR)]`;
  return `CASE WHEN ${isBlank(asText)} THEN NULL WHEN separator = '' THEN ${refused} ELSE nullif(${items}, []::VARCHAR[]) END`;
}

const filled = `list_filter(CAST(value AS VARCHAR[]), lambda item: NOT (${isBlank("item")}))`;

function joinList(): string {
  return bind("items", filled, (items) => {
    const joined = joinedOf(items);
    return `CASE WHEN ${isTorn(items)} THEN CAST(CAST(${impossible(joined)} AS INTEGER) AS VARCHAR) ELSE nullif(${joined}, '') END`;
  });
}

function joinedOf(items: string): string {
  return `array_to_string(${items}, separator)`;
}

/** What is joined must come apart into the same: at ` | ` neither `x | y` does nor `x |` before `y`. */
function isTorn(items: string): string {
  return `${joinedOf(items)} <> '' AND string_split(${joinedOf(items)}, separator) <> ${items}`;
}

function complainAboutSeparator(written: Written): string | undefined {
  const isText = written.kind === "text" && written.text !== "";
  return isText || written.kind === "computed" ? undefined : "the separator is a text, ';' say";
}
