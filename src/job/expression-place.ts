// Where in the YAML a character of an expression is written: quotes, escapes and indentation lie in between.

import { readIfPossible, SourceText } from "./diagnostics.ts";
import type { Expression, Place } from "./job.ts";

/**
 * The place of the character at `offset` of `expression.sql`, for a diagnostic of the engine. The start of the
 * expression if the file is gone or says something else by now.
 */
export function expressionPlace(expression: Expression, offset: number): Place {
  const { file } = expression.place;
  const text = readIfPossible(file);
  if (file === undefined || text === undefined) return expression.place;
  const source = new SourceText(file, text);
  let at = source.offsetOf(expression.place);
  for (let index = 0; index <= offset && index < expression.sql.length; index += 1) {
    const found = findNext(text, at, expression.sql.charAt(index));
    if (found === undefined) return expression.place;
    at = found + 1;
  }
  return source.placeAt(at - 1);
}

/** Skips what YAML adds: indentation, the second of two quotes, a backslash. White space stands for white space. */
function findNext(text: string, start: number, character: string): number | undefined {
  for (let at = start; at < text.length; at += 1) {
    const written = text.charAt(at);
    if (written === character) return at;
    if (/\s/.test(character) && /\s/.test(written)) return at;
    if (/\s/.test(character) && /^\\[nt]/.test(text.slice(at, at + 2))) return at + 1;
    if (!/[\s'"\\]/.test(written)) return undefined;
  }
  return undefined;
}
