// Yes and no.

import { readBoolean } from "../../values/boolean.ts";
import { isBlank } from "../../values/trim.ts";
import type { OwnFunction } from "../own-function.ts";
import { asText, orError } from "./reading.ts";

export const booleanFunctions: readonly OwnFunction[] = [
  {
    name: "parse_bool",
    signature: "parse_bool(text)",
    does: "true or false; blank is none",
    takes: "yes/no, y/n, true/false, t/f, 1/0, on/off in any case",
    examples: [{ call: "parse_bool('Yes')", gives: "true" }],
    macro: () => `(value) AS ${orError(readBoolean(asText), "BOOLEAN")}`,
    question: () => `(value) AS ${isBlank(asText)} OR ${readBoolean(asText)} IS NOT NULL`,
  },
];
