// Numbers of an expression that the engine does not keep as they are written: it reads what is too large as infinite, what is
// too small as 0, and rounds what has more digits than its decimals. In: a syntax tree, and the text of the expression. Out:
// what is wrong with each.

import { isHeldByDouble } from "../values/double.ts";

interface Node {
  class?: string;
  query_location?: number;
  value?: { type: { id: string }; value?: unknown };
  [key: string]: unknown;
}

interface LostNumber {
  message: string;
  offset?: number;
  length?: number;
}

const written = /^[+-]?\s*(?<digits>[0-9_]*\.?[0-9_]*)(?<exponent>e[+-]?[0-9_]+)?/i;

/** `textAt`: the text of the statement from a place of the tree on. */
export function findLostNumbers(
  tree: unknown,
  textAt: (location: number) => string,
  placeOf: (node: Node) => { offset?: number },
): LostNumber[] {
  if (tree === null || typeof tree !== "object") return [];
  const node = tree as Node;
  if (node.class !== "CONSTANT") return Object.values(tree).flatMap((part) => findLostNumbers(part, textAt, placeOf));
  if (node.value?.type.id !== "DOUBLE") return [];
  const [text = "", digits = "", exponent] = written.exec(textAt(node.query_location ?? 0)) ?? [];
  const why = explainLoss(node.value.value, digits, exponent);
  return why === undefined ? [] : [{ message: `the number ${text} ${why}`, length: text.length, ...placeOf(node) }];
}

function explainLoss(value: unknown, digits: string, exponent: string | undefined): string | undefined {
  if (typeof value === "string") return "is larger than any that can be computed with (1.8e308)";
  if (value === 0 && /[1-9]/.test(digits)) return "is so small that it would be taken for 0";
  if (exponent !== undefined && !isHeldByDouble((digits + exponent).replaceAll("_", "")))
    return "has more digits than a double holds (17)";
  if (exponent === undefined && digits !== "") return "has more than the 38 digits that can be computed with";
  return undefined;
}
