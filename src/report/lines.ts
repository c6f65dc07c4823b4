// Lines for a screen. In: spans of text with what they mean. Out: one string, cut to the screen's width, coloured where
// colours are wanted. What must hold: whatever the spans hold, no control character gets through but our own colours,
// and no line is wider than the screen, unless it carries a command or path: cut, that would be of no use.

import { styleText } from "node:util";
import { cutText, displayWidth, graphemes, visible } from "./visible-text.ts";

/** The screen: its width in columns, and whether it takes colours. */
export interface Look {
  width: number;
  color: boolean;
}

const tones = {
  create: "green",
  update: "yellow",
  delete: "red",
  good: "green",
  caution: "yellow",
  alarm: "red",
  strong: "bold",
  faint: "dim",
} as const;

export type Tone = keyof typeof tones;

/** `whole`: a command or path, to be copied from the screen. A terminal wraps it by itself. */
export type Span = string | { text: string; tone?: Tone; whole?: true };

export type Line = readonly Span[];

export function renderLines(lines: readonly Line[], look: Look): string {
  return lines.map((line) => renderLine(line, look)).join("\n");
}

export function renderLine(line: Line, look: Look): string {
  const spans = line.map((span) =>
    typeof span === "string" ? { text: visible(span) } : { ...span, text: visible(span.text) },
  );
  const width = spans.reduce((sum, { text }) => sum + displayWidth(text), 0);
  const fits = width <= look.width || spans.some((span) => "whole" in span);
  let left = fits ? Number.POSITIVE_INFINITY : look.width - 1;
  let rendered = "";
  for (const span of spans) {
    const columns = displayWidth(span.text);
    // What follows is cut off too, also where this span ends just at the edge.
    const text = columns <= left ? span.text : cutText(`${span.text}…`, left + 1);
    rendered += "tone" in span ? paint(text, span.tone, look) : text;
    left -= columns;
    if (left < 0) break;
  }
  return rendered.trimEnd();
}

function paint(text: string, tone: Tone, look: Look): string {
  return look.color && text !== "" ? styleText(tones[tone], text, { validateStream: false }) : text;
}

/** Breaks text at its spaces; a word that is wider than a line is broken where it must be. */
export function wrapText(text: string, width: number): string[] {
  const lines: string[] = [];
  let line = "";
  for (const word of visible(text)
    .split(" ")
    .flatMap((part) => breakWord(part, width))) {
    const longer = line === "" ? word : `${line} ${word}`;
    if (line !== "" && displayWidth(longer) > width) {
      lines.push(line);
      line = word;
    } else {
      line = longer;
    }
  }
  return [...lines, line];
}

function breakWord(word: string, width: number): string[] {
  if (displayWidth(word) <= width) return [word];
  const pieces: string[] = [];
  let piece = "";
  for (const grapheme of graphemes(word)) {
    if (piece !== "" && displayWidth(piece + grapheme) > width) {
      pieces.push(piece);
      piece = "";
    }
    piece += grapheme;
  }
  return [...pieces, piece];
}

/** A wrapped sentence behind a mark; its further lines stand under its first. */
export function sentence(mark: Span, text: string, width: number, tone?: Tone): Line[] {
  const indent = displayWidth(typeof mark === "string" ? mark : mark.text);
  return wrapText(text, Math.max(1, width - indent)).map((line, index) => [
    index === 0 ? mark : " ".repeat(indent),
    tone === undefined ? line : { text: line, tone },
  ]);
}
