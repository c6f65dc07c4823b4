// Text of unknown origin (values of records, names, messages) as a screen can show it. In: any string.
// Out: a string without anything that moves the cursor, hides or reorders characters, and its width in columns.
// What must hold: what differs looks different (a no-break space is no space), and a credential is gone before the text
// is cut, because half of one would no longer be recognised.

import { redactSecrets } from "../core/secret.ts";

/** Most texts: a UTF-16 unit is a character, is a column, and can be seen. Spares them what Unicode asks of the others. */
const simple =
  /^[\x20-\x7e\u00a1-\u00ac\u00ae-\u02ff\u2010-\u2027\u2030-\u205e\u2190-\u21ff\u2400-\u2426\u2588\u2591\u2713\u2717]*$/;

/** Captures what is kept (a joined emoji, a flag made of tags, a joiner that letters want); matches what is replaced. */
const hidden =
  /(\p{Extended_Pictographic}[\ufe0f\p{Emoji_Modifier}]?(?:\u200d\p{Extended_Pictographic}[\ufe0f\p{Emoji_Modifier}]?)+|\u{1f3f4}[\u{e0061}-\u{e007a}]{3,6}\u{e007f}|(?<=[[\p{L}\p{M}]--\p{ASCII}])[\u200c\u200d](?=[[\p{L}\p{M}]--\p{ASCII}]))|[\p{Cc}\p{Cf}\p{Zl}\p{Zp}[\p{Zs}--[ \u3000]][\p{DI}--\p{VS}]]/gv;

/** Line feed as ↵, tab as ⇥, other control characters as their pictures (␛), what can't be seen as `<U+200B>`. */
export function visible(text: string): string {
  const shown = redactSecrets(text);
  if (simple.test(shown)) return shown;
  return shown.toWellFormed().replace(hidden, (found: string, kept: string | undefined) => kept ?? picture(found));
}

function picture(found: string): string {
  if (found === "\n") return "↵";
  if (found === "\t") return "⇥";
  const code = found.codePointAt(0) ?? 0;
  if (code < 0x20) return String.fromCodePoint(0x2400 + code);
  if (code === 0x7f) return "␡";
  return nameOf(found);
}

/** What letters are made of where one character would do, and what changes how another one looks. */
const unnoticed = /[\p{M}\p{Cf}\p{DI}]/gu;

/**
 * Two visible texts that a reader would take for the same, told apart: what differs in the way of writing only (an accent
 * by itself, a variation of a sign) is named in both. Others stay as they are.
 */
export function tellApart(left: string, right: string): [string, string] {
  if (left === right || (simple.test(left) && simple.test(right))) return [left, right];
  const look = (text: string) => text.normalize("NFC").replace(/[\p{Cf}\p{DI}]/gu, "");
  if (look(left) !== look(right)) return [left, right];
  return [nameUnnoticed(left), nameUnnoticed(right)];
}

function nameUnnoticed(text: string): string {
  const named = text.replace(unnoticed, nameOf);
  // A few signs are another one's double: the Kelvin sign, the Ohm sign.
  return Array.from(named, (character) =>
    character.normalize("NFC") === character ? character : nameOf(character),
  ).join("");
}

function nameOf(character: string): string {
  return `<U+${(character.codePointAt(0) ?? 0).toString(16).toUpperCase().padStart(4, "0")}>`;
}

let segmenter: Intl.Segmenter | undefined;

/** What a reader takes for characters. */
export function graphemes(text: string): string[] {
  if (simple.test(text)) return [...text];
  segmenter ??= new Intl.Segmenter("en", { granularity: "grapheme" });
  return Array.from(segmenter.segment(text), ({ segment }) => segment);
}

const noColumn = /[\p{Mn}\p{Me}\p{Cf}\u1160-\u11ff\ud7b0-\ud7ff]/u;
/** East Asian Wide and Fullwidth; the wide symbols among emoji are found by their property. https://www.unicode.org/reports/tr11/ */
const twoColumns =
  /[\u1100-\u115f\u2329\u232a\u2630-\u2637\u268a-\u268f\u2e80-\u303e\u3041-\ua4cf\ua960-\ua97c\uac00-\ud7a3\uf900-\ufaff\ufe10-\ufe19\ufe30-\ufe6f\uff01-\uff60\uffe0-\uffe6\u{16fe0}-\u{18dff}\u{1aff0}-\u{1b2ff}\u{1d300}-\u{1d376}\u{1f200}-\u{1f265}\u{20000}-\u{3fffd}\p{Emoji_Presentation}]/u;
/** Joined, or made coloured by U+FE0F, or a key: one picture, whatever it is made of. */
const picturesJoined =
  /^(?:\p{Extended_Pictographic}.*(?:\ufe0f|\u200d|\p{Emoji_Modifier})|[\d#*]\ufe0f?\u20e3|\p{RI}\p{RI}|\u{1f3f4}[\u{e0061}-\u{e007a}])/u;

/** Columns that a terminal takes for it: 2 for wide characters and emoji, none for combining marks. */
export function displayWidth(text: string): number {
  if (simple.test(text)) return text.length;
  return graphemes(text).reduce((sum, grapheme) => sum + graphemeWidth(grapheme), 0);
}

function graphemeWidth(grapheme: string): number {
  if (picturesJoined.test(grapheme)) return 2;
  let width = 0;
  for (const character of grapheme) width += noColumn.test(character) ? 0 : twoColumns.test(character) ? 2 : 1;
  return width;
}

/** At most `width` columns; what is cut off leaves an ellipsis. */
export function cutText(text: string, width: number): string {
  if (displayWidth(text) <= width) return text;
  let kept = "";
  let left = width - 1;
  for (const grapheme of graphemes(text)) {
    left -= graphemeWidth(grapheme);
    if (left < 0) break;
    kept += grapheme;
  }
  return width < 1 ? "" : `${kept}…`;
}

export function padEnd(text: string, width: number): string {
  return text + " ".repeat(Math.max(0, width - displayWidth(text)));
}

export function padStart(text: string, width: number): string {
  return " ".repeat(Math.max(0, width - displayWidth(text))) + text;
}
