// true and false.

import { literal } from "../core/sql.ts";
import { trimmed } from "./trim.ts";
import { type MappedValue, type StoredValue, textOf } from "./value.ts";

export interface BooleanWords {
  true: readonly string[];
  false: readonly string[];
}

/**
 * What people and programs write for the two, in any case of letters.
 * https://developer.salesforce.com/docs/atlas.en-us.dataLoader.meta/dataLoader/supported_data_types.htm
 */
const booleanWords: BooleanWords = {
  true: ["true", "t", "yes", "y", "on", "1"],
  false: ["false", "f", "no", "n", "off", "0"],
};

/** Stored as `true` or `false`. */
export function storeBoolean(mapped: MappedValue): StoredValue {
  const text = textOf(mapped);
  const complaint = "'is not true or false'";
  if (mapped.type === "BOOLEAN") return { stored: text, complaint };
  // The two words themselves are four times as fast to know as to read.
  return { stored: `CASE WHEN ${text} IN ('true', 'false') THEN ${text} ELSE ${readBoolean(text)} END`, complaint };
}

/** VARCHAR `true`, `false` or NULL of a text. */
export function readBoolean(text: string, words: BooleanWords = booleanWords): string {
  const meanings = Object.entries(words).flatMap(([meaning, names]: [string, readonly string[]]) =>
    names.map((name) => `${literal(name)}: ${literal(meaning)}`),
  );
  // A list of this length after IN the engine joins as a table, for every row, whether its branch is taken or not.
  return `MAP {${meanings.join(", ")}}[lower(${trimmed(text)})]`;
}
