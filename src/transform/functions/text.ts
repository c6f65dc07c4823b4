// Texts: their ends and their capitals.

import { type Ends, trimmed } from "../../values/trim.ts";
import type { OwnFunction } from "../own-function.ts";
import { asText } from "./reading.ts";

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
