// Numbers of JSON whose text the engine does not keep, for json_extract and json_extract_string. In: JSON, and whether it is
// wanted as it is. Out: the same JSON, in which such numbers are strings with their text; as it is, unless one of them is
// another number for the engine. Must hold: what is no JSON stays none.

import { type Compute, Refused } from "../computed.ts";

export function readNumbers(): Compute {
  return (json, ...wanted) => {
    if (wanted.length === 0) return json.replaceAll(token, (found) => (isKept(found) ? found : `"${found}"`));
    const changed = json.match(token)?.find((found) => !found.startsWith('"') && !isHeld(found));
    return changed === undefined ? json : new Refused("it has a number with more digits than a double holds");
  };
}

/** A string, in which nothing else is looked for, or a number. https://www.rfc-editor.org/rfc/rfc8259#section-6 */
const token = /"(?:[^"\\]|\\[\s\S])*"|-?(?:0|[1-9][0-9]*)(?:\.[0-9]+)?(?:[eE][+-]?[0-9]+)?/g;

/** The engine gives its text. */
function isKept(found: string): boolean {
  return found.startsWith('"') || (/^-?[0-9]+$/.test(found) && found !== "-0");
}

/** The engine writes the same number. Beyond the range of a double it keeps the text. */
function isHeld(number: string): boolean {
  if (isKept(number)) return true;
  const double = Number(number);
  return !Number.isFinite(double) || digitsOf(String(double)) === digitsOf(number);
}

/** The same for all texts of one number: its digits without zeros at the ends, and where the point stands. */
function digitsOf(number: string): string {
  const [, sign = "", whole = "", fraction = "", exponent = "0"] =
    /^(-?)(\d+)(?:\.(\d+))?(?:e([+-]?\d+))?$/i.exec(number) ?? [];
  const digits = (whole + fraction).replace(/^0+/, "");
  if (digits === "") return "0";
  const point = Number(exponent) - fraction.length + digits.length;
  return `${sign}${digits.replace(/0+$/, "")}e${point}`;
}
