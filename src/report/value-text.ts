// Values of records as text: no value, a hidden value and a text that looks like one of these can be told apart.

import { hidden, type Value } from "./plan.ts";
import { cutText, displayWidth, graphemes, visible } from "./visible-text.ts";

export const noValue = "—";
const hiddenValue = "•••";

/** The value, quoted where it could be taken for none, for a hidden one, or for less than it is. */
export function showValue(value: Value): string {
  if (value === null) return noValue;
  if (value === hidden) return hiddenValue;
  const shown = visible(value);
  const misleading = shown === noValue || shown === hiddenValue || shown.trim() !== shown || shown === "";
  return misleading ? `"${shown}"` : shown;
}

/** Characters of the common start that are kept before the first difference, and columns to show of it. */
const contextMax = 12;

/** Both values in at most `width` columns, cut at the front where they would otherwise look the same. */
export function focusDifference(before: string, after: string, width: number): [string, string] {
  if (displayWidth(before) <= width && displayWidth(after) <= width) return [before, after];
  const left = graphemes(before);
  const right = graphemes(after);
  const shorter = Math.min(left.length, right.length);
  let same = 0;
  while (same < shorter && left[same] === right[same]) same += 1;
  const context = Math.min(contextMax, Math.floor(width / 4));
  const isInSight = displayWidth(left.slice(0, same).join("")) + context < width;
  if (isInSight) return [cutText(before, width), cutText(after, width)];
  const focus = (all: string[]) => cutText(`…${all.slice(same - context).join("")}`, width);
  return [focus(left), focus(right)];
}

/** Whether a terminal could reorder it together with its neighbours. */
export function isRightToLeft(text: string): boolean {
  return /[\u0590-\u08ff\ufb1d-\ufdff\ufe70-\ufefc\u{10800}-\u{10fff}\u{1e800}-\u{1efff}]/u.test(text);
}
