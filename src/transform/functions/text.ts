// Texts without what is invisible at their ends. DuckDB's trims take blanks alone.

import { type Ends, trimmed } from "../../values/trim.ts";
import type { OwnFunction } from "../own-function.ts";
import { asText } from "./reading.ts";

export const textFunctions: readonly OwnFunction[] = [
  trim("trim", "both", "at its ends", "Anna"),
  trim("ltrim", "left", "at the left", "Anna "),
  trim("rtrim", "right", "at the right", " Anna"),
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
