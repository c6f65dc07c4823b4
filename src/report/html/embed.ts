// Changes as they lie in a page: lines of JSON, compressed, in base64. In: changes one after the other. Out: text that is
// no markup, whatever the changes hold, and how many they are. What must hold: a hidden value is a mark, in whatever
// field, key or message it stood; a value looks as it does on a terminal; what is left out for want of room is counted;
// memory does not grow with the number of changes.

import { createGzip } from "node:zlib";
import { hidden, type Value } from "../plan.ts";
import { showValue } from "../value-text.ts";
import { tellApart, visible } from "../visible-text.ts";
import type { PageChange, PageChanges } from "./page.ts";

/** What a browser holds at ease. Beyond it the page says what it lacks. */
export const changesMax = 250_000;
const charactersMax = 100_000_000;

const rowsInLine = 2_000;

/** Counts what went into the page, and what did not. */
export interface Embedded {
  changes: number;
  leftOut: number;
}

type Cell = string | number | null;

/** A value: text, null for none, 0 for a hidden one. */
function cellOf(value: Value): Cell {
  if (value === null) return null;
  return value === hidden ? 0 : showValue(value);
}

/**
 * A line is `[names, rows]`: names that are new, which rows mean by their place among all of them; a row is
 * `[stream, action, outcome, key, id, message, field, before, after, field, before, after, …]`.
 */
export async function* embedChanges(changes: PageChanges, embedded: Embedded): AsyncGenerator<string> {
  const gzip = createGzip();
  const written = writeLines(gzip, changes, embedded);
  let rest = Buffer.alloc(0);
  for await (const chunk of gzip) {
    const bytes = Buffer.concat([rest, chunk as Buffer]);
    // Three bytes are four characters: what is cut elsewhere would be padded in the middle.
    const whole = bytes.length - (bytes.length % 3);
    rest = bytes.subarray(whole);
    yield `${bytes.toString("base64", 0, whole)}\n`;
  }
  yield rest.toString("base64");
  await written;
}

async function writeLines(
  gzip: ReturnType<typeof createGzip>,
  changes: PageChanges,
  embedded: Embedded,
): Promise<void> {
  try {
    for await (const line of linesOfChanges(changes, embedded)) {
      if (!gzip.write(`${line}\n`)) await new Promise((resolve) => gzip.once("drain", resolve));
    }
    gzip.end();
  } catch (error) {
    gzip.destroy(error instanceof Error ? error : new Error(String(error)));
  }
}

async function* linesOfChanges(changes: PageChanges, embedded: Embedded): AsyncGenerator<string> {
  const places = new Map<string, number>();
  let fresh: string[] = [];
  let rows: Cell[][] = [];
  let characters = 0;
  const placeOf = (name: string): number => {
    const known = places.get(name);
    if (known !== undefined) return known;
    fresh.push(visible(name));
    places.set(name, places.size);
    return places.size - 1;
  };
  const finishLine = (): string => {
    const line = JSON.stringify([fresh, rows]);
    characters += line.length;
    fresh = [];
    rows = [];
    return line;
  };
  for await (const change of changes.rows) {
    if (embedded.changes >= changesMax || characters >= charactersMax) break;
    embedded.changes += 1;
    rows.push(rowOf(change, placeOf));
    if (rows.length === rowsInLine) yield finishLine();
  }
  if (rows.length > 0) yield finishLine();
  embedded.leftOut = changes.total - embedded.changes;
}

function rowOf({ stream, action, outcome, key, id, message, fields }: PageChange, placeOf: (name: string) => number) {
  const head: Cell[] = [placeOf(stream), placeOf(action), placeOf(outcome), cellOf(key), seen(id)];
  const row = [...head, seen(message)];
  for (const { field, before, after } of fields) {
    const [left, right] = [cellOf(before), cellOf(after)];
    const told = typeof left === "string" && typeof right === "string" ? tellApart(left, right) : [left, right];
    row.push(placeOf(field), ...told);
  }
  return row;
}

function seen(text: string | null): string | null {
  return text === null ? null : visible(text);
}
