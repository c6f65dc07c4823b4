// One JSON object as a record. Values are taken as they are written: a number keeps all of its digits, and what is nested
// stays JSON text.

import { isUtf8 } from "node:buffer";
import type { SourceRecord } from "./format.ts";

const none: ReadonlyMap<string, string | null> = new Map();
/** Of the text of a record that can't be read, for people. */
const shownLength = 1000;

/** `line` is where the bytes begin. */
export function readJsonObject(bytes: Buffer, line: number, encoding: string): SourceRecord {
  const text = bytes.toString();
  const broken = (reason: string): SourceRecord => ({
    line,
    cells: none,
    broken: { reason, text: text.trim().slice(0, shownLength) },
  });
  if (!isUtf8(bytes)) return broken(`not valid ${encoding}`);
  if (text.trim() === "") return broken("a comma too many: there is no record before the next comma or the end");
  let parsed: unknown;
  try {
    parsed = JSON.parse(text);
  } catch (error) {
    const why = error instanceof Error ? shorten(error.message) : String(error);
    return broken(findSecondObject(text) !== undefined ? "several JSON objects in a row" : `not valid JSON: ${why}`);
  }
  if (typeof parsed !== "object" || parsed === null || Array.isArray(parsed)) return broken("not a JSON object");
  const halves = doubtfulEscape.test(text) ? findNoText(parsed) : undefined;
  if (halves !== undefined) return broken(halves);
  const cells = new Map<string, string | null>();
  const nested = new Set<string>();
  for (const [name, written] of splitMembers(text)) {
    if (cells.has(name)) return broken(`"${name}" stands in the object twice`);
    if (/^[[{]/.test(written)) {
      nested.add(name);
      const twice = findNameTwice(written);
      if (twice !== undefined) return broken(`"${twice}" stands twice in an object of "${name}"`);
    }
    cells.set(name, readValue(written));
  }
  return { line, cells, nested };
}

/** Only these escapes can write what is no text: half a surrogate pair, and NUL. */
const doubtfulEscape = /\\u(?:0000|d[89a-f])/i;

/** What stands in a value, at any depth, that is no text and that no target can hold. */
function findNoText(value: unknown, name = ""): string | undefined {
  if (typeof value === "string") {
    const where = name === "" ? "a name" : `"${name}"`;
    if (!value.isWellFormed()) return `half a character (a lone surrogate) in ${where}`;
    return value.includes("\0") ? `the character NUL (U+0000) in ${where}` : undefined;
  }
  if (typeof value !== "object" || value === null) return undefined;
  for (const [key, inner] of Object.entries(value)) {
    const found = findNoText(key) ?? findNoText(inner, Array.isArray(value) ? name : key);
    if (found !== undefined) return found;
  }
  return undefined;
}

/** Where a second object begins, in a text of objects one after the other. */
export function findSecondObject(text: string): number | undefined {
  const start = skipSpace(text, 0);
  if (text[start] !== "{") return undefined;
  const end = skipValue(text, start);
  const next = skipSpace(text, end);
  return text[next] === "{" && isJson(text.slice(start, end)) ? next : undefined;
}

export function isJson(text: string): boolean {
  try {
    JSON.parse(text);
    return true;
  } catch {
    return false;
  }
}

/** V8 quotes the text, which may be long and hold anything. */
function shorten(message: string): string {
  return message.replace(/, (?:\.\.\.)?".*$/s, "").replace(/ \(line \d+ column \d+\)$/, "");
}

/** The members of an object that is known to be valid JSON. */
function* splitMembers(text: string): Generator<[name: string, written: string]> {
  let index = skipSpace(text, skipSpace(text, 0) + 1);
  while (text[index] !== "}") {
    const nameEnd = skipString(text, index);
    const name = JSON.parse(text.slice(index, nameEnd)) as string;
    const start = skipSpace(text, skipSpace(text, nameEnd) + 1);
    const end = skipValue(text, start);
    yield [name, text.slice(start, end)];
    index = skipSpace(text, end);
    if (text[index] === ",") index = skipSpace(text, index + 1);
  }
}

const nameOrMark = /"(?:[^"\\]|\\[\s\S])*"|[{}:]/g;

/** A name that stands twice in one object of valid JSON, at any depth. Who takes it out would get one of two values. */
function findNameTwice(json: string): string | undefined {
  const open: Set<string>[] = [];
  let last = "";
  for (const [found] of json.matchAll(nameOrMark)) {
    if (found === "{") open.push(new Set());
    else if (found === "}") open.pop();
    else if (found !== ":") last = found;
    else {
      const name = JSON.parse(last) as string;
      if (open.at(-1)?.has(name) === true) return name;
      open.at(-1)?.add(name);
    }
  }
  return undefined;
}

function readValue(written: string): string | null {
  if (written === "null") return null;
  return written.startsWith('"') ? (JSON.parse(written) as string) : written;
}

function skipSpace(text: string, start: number): number {
  let index = start;
  while (/[ \t\r\n]/.test(text[index] ?? "")) index += 1;
  return index;
}

/** From an opening quote to behind the closing one. */
function skipString(text: string, start: number): number {
  let index = start + 1;
  while (index < text.length && text[index] !== '"') index += text[index] === "\\" ? 2 : 1;
  return index + 1;
}

function skipValue(text: string, start: number): number {
  const first = text[start];
  if (first === '"') return skipString(text, start);
  if (first !== "{" && first !== "[") {
    let index = start;
    while (index < text.length && !/[,}\] \t\r\n]/.test(text[index] ?? "")) index += 1;
    return index;
  }
  let depth = 0;
  let index = start;
  do {
    const character = text[index];
    if (character === '"') {
      index = skipString(text, index);
      continue;
    }
    if (character === "{" || character === "[") depth += 1;
    else if (character === "}" || character === "]") depth -= 1;
    index += 1;
  } while (depth > 0 && index < text.length);
  return index;
}
