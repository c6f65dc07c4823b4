// Numbers of JSON whose text the engine does not keep, for json_extract and json_extract_string. Must hold: what is no JSON
// stays none.

import { isHeldByDouble } from "../../values/double.ts";
import { type Compute, Refused } from "../computed.ts";
import { marked, unlessChanged } from "../json-parts.ts";

const mark = "\ue000";

/** Of JSON alone: the same, in which a number that the engine writes otherwise is a string with its text. */
export function readNumbers(): Compute {
  return (json, asked, part = json) => {
    if (asked === undefined || asked === marked) return quoteNumbers(json, asked === undefined ? "" : mark);
    const numbers = part.match(asked === unlessChanged ? markedNumber : token) ?? [];
    const isOther = numbers.some((found) => !found.startsWith('"') && !isHeld(found.replace(mark, "")));
    return isOther ? new Refused("it has a number with more digits than a double holds") : json;
  };
}

function quoteNumbers(json: string, before: string): string {
  return json.replaceAll(token, (found) => (isKept(found) ? found : `"${before}${found}"`));
}

const number = String.raw`-?(?:0|[1-9][0-9]*)(?:\.[0-9]+)?(?:[eE][+-]?[0-9]+)?`;
/** A string, in which nothing else is looked for, or a number, which names no member. https://www.rfc-editor.org/rfc/rfc8259#section-6 */
const token = new RegExp(String.raw`"(?:[^"\\]|\\[\s\S])*"|${number}(?!\s*:)`, "g");
const markedNumber = new RegExp(mark + number, "g");

/** The engine gives its text. */
function isKept(found: string): boolean {
  return found.startsWith('"') || (/^-?[0-9]+$/.test(found) && found !== "-0");
}

/** The engine writes the same number. Beyond the range of a double it keeps the text. */
function isHeld(found: string): boolean {
  return isKept(found) || !Number.isFinite(Number(found)) || isHeldByDouble(found);
}
