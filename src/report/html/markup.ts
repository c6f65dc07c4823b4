// HTML as text. In: values of whatever origin. Out: markup in which each value is text and nothing else. What must hold:
// what is put into `html` is escaped unless it came out of `html` itself, and what a screen would not show, or would
// reorder, is shown as its picture (visible-text.ts).

import { visible } from "../visible-text.ts";

/** Markup that is finished. */
export class Markup {
  readonly text: string;

  constructor(text: string) {
    this.text = text;
  }

  toString(): string {
    return this.text;
  }
}

type Piece = string | number | null | undefined | Markup | readonly Markup[];

/** `html`<td>${value}</td>``; null and undefined are nothing. */
export function html(parts: TemplateStringsArray, ...pieces: readonly Piece[]): Markup {
  return new Markup(parts.reduce((text, part, index) => text + render(pieces[index - 1]) + part));
}

function render(piece: Piece): string {
  if (piece === null || piece === undefined) return "";
  if (piece instanceof Markup) return piece.text;
  if (typeof piece === "object") return piece.map(({ text }) => text).join("");
  return escapeHtml(visible(String(piece)));
}

const entities: Readonly<Record<string, string>> = {
  "&": "&amp;",
  "<": "&lt;",
  ">": "&gt;",
  '"': "&quot;",
  "'": "&#39;",
};

/** In text and in quoted attributes. */
function escapeHtml(text: string): string {
  return text.replaceAll(/[&<>"']/g, (character) => entities[character] ?? "");
}

/** A text of several lines, each shown. */
export function linesOf(text: string): Markup {
  return new Markup(
    text
      .split("\n")
      .map((line) => html`${line}`.text)
      .join("\n"),
  );
}
