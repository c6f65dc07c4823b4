// What a job's tests expect, written anew in the text of the job. In: the text, edits. Out: the text with these places
// changed. Must hold: every other sign of it stays: comments, layout, quotes.

import { isDeepStrictEqual } from "node:util";
import {
  isMap,
  isScalar,
  isSeq,
  type Node,
  type Pair,
  parseDocument,
  type Scalar,
  type YAMLMap,
  type YAMLSeq,
} from "yaml";
import { usageFailure } from "../core/errors.ts";
import type { CellValue } from "./test-case.ts";

export type ExpectedList = "expect" | "expect_rejects" | "expect_plan";

/** What is written for a row: a cell, or cells by name. */
export type NewEntry = { readonly [name: string]: CellValue | NewEntry };

export interface TestEdit {
  /** Position in `tests`. */
  test: number;
  list: ExpectedList;
  /** Values within entries: the entry, then names of keys. A last `after` may be left out in the text. */
  values: { path: readonly [number, ...string[]]; value: CellValue }[];
  /** Entries that go. */
  removed: readonly number[];
  /** Entries that come after the others. */
  added: readonly NewEntry[];
}

/** Throws a Failure (2) where the layout does not allow it. */
export function editTests(text: string, edits: readonly TestEdit[]): string {
  const root = parseDocument(text, { uniqueKeys: false }).contents as Node;
  const splices = edits.flatMap((edit) => splicesOf(text, root, edit));
  // From the end; what goes before what comes at the same place.
  const ordered = splices.sort((left, right) => right.start - left.start || right.end - left.end);
  const edited = ordered.reduce((whole, { start, end, by }) => whole.slice(0, start) + by + whole.slice(end), text);
  if (!isDeepStrictEqual(withoutExpected(text), withoutExpected(edited)))
    throw usageFailure("the tests are written in a way that can't be changed by itself", {
      next: "change them by hand",
    });
  return edited;
}

interface Splice {
  start: number;
  end: number;
  by: string;
}

function splicesOf(text: string, root: Node, { test, list, values, removed, added }: TestEdit): Splice[] {
  const seq = at(at(at(root, "tests"), test), list);
  if (!isSeq(seq)) return [];
  const kept = values.filter(({ path: [entry] }) => !removed.includes(entry));
  const cells = kept.flatMap(({ path, value }) => {
    const node = path.reduce<Node | undefined>(
      (inner, key) => (key === "after" && isScalar(inner) ? inner : at(inner, key)),
      seq,
    );
    return isScalar(node) ? [replaceScalar(text, node, value)] : [];
  });
  if (removed.length === 0 && added.length === 0) return cells;
  return [...cells, ...(seq.flow === true ? editFlow(seq, removed, added) : editBlock(text, seq, removed, added))];
}

function at(node: Node | undefined, key: string | number): Node | undefined {
  if (typeof key === "number") return isSeq(node) ? (node.items[key] as Node | undefined) : undefined;
  if (!isMap(node)) return undefined;
  const pairs = (node as YAMLMap<Scalar, Node>).items;
  const pair: Pair<Scalar, Node> | undefined = pairs.find((one) => (one.key.source ?? String(one.key.value)) === key);
  return pair?.value ?? undefined;
}

function rangeOf({ range }: Node): [number, number, number] {
  if (!range) throw new Error("a parsed node has a place");
  return range;
}

function replaceScalar(text: string, node: Scalar, value: CellValue): Splice {
  const [start, end] = rangeOf(node);
  const isBlock = node.type === "BLOCK_LITERAL" || node.type === "BLOCK_FOLDED";
  const isQuoted = node.type === "QUOTE_DOUBLE" || node.type === "QUOTE_SINGLE";
  const by = isQuoted && value !== null ? JSON.stringify(value) : writeCell(value);
  return { start, end, by: isBlock && text[end - 1] === "\n" ? `${by}\n` : by };
}

