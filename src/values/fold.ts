// When two keys are one. In: keys as text. Out: the same text for keys that every vendor takes for one where it does not
// tell letters by case, in SQL and in JavaScript by one table; and of keys that a vendor may take for one, or not, a text
// that they share. What must hold: what is folded is certainly equal; what is only perhaps equal is never guessed.
// Salesforce finds "ABC" by "abc" in a unique field that does not tell case, and no page says which letters have one;
// it is known to take ㈜ for (주): https://developer.salesforce.com/docs/atlas.en-us.apexcode.meta/apexcode/langCon_apex_dml_examples_upsert.htm
// HubSpot's unique values and addresses are found in any case: https://developers.hubspot.com/docs/guides/crm/using-object-apis

import { literal } from "../core/sql.ts";
import { bind } from "./value.ts";

/** Scripts with two cases that are as old as Unicode itself, and full-width Latin: all versions agree on their letters. */
const foldedRanges = [
  [0x41, 0x5a],
  [0xc0, 0x58f],
  [0x1e00, 0x1fff],
  [0xff21, 0xff3a],
] as const;

/** Capitals with a small letter of their own: not İ or the Kelvin sign, whose small letter is that of another. */
const smallLetters: ReadonlyMap<string, string> = pairLetters();

function pairLetters(): Map<string, string> {
  const pairs = new Map<string, string>();
  for (const [first, last] of foldedRanges) {
    for (let code = first; code <= last; code += 1) {
      const letter = String.fromCharCode(code);
      const small = letter.toLowerCase();
      if (letter !== small && small.length === 1 && small.toUpperCase() === letter) pairs.set(letter, small);
    }
  }
  return pairs;
}

const capitals = [...smallLetters.keys()].join("");
const smalls = [...smallLetters.values()].join("");

/** Shorter ranges are left to `translate`: they are rare letters, and each range makes every statement with a key dearer. */
const rangeMin = 140;

/** Letters and signs of which the engine's `lower` is the small letter, and scripts without case. */
const agreedClass = `${agreedRanges()}\\x{2e00}-\\x{9fff}\\x{ac00}-\\x{d7a3}\\x{fe00}-\\x{fe0f}\\x{1f000}-\\x{1faff}`;

/** As a class of a regular expression, of the scripts before Glagolitic. Every run makes it, so loops make it. */
function agreedRanges(): string {
  let ranges = "";
  let start = 1;
  for (let code = 1; code <= 0x2c00; code += 1) {
    const letter = String.fromCharCode(code);
    // U+1C89 is younger than the engine's table.
    const isAgreed = code < 0x2c00 && code !== 0x1c89 && (smallLetters.get(letter) ?? letter) === letter.toLowerCase();
    if (isAgreed) continue;
    if (code - start >= rangeMin) ranges += `\\x{${start.toString(16)}}-\\x{${(code - 1).toString(16)}}`;
    start = code + 1;
  }
  return ranges;
}

/** A key without its case. */
export function foldText(text: string): string {
  return [...text].map((letter) => smallLetters.get(letter) ?? letter).join("");
}

/** The same as SQL, without a regular expression: for what is seldom anything but ASCII. */
export function foldRareSql(text: string): string {
  return `CASE WHEN strlen(${text}) = length(${text}) THEN lower(${text})
    ELSE translate(${text}, ${literal(capitals)}, ${literal(smalls)}) END`;
}

/** The same as SQL. Of nearly all keys the engine's own function gives it, and is a hundred times as fast. */
export function foldSql(text: string): string {
  return `CASE WHEN strlen(${text}) = length(${text}) OR regexp_full_match(${text}, '[${agreedClass}]*') THEN lower(${text})
    ELSE translate(${text}, ${literal(capitals)}, ${literal(smalls)}) END`;
}

/** The same of `marked`, a costly expression that has the letters of `text` and no others. */
export function foldMarkedSql(text: string, marked: string): string {
  const isAgreed = `(strlen(${text}) = length(${text}) OR regexp_full_match(${text}, '[${agreedClass}]*'))`;
  return bind("fold", `struct_pack(marked := ${marked}, agreed := ${isAgreed})`, (fold) => {
    const other = `translate(${fold}.marked, ${literal(capitals)}, ${literal(smalls)})`;
    return `CASE WHEN ${fold}.agreed THEN lower(${fold}.marked) ELSE ${other} END`;
  });
}

/** BOOLEAN: only other keys than these may be alike without being equal. */
export function isPlainSql(text: string): string {
  return `strlen(${text}) = length(${text})`;
}

/**
 * What keys share that some system takes for one: by Unicode's compatibility (full-width, ligatures, composed or not),
 * full case (ß and SS, final sigma, dotless i), and invisible characters.
 */
export function likeness(text: string, caseSensitive: boolean): string {
  const visible = text
    .normalize("NFKC")
    .replaceAll(/\p{Cf}/gu, "")
    .trim();
  if (caseSensitive) return visible;
  const small = [...visible].map((letter) => letter.toUpperCase().toLowerCase()).join("");
  return small.replaceAll("ς", "σ").replaceAll("i\u0307", "i").normalize("NFKC");
}
