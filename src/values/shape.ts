// What a text looks like without saying what it is: `9 digits, 1 letter`. For messages about values that may not be shown.

import { countOf } from "../core/counted.ts";
import { invisiblePattern } from "./trim.ts";

/** Code points of each kind, in this order; the last takes what no other is. */
const kinds: readonly (readonly [noun: string, of: RegExp])[] = [
  ["letter", /^[\p{L}\p{M}]$/u],
  ["digit", /^\p{N}$/u],
  ["blank", /^[\p{Zs}\t]$/u],
  ["other character", new RegExp(`^[^${invisiblePattern}]$`, "u")],
  ["invisible character", /^/],
];

/**
 * A function of the engine's (Engine.define). As SQL it was a dozen regular expressions over tables of all letters for each
 * value of each field, and to compile them took longer than all else of a careful pass: 20 ms a field.
 */
const name = "shape_of";

/** Where the engine is told of it. */
export function defineShape(engine: { define(name: string, compute: typeof answerShape): void }): void {
  engine.define(name, answerShape);
}

/** VARCHAR of an engine that knows the shape. */
export function shapeOf(text: string): string {
  return `${name}('', ${text})`;
}

function answerShape(_: string | null, [text]: readonly (string | null)[]): string {
  return tellShape(text ?? "");
}

function tellShape(text: string): string {
  const counts = kinds.map(() => 0);
  for (const letter of text) {
    const kind = kinds.findIndex(([, of]) => of.test(letter));
    counts[kind] = (counts[kind] ?? 0) + 1;
  }
  const told = kinds.flatMap(([noun], kind) => {
    const count = counts[kind] ?? 0;
    return count === 0 ? [] : countOf(count, noun);
  });
  return told.length === 0 ? "nothing" : told.join(", ");
}
