// Lines for a screen. In: spans of text with what they mean. Out: one string, cut to the screen's width, coloured where
// colours are wanted. What must hold: whatever the spans hold, no line is wider than the screen but one that holds
// nothing but a command or path (cut, it would be no use), and no control character gets through but our own colours.

import { styleText } from "node:util";
import { cutText, displayWidth, graphemes, visible } from "./visible-text.ts";

/** The screen: its width in columns, and whether it takes colours. */
export interface Look {
  width: number;
  color: boolean;
}

export type Tone = "good" | "create" | "update" | "delete" | "alarm" | "strong" | "faint";

const tones = {
  good: "green",
  create: "green",
  update: "yellow",
  delete: "red",
  alarm: "red",
  strong: "bold",
  faint: "dim",
} as const satisfies Record<Tone, Parameters<typeof styleText>[0]>;

export type Span = string | { text: string; tone: Tone };

/** `whole` lines hold a command or path and are never cut: a terminal wraps them by itself, and they can be copied. */
export type Line = readonly Span[] & { whole?: true };

export function renderLines(lines: readonly Line[], look: Look): string {
  return lines.map((line) => renderLine(line, look)).join("\n");
}

export function renderLine(line: Line, look: Look): string {
  let left = line.whole === true ? Number.POSITIVE_INFINITY : look.width;
  const texts = trimEnd(line.map((span) => visible(textOf(span))));
  const needed = texts.reduce((sum, text) => sum + displayWidth(text), 0);
  if (needed > left) left -= 1;
  return texts
    .map((text, index) => {
      const span = line[index] ?? "";
      const fits = displayWidth(text) <= left || left < 0;
      return { span, fits, text };
    })
    .join("");
}

function textOf(span: Span): string {
  return typeof span === "string" ? span : span.text;
}
