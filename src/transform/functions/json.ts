// Parts of JSON. The engine reads a number with a point or an exponent as a double and writes that: 1.10 came out as 1.1,
// 0.12345678901234567890 as 0.12345678901234568, without a word. Here a number is what its text says.

import { literal } from "../../core/sql.ts";
import { askValue, type ComputedFunction } from "../computed.ts";
import { marked, unlessChanged } from "../json-parts.ts";

const load = async () => (await import("../compute/json.ts")).readNumbers();

const text = "CAST(json AS VARCHAR)";

const asString = {
  name: "json_extract_string",
  operator: "->>",
  signature: "json_extract_string(json, path)",
  does: "a part of JSON, as text; a number as it is written; also `json ->> path`",
  takes: "JSON; where the part is an object or a list, its numbers are such as a double holds (15 digits always are)",
  examples: [
    { call: "json_extract_string('{\"a\": \"x\"}', '$.a')", gives: "x" },
    { call: "json_extract_string('{\"price\": 1.10}', '$.price')", gives: "1.10" },
    { call: "'{\"a\": [2.50]}' ->> '$.a[0]'", gives: "2.50" },
  ],
  load,
  remembers: false,
} satisfies Omit<ComputedFunction, "macro">;

const asJson = {
  name: "json_extract",
  signature: "json_extract(json, path)",
  does: "a part of JSON, as JSON",
  takes: "JSON; a double holds the numbers of the part (15 digits always are); json_extract_string takes any",
  examples: [{ call: `json_extract('{"a": {"b": 1}}', '$.a')`, gives: '{"b":1}' }],
  load,
  remembers: false,
} satisfies Omit<ComputedFunction, "macro">;

/** A number that the engine would write in another way stands there, or what looks like one. */
const hasOther = `regexp_matches(${text}, '[0-9][.eE]|-0')`;
/** Or one of more than 15 digits, which is all that a double certainly holds, or of a far exponent. */
const hasLong = `regexp_matches(${text}, '[0-9][0-9.]{15}|[0-9][eE][-+]?[0-9]{3}')`;

const partOf = (json: string) => `CAST(system.main.json_extract(${json}, path) AS VARCHAR)`;
/** Of a path with a star there is a list of parts. */
const isNested = `CASE typeof(system.main.json_extract(${text}, path)) WHEN 'JSON[]' THEN regexp_matches(substr(${partOf(text)}, 2), '[{[]')
  ELSE regexp_matches(${partOf(text)}, '^[{[]') END`;

/** The JSON, of which the part is the engine's; refused where a number in the part would be another one. */
function whole(own: typeof asString | typeof asJson): string {
  const part = partOf(askValue(own, text, literal(marked)));
  return `CASE WHEN ${hasLong} THEN ${askValue(own, text, literal(unlessChanged), part)} ELSE ${text} END`;
}

/** Without a question whether a text is read: what is no JSON, or no path, the engine alone knows. */
export const jsonFunctions: readonly ComputedFunction[] = [
  {
    ...asString,
    macro: () => {
      const quoted = `CASE WHEN ${isNested} THEN ${whole(asString)} ELSE ${askValue(asString, text)} END`;
      return `(json, path) AS system.main.json_extract_string(CASE WHEN ${hasOther} THEN ${quoted} ELSE ${text} END, path)`;
    },
  },
  {
    ...asJson,
    macro: () => `(json, path) AS system.main.json_extract(${whole(asJson)}, path)`,
  },
];