/** `[a, b]`. */
function editFlow(seq: YAMLSeq, removed: readonly number[], added: readonly NewEntry[]): Splice[] {
  const [start, end] = rangeOf(seq);
  const written = added.map(writeEntry);
  const items = seq.items as Node[];
  const last = items.at(-1);
  if (last !== undefined && removed.length < items.length) {
    const kept = items.flatMap((item, index) => (removed.includes(index) ? [] : [item]));
    const final = kept.at(-1) ?? last;
    const gone = removed.map((index): Splice => {
      const [from, to] = rangeOf(items[index] ?? last);
      const next = items[index + 1];
      // With the comma behind it, or, of the last ones, with the one before.
      if (next !== undefined && index < items.indexOf(final)) return { start: from, end: rangeOf(next)[0], by: "" };
      const before = items[index - 1];
      return { start: before === undefined ? from : rangeOf(before)[1], end: to, by: "" };
    });
    const after = rangeOf(final)[1];
    return [...gone, { start: after, end: after, by: written.map((one) => `, ${one}`).join("") }];
  }
  return [{ start, end, by: `[${written.join(", ")}]` }];
}

/** A line or more for each entry, each behind a dash. */
function editBlock(text: string, seq: YAMLSeq, removed: readonly number[], added: readonly NewEntry[]): Splice[] {
  const items = seq.items as Node[];
  const starts = items.map((item) => text.lastIndexOf("-", rangeOf(item)[0] - 1));
  const first = starts[0];
  const last = items.at(-1);
  if (first === undefined || last === undefined) return [];
  const end = endOfLine(text, rangeOf(last)[1]);
  const written = added.map(writeEntry);
  if (removed.length === items.length) {
    if (written.length > 0) return [{ start: first, end, by: writeLines(text, first, written) }];
    // Behind the key, which stands in the line above.
    const key = text.lastIndexOf(":", first);
    return [{ start: key + 1, end, by: " []" }];
  }
  const lineOf = (index: number) => text.lastIndexOf("\n", starts[index] ?? end) + 1;
  const gone = removed.map((index): Splice => {
    const isLast = index === items.length - 1;
    return { start: lineOf(index), end: isLast ? Math.min(end + 1, text.length) : lineOf(index + 1), by: "" };
  });
  if (written.length === 0) return gone;
  const indent = first - lineOf(0);
  const lines = written.map((entry) => `\n${" ".repeat(indent)}- ${entry}`).join("");
  const lastKept = items.length - 1 - [...items.keys()].reverse().findIndex((index) => !removed.includes(index));
  const behind = endOfLine(text, rangeOf(items[lastKept] ?? last)[1]);
  return [...gone, { start: behind, end: behind, by: lines }];
}

function writeLines(text: string, dash: number, written: readonly string[]): string {
  const indent = dash - (text.lastIndexOf("\n", dash) + 1);
  return written.map((entry) => `- ${entry}`).join(`\n${" ".repeat(indent)}`);
}

function endOfLine(text: string, from: number): number {
  // A block scalar ends behind its line.
  if (text[from - 1] === "\n") return from - 1;
  const end = text.indexOf("\n", from);
  return end === -1 ? text.length : end;
}

function writeEntry(entry: NewEntry): string {
  const cells = Object.entries(entry).map(([name, value]) => {
    const isCell = value === null || typeof value === "string";
    return `${writeCell(name)}: ${isCell ? writeCell(value) : writeEntry(value)}`;
  });
  return cells.length === 0 ? "{}" : `{ ${cells.join(", ")} }`;
}

/** Text as the tests of a job take it: as it is typed, so that 01234 needs no quotes. */
function writeCell(value: CellValue): string {
  if (value === null) return "null";
  const isPlain = /^[A-Za-z0-9](?:[A-Za-z0-9 ._@+-]*[A-Za-z0-9])?$/.test(value) && !/^null$/i.test(value);
  return isPlain ? value : JSON.stringify(value);
}

/** What must be the same afterwards. */
function withoutExpected(text: string): unknown {
  const document = parseDocument(text, { uniqueKeys: false });
  if (document.errors.length > 0) return [text, ...document.errors.map(({ code }) => code)];
  const whole = document.toJS() as { tests?: Record<string, unknown>[] };
  for (const one of whole.tests ?? []) {
    for (const list of ["expect", "expect_rejects", "expect_plan"]) if (one[list] !== undefined) one[list] = [];
  }
  return whole;
}
