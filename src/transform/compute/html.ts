// HTML as the text that a reader sees. In: HTML, or text with characters written as in HTML. Out: text with the line breaks
// of its blocks. What must hold: no tag is left; text that only looks like one (a < b, <ann@x.com>) stays.

import { trimInvisible } from "../../values/trim.ts";
import type { Compute } from "../computed.ts";
import { namedCharacters } from "./entities.ts";

/** What a tag begins with. An address in angle brackets does not. */
const name = "[a-z][a-z0-9-]*(?::[a-z][a-z0-9-]*)?(?=[\\s/>])";
/** Each stops at the next angle bracket, so that a text of many is read once. What is never closed goes on to the end. */
const attributes = `(?:[^<>"']|"[^"<]*"|'[^'<]*')*`;
const unseen = "<!--[^]*?(?:-->|$)|<[!?][^<>]*>|<(script|style|template)(?=[\\s/>])[^]*?(?:</\\1\\s*>|$)";
const tag = new RegExp(`${unseen}|</?(${name})(?:${attributes}|[^<>]*)>`, "gi");

const blocks = new Set(
  `address article aside blockquote body caption center dd details dialog dir div dl dt fieldset figcaption figure footer
  form h1 h2 h3 h4 h5 h6 header hr html legend li main menu nav ol p pre section summary table tbody tfoot thead title tr ul`.split(
    /\s+/,
  ),
);

/** Stands where a block begins or ends; no text has it. */
const edge = "\ufdd1";

export function readHtml(): Compute {
  const named = namedCharacters();
  return (html) => {
    const text = html.search(tag) === -1 ? html : stripTags(html);
    const written = text.replace(
      /&(?:#x([0-9a-f]{1,8})|#([0-9]{1,8})|([a-z][a-z0-9]{1,31}));/gi,
      (reference, hex, decimal, known) =>
        known === undefined
          ? numbered(Number.parseInt(hex ?? decimal, hex === undefined ? 10 : 16))
          : (named.get(known) ?? reference),
    );
    return trimInvisible(written);
  };
}

/** Where taking one away makes another, that goes too. */
function stripTags(html: string): string {
  let text = html.replaceAll(/[ \t\n\r\f\v]+/g, " ");
  while (text.search(tag) !== -1) text = text.replaceAll(tag, (_, hidden, tagName) => standIn(hidden, tagName));
  return (
    text
      .replaceAll(new RegExp(` *(?:${edge}[ ${edge}]*)`, "g"), edge)
      .replaceAll(/ *\n */g, "\n")
      .replaceAll(/ {2,}/g, " ")
      // A break at the end of a block ends no line of its own; a block of nothing else is an empty line.
      .replaceAll(new RegExp(`([^${edge}\n])\n${edge}`, "g"), `$1${edge}`)
      .replaceAll(`\n${edge}`, "\n")
      .replaceAll(edge, "\n")
      .replaceAll(/^[ \n]+|[ \n]+$/g, "")
  );
}

function standIn(hidden: string | undefined, tagName: string | undefined): string {
  const wanted = tagName?.toLowerCase() ?? "";
  if (hidden !== undefined) return "";
  if (wanted === "br") return "\n";
  if (wanted === "td" || wanted === "th") return " ";
  return blocks.has(wanted) ? edge : "";
}

/** Of 128 to 159 browsers show what Windows-1252 has there. https://html.spec.whatwg.org/#numeric-character-reference-end-state */
const windows = "€\u0081‚ƒ„…†‡ˆ‰Š‹Œ\u008dŽ\u008f\u0090‘’“”•–—˜™š›œ\u009džŸ";

function numbered(code: number): string {
  if (code >= 0x80 && code <= 0x9f) return windows[code - 0x80] ?? "";
  const isNone = code === 0 || code > 0x10ffff || (code >= 0xd800 && code <= 0xdfff);
  return isNone ? "\ufffd" : String.fromCodePoint(code);
}
