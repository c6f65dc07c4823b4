// Texts: their ends, their capitals, and addresses.

import { foldSql } from "../../values/fold.ts";
import { type Ends, hiddenInside, isBlank, trimmed } from "../../values/trim.ts";
import type { OwnFunction } from "../own-function.ts";
import { asText, impossible } from "./reading.ts";

export const textFunctions: readonly OwnFunction[] = [
  trim("trim", "both", "at its ends", "Anna"),
  trim("ltrim", "left", "at the left", "Anna "),
  trim("rtrim", "right", "at the right", " Anna"),
  {
    name: "proper",
    signature: "proper(text)",
    does: "each word with a capital; blank is none",
    examples: [{ call: "proper('annika DE vries')", gives: "Annika De Vries" }],
    macro: () => `(value) AS nullif(array_to_string(list_transform(string_split(${trimmed(asText)}, ' '),
      lambda word: upper(left(word, 1)) || lower(substring(word, 2))), ' '), '')`,
  },
  {
    name: "email",
    signature: "email(text)",
    does: "an address: trimmed, in small letters; blank is none",
    takes: "an address without an invisible character in it",
    examples: [{ call: "email(' Ann.Lee@Example.COM ')", gives: "ann.lee@example.com" }],
    macro: () => `(value) AS ${readEmail()}`,
    question: () => `(value) AS value IS NULL OR NOT regexp_matches(${asText}, '${hiddenInside}')`,
  },
];

function trim(name: string, ends: Ends, where: string, gives: string): OwnFunction {
  return {
    name,
    signature: `${name}(text [, characters])`,
    does: `without blanks, control characters and other invisible ones ${where}; with \`characters\`, without these`,
    examples: [
      { call: `${name}(' Anna ')`, gives },
      { call: `${name}('xAx', 'x')`, gives: { both: "A", left: "Ax", right: "xA" }[ends] },
    ],
    macro: () => `(value) AS ${trimmed(asText, ends)},
      (value, characters) AS system.main.${name}(value, characters)`,
  };
}

/** What is invisible at the ends is taken away; inside it would make another address that looks the same. */
function readEmail(): string {
  const strange = `CAST(CAST(${impossible(asText)} AS INTEGER) AS VARCHAR)`;
  return `CASE WHEN regexp_full_match(${asText}, '[!-~]+') THEN lower(${asText}) WHEN ${isBlank(asText)} THEN NULL
    WHEN regexp_matches(${asText}, '${hiddenInside}') THEN ${strange} ELSE ${foldSql(trimmed(asText))} END`;
}
