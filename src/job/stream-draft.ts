// A stream as it is written, with its defaults merged in, and what is asked of it while it is built.

import type { Diagnostics, Span } from "./diagnostics.ts";
import type { Expression } from "./job.ts";
import { keySpanAt, nodeAt, type TreeNode, type TreePath } from "./yaml-tree.ts";

export interface StreamDraft {
  name: string;
  /** Where its name is written. */
  key: Span;
  /** What is written. */
  written: TreeNode;
  /** The same, merged over the defaults. */
  tree: TreeNode;
  /** All streams of the job. */
  streamNames: readonly string[];
  /** Where relative paths of the job start. */
  folder: string;
  /** Of parents that are named by several expressions, all of them by the first. */
  froms: Map<Expression, readonly Expression[]>;
  /** The job has a twin: what the stream writes may be changed on the other side too. */
  hasTwin: boolean;
}

/** The expression at a path as it is typed; undefined if there is none, or it is empty, which is a diagnostic. */
export function buildExpression(path: TreePath, draft: StreamDraft, diagnostics: Diagnostics): Expression | undefined {
  const node = nodeAt(draft.tree, path);
  if (node?.kind !== "scalar") return undefined;
  const sql = node.text.trim();
  if (sql !== "") return { sql, place: diagnostics.source.placeAt(node.textStart) };
  diagnostics.add(keySpanAt(draft.tree, path), "the expression is empty");
  return undefined;
}

/** The keys of a map in the order in which they are written: of an object JavaScript gives those of digits first. */
export function namesAt(path: TreePath, draft: StreamDraft): string[] {
  const node = nodeAt(draft.tree, path);
  return node?.kind === "map" ? [...node.entries.keys()] : [];
}

export function required<T>(
  value: T | undefined,
  path: TreePath,
  draft: StreamDraft,
  diagnostics: Diagnostics,
): T | undefined {
  if (value === undefined) diagnostics.add(spanAt(path, draft), `stream "${draft.name}" has no ${path.join(".")}`);
  return value;
}

export function placeAt(path: TreePath, draft: StreamDraft, diagnostics: Diagnostics) {
  return diagnostics.source.placeAt(spanAt(path, draft).start);
}

/** Of the value at a path, or, where it is missing, of the nearest key of the stream itself. */
export function spanAt(path: TreePath, draft: StreamDraft): Span {
  const node = nodeAt(draft.tree, path);
  if (node !== undefined) return node.span;
  return nodeAt(draft.written, path.slice(0, 1)) === undefined ? draft.key : keySpanAt(draft.written, path);
}
