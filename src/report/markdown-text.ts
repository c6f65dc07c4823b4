// Text of unknown origin as GitHub-flavoured Markdown. In: values, names and sentences. Out: Markdown of one line. What must
// hold: GitHub shows the text as it is, and makes nothing of it: no markup, no cell more, no link, nobody who is called.
//
// A backslash keeps away markup (https://spec.commonmark.org/0.31.2/#backslash-escapes), but not what is looked for in the
// page that comes of it: @name calls somebody, #12, GH-12, owner/repo#12 and the hash of a commit become links, addresses
// too, :name: a picture. Code is left alone by all of these:
// https://docs.github.com/en/get-started/writing-on-github/working-with-advanced-formatting/autolinked-references-and-urls

import { visible } from "./visible-text.ts";

/** A value: as code, and so as it is. What stands for no value and for a hidden one is no code. */
export function codeOf(text: string): string {
  const shown = visible(text);
  if (shown === "") return "";
  const longest = Math.max(0, ...Array.from(shown.matchAll(/`+/g), ([ticks]) => ticks.length));
  const fence = "`".repeat(longest + 1);
  // One space on both sides is taken away again; of text that is all spaces none is.
  const isPadded = /^`|`$|^ .* $/.test(shown) && /[^ ]/.test(shown);
  const inside = isPadded ? ` ${shown} ` : shown;
  // In a table a pipe parts cells unless a backslash stands before it, which goes, also in code.
  return `${fence}${inside.replaceAll("|", "\\|")}${fence}`;
}

/** Something in a word that GitHub would link, call or draw. */
const noticed = /[@#]|:\/\/|www\.|\bGH-\d|(?<![a-z\d])[\da-f]{7,40}(?![a-z\d])|:[+\w-]+:/i;

/** A sentence, a name: its words as they are, those that GitHub would make something of as code. */
export function told(text: string): string {
  return visible(text)
    .split(/( +)/)
    .map((word) => (noticed.test(word) ? codeOf(word) : escapeMarkdown(word)))
    .join("")
    .replace(/^(\d{1,9})(?=[.)](?: |$))/, "$1\\")
    .replace(/^[-+=]/, "\\$&");
}

/** What is markup within a line, GitHub's mathematics too. */
function escapeMarkdown(text: string): string {
  return text.replaceAll(/[\\`*_[\]<>|~&$#!]/g, "\\$&");
}

/** Text in an HTML tag, where a backslash is one, and where only code is left alone. */
export function htmlCode(text: string): string {
  const escaped = visible(text).replaceAll("&", "&amp;").replaceAll("<", "&lt;").replaceAll(">", "&gt;");
  return `<code>${escaped}</code>`;
}

/** Indented, so that nothing in the text can end it. */
export function codeBlock(text: string): string {
  return text
    .split("\n")
    .map((line) => `    ${visible(line)}`)
    .join("\n");
}
