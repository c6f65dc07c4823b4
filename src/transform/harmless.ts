// What fails for no row, in a syntax tree, wherever it stands. In: a node. Out: whether it certainly is so.

import type { BranchNode } from "./branches.ts";
import { harmlessFunctions } from "./functions.ts";

export interface Node extends BranchNode {
  function_name?: string;
  schema?: string;
  catalog?: string;
  children?: Node[];
  case_checks?: { when_expr: Node; then_expr: Node }[];
  [key: string]: unknown;
}

export function isHarmless(node: Node): boolean {
  if (node.class === "COLUMN_REF" || node.class === "CONSTANT") return true;
  const [first, ...others] = node.children ?? [];
  const isKnown = isPlainCall(node) && harmlessFunctions.has((node.function_name ?? "").toLowerCase());
  return isKnown && (first === undefined || isHarmless(first)) && others.every((other) => other.class === "CONSTANT");
}

/** A call behind what it is called on, `buyer.proper()`, is left alone. */
export function isPlainCall({ class: kind, schema = "", catalog = "" }: Node): boolean {
  return kind === "FUNCTION" && catalog === "" && ["", "main"].includes(schema);
}
