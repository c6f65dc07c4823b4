// The encoding of a text, from a sample. In: bytes. Out: an encoding, and whether it is in doubt: text that is not UTF-8
// may be of many code pages, and only a person who knows its words can tell them apart.

import { isUtf8 } from "node:buffer";
import iconv from "iconv-lite";
import { countOf } from "../core/counted.ts";
import { encodingOfMark } from "./encoding.ts";
import { guessUtf16 } from "./recognise.ts";

export interface GuessedEncoding {
  encoding: string;
  doubt?: string;
}

/** Of the West, of Central Europe, of DOS, of old Macs, of Russia; the likelier first. */
const codePages = ["windows-1252", "windows-1250", "cp850", "macintosh", "cp852", "windows-1251"] as const;
const shownLength = 24;

export function guessEncoding(bytes: Buffer): GuessedEncoding {
  const mark = encodingOfMark(bytes);
  if (mark !== undefined) return { encoding: mark.startsWith("utf-16") ? "utf-16" : mark };
  const order = guessUtf16(bytes.subarray(0, 1 << 12));
  if (order !== undefined) return { encoding: order };
  // The last character may be cut.
  const whole = [0, 1, 2, 3].some((cut) => isUtf8(bytes.subarray(0, bytes.length - cut)));
  return whole ? { encoding: "utf-8" } : (guessMixed(bytes) ?? guessCodePage(bytes));
}

/** A file that others were written into: no code page makes sense of what is UTF-8 in it. */
function guessMixed(bytes: Buffer): GuessedEncoding | undefined {
  const text = bytes.toString();
  const wrong = text.match(/\ufffd+/g)?.length ?? 0;
  const right = text.match(/[\x80-\ufffc]+/g)?.length ?? 0;
  if (right <= wrong) return undefined;
  const line = text.slice(0, text.indexOf("\ufffd")).split(/\r\n|\n|\r/).length;
  const doubt = `the text is UTF-8 but for ${countOf(wrong, "place")}, the first in line ${line}: such records are rejects`;
  return { encoding: "utf-8", doubt };
}

function guessCodePage(bytes: Buffer): GuessedEncoding {
  const word = findWord(bytes);
  const fitting = codePages
    .map((encoding) => ({ encoding, text: iconv.decode(bytes, encoding) }))
    // Bytes that a code page leaves open rule it out.
    .filter(({ text }) => !/[\ufffd\x80-\x9f]/.test(text))
    .map(({ encoding, text }) => ({ encoding, score: scoreLetters(text) }))
    .sort((left, right) => right.score - left.score);
  const encoding = fitting[0]?.encoding ?? "windows-1252";
  const readings = fitting.map((one) => `${iconv.decode(word, one.encoding)} (${one.encoding})`).join(", ");
  const doubt =
    fitting.length === 0
      ? "the text is not UTF-8, and of none of the code pages that were tried"
      : `the text is not UTF-8, and its bytes fit several encodings; one word reads ${readings}`;
  return { encoding, doubt };
}

/** Letters in words speak for a code page; signs in them, and capitals behind small letters, speak against it. */
function scoreLetters(text: string): number {
  const letters = text.match(/(?<=\p{L})[\u0080-\uffff]|[\u0080-\uffff](?=\p{Ll})/gu) ?? [];
  const good = letters.filter((letter) => /\p{L}/u.test(letter)).length;
  const odd =
    text.match(/(?<=\p{Ll})(?=[\u0080-\uffff])\p{Lu}|\p{Lu}(?=[\u0080-\uffff])\p{Lu}(?=\p{Ll})/gu)?.length ?? 0;
  // Scripts change between words, not inside of them.
  const mixed = text.match(/[a-z][\u0400-\u04ff]|[\u0400-\u04ff][a-z]/gi)?.length ?? 0;
  return letters.length === 0 ? 0 : (good - letters.length - 2 * odd - 2 * mixed) / letters.length;
}

/** A word with a byte beyond ASCII. */
function findWord(bytes: Buffer): Buffer {
  const at = bytes.findIndex((byte) => byte >= 0x80);
  const isBreak = (byte: number | undefined) => byte === undefined || /[\s,;|"]/.test(String.fromCharCode(byte));
  let start = at;
  let end = at;
  while (start > 0 && !isBreak(bytes[start - 1])) start -= 1;
  while (!isBreak(bytes[end]) && end - start < shownLength) end += 1;
  return bytes.subarray(start, end);
}
