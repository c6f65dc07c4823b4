// A YAML document as plain maps, lists and scalars that know where they are written. The source text of a scalar is
// kept next to its value, because an expression such as `01234` or `1.10` must be taken as it was typed.

import { isAlias, isMap, isScalar, isSeq, type Node, type Pair, type Scalar } from "yaml";
import type { Diagnostics, Span } from "./diagnostics.ts";

export type TreeNode = MapNode | ListNode | ScalarNode;

export interface MapNode {
  kind: "map";
  span: Span;
  entries: Map<string, MapEntry>;
}

interface MapEntry {
  key: Span;
  value: TreeNode;
}

interface ListNode {
  kind: "list";
  span: Span;
  items: TreeNode[];
}

interface ScalarNode {
  kind: "scalar";
  span: Span;
  value: string | number | boolean | null;
  /** The text as it is written, without quotes, escapes and indentation. */
  text: string;
  /** The offset of the first character of the text that is not a space. */
  textStart: number;
}

export type TreePath = readonly PropertyKey[];

/** Tags, duplicate keys and merge keys are diagnostics. An alias counts as empty. */
export function buildTree(node: Node | null, diagnostics: Diagnostics, at: Span): TreeNode {
  const span = spanOf(node) ?? at;
  if (node !== null && !isAlias(node) && node.tag !== undefined) diagnostics.add(span, "YAML tags are not supported");
  if (isMap(node)) return buildMap(node.items as Pair<Node, Node | null>[], diagnostics, span);
  if (isSeq(node)) {
    return { kind: "list", span, items: node.items.map((item) => buildTree(item as Node | null, diagnostics, span)) };
  }
  if (isScalar(node)) return buildScalar(node, diagnostics, span);
  return { kind: "scalar", span, value: null, text: "", textStart: span.start };
}

function buildMap(pairs: Pair<Node, Node | null>[], diagnostics: Diagnostics, span: Span): MapNode {
  const entries = new Map<string, MapEntry>();
  for (const pair of pairs) {
    const key = spanOf(pair.key) ?? span;
    // As it is written: the name 007 is no number.
    const name = isScalar(pair.key) ? (pair.key.source ?? String(pair.key.value)) : "";
    if (entries.has(name)) diagnostics.add(key, `duplicate key "${name}"`);
    if (name === "<<") diagnostics.add(key, "merge keys are not supported: use `defaults`");
    else if (name === "__proto__") diagnostics.add(key, `"__proto__" cannot be a key`);
    else entries.set(name, { key, value: buildTree(pair.value, diagnostics, { start: key.end, end: key.end + 1 }) });
  }
  return { kind: "map", span, entries };
}

function buildScalar(node: Scalar, diagnostics: Diagnostics, span: Span): ScalarNode {
  const written = diagnostics.source.text;
  const header = node.type?.startsWith("BLOCK") === true ? written.indexOf("\n", span.start) : span.start;
  const opening = node.type?.startsWith("QUOTE") === true ? 1 : 0;
  const textStart = header + opening + written.slice(header + opening, span.end).search(/\S|$/);
  return { kind: "scalar", span, value: node.value as ScalarNode["value"], text: node.source ?? "", textStart };
}

function spanOf(node: Node | null): Span | undefined {
  const range = node?.range;
  return range === undefined || range === null ? undefined : { start: range[0], end: range[1] };
}

/** The tree as plain values. Own keys only: `__proto__` was refused when the tree was built. */
export function plainValue(node: TreeNode): unknown {
  if (node.kind === "scalar") return node.value;
  if (node.kind === "list") return node.items.map(plainValue);
  return Object.fromEntries([...node.entries].map(([name, entry]) => [name, plainValue(entry.value)]));
}

/** What stands at a path, or undefined. */
export function nodeAt(root: TreeNode, path: TreePath): TreeNode | undefined {
  let node: TreeNode | undefined = root;
  for (const part of path) {
    if (node?.kind === "map") node = node.entries.get(String(part))?.value;
    else if (node?.kind === "list") node = node.items[Number(part)];
    else return undefined;
  }
  return node;
}

/** Where the key at a path is written; for what has no key of its own, or is missing, what is around it. */
export function keySpanAt(root: TreeNode, path: TreePath): Span {
  const name = path.at(-1);
  if (name === undefined) return { start: root.span.start, end: root.span.start + 1 };
  const parent = nodeAt(root, path.slice(0, -1));
  if (parent?.kind === "map") {
    const entry = parent.entries.get(String(name));
    if (entry !== undefined) return entry.key;
  }
  if (parent?.kind === "list") {
    const item = parent.items[Number(name)];
    if (item !== undefined) return item.span;
  }
  return keySpanAt(root, path.slice(0, -1));
}

/** Maps are merged deeply; a scalar or list of `over` replaces. Everything keeps the place where it is written. */
export function mergeTrees(base: TreeNode | undefined, over: TreeNode): TreeNode {
  if (base?.kind !== "map" || over.kind !== "map") return over;
  const entries = new Map(base.entries);
  for (const [name, entry] of over.entries) {
    entries.set(name, { key: entry.key, value: mergeTrees(base.entries.get(name)?.value, entry.value) });
  }
  return { kind: "map", span: over.span, entries };
}
