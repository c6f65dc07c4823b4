// What zod found wrong with a file, as diagnostics at the place where it is written.

import type { z } from "zod";
import { suggest } from "../core/suggest.ts";
import type { Diagnostics } from "./diagnostics.ts";
import { keySpanAt, nodeAt, plainValue, type TreeNode, type TreePath } from "./yaml-tree.ts";

type Issue = z.core.$ZodIssue;

const typeNames: Readonly<Record<string, string>> = {
  string: "text",
  number: "a number",
  int: "a whole number",
  boolean: "true or false",
  null: "nothing",
  object: "a map",
  record: "a map",
  array: "a list",
};

/** The node's value if it fits the shape; otherwise what is wrong becomes diagnostics. */
export function checkShape<Shape extends z.ZodType>(
  shape: Shape,
  node: TreeNode,
  diagnostics: Diagnostics,
): z.infer<Shape> | undefined {
  const result = shape.safeParse(plainValue(node));
  if (result.success) return result.data;
  for (const issue of result.error.issues) addIssue(issue, [], node, diagnostics);
  return undefined;
}

function addIssue(issue: Issue, above: TreePath, root: TreeNode, diagnostics: Diagnostics): void {
  const path = [...above, ...issue.path];
  if (issue.code === "unrecognized_keys") addUnknownKeys(issue, path, root, diagnostics);
  else if (issue.code === "invalid_value") addChoice(issue.values, path, root, diagnostics);
  else if (issue.code === "invalid_key") diagnostics.add(keySpanAt(root, path), messageOf(issue.issues));
  else if (issue.code === "invalid_type") addWrongType(issue.message, [issue.expected], path, root, diagnostics);
  else if (issue.code === "invalid_union") addUnion(issue, path, root, diagnostics);
  else diagnostics.add(nodeAt(root, path)?.span ?? keySpanAt(root, path), issue.message);
}

function messageOf(issues: readonly Issue[]): string {
  return issues[0]?.message ?? "this key cannot be used here";
}

function addUnknownKeys(
  issue: z.core.$ZodIssueUnrecognizedKeys,
  path: TreePath,
  root: TreeNode,
  diagnostics: Diagnostics,
): void {
  const known = issue.message.split(" ");
  for (const key of issue.keys) {
    const suggestion = suggest(key, known);
    const details = suggestion === undefined ? { next: `keys here: ${known.join(", ")}` } : { suggestion };
    const span = keySpanAt(root, [...path, key]);
    diagnostics.add(span, diagnostics.isShown(span) ? `unknown key "${key}"` : "unknown key", details);
  }
}

function addChoice(choices: readonly unknown[], path: TreePath, root: TreeNode, diagnostics: Diagnostics): void {
  const node = nodeAt(root, path);
  const expected = choices.length === 1 ? String(choices[0]) : `one of ${choices.join(", ")}`;
  if (node === undefined) addMissing(path, root, diagnostics, `: expected ${expected}`);
  else if (node.kind !== "scalar") diagnostics.add(node.span, `expected ${expected}, got ${kindOf(node)}`);
  else {
    const suggestion = choices.length === 1 ? undefined : suggest(node.text, choices.map(String));
    diagnostics.add(node.span, `"${node.text}" is not ${expected}`, suggestion === undefined ? {} : { suggestion });
  }
}

function addWrongType(
  message: string,
  expected: readonly string[],
  path: TreePath,
  root: TreeNode,
  diagnostics: Diagnostics,
): void {
  const node = nodeAt(root, path);
  // zod's own messages start so; the schema's say what is expected in their own words.
  const isOwnMessage = !message.startsWith("Invalid input");
  const names = expected.map((type) => typeNames[type] ?? type).join(" or ");
  if (node === undefined) addMissing(path, root, diagnostics);
  else diagnostics.add(node.span, isOwnMessage ? message : `expected ${names}, got ${kindOf(node)}`);
}

function addUnion(issue: z.core.$ZodIssueInvalidUnion, path: TreePath, root: TreeNode, diagnostics: Diagnostics): void {
  // The branch that was meant is the one whose type fits: its complaints are about what is inside.
  const node = nodeAt(root, path);
  const meant = issue.errors.find((branch) => !branch.some((found) => isTypeMismatch(found, node)));
  if ("options" in issue && Array.isArray(issue.options)) addChoice(issue.options, path, root, diagnostics);
  else if (meant !== undefined) for (const found of meant) addIssue(found, path, root, diagnostics);
  else addWrongType(issue.message, [...new Set(issue.errors.flat().flatMap(expectedTypes))], path, root, diagnostics);
}

function isTypeMismatch(issue: Issue, node: TreeNode | undefined): boolean {
  if (issue.path.length > 0) return false;
  if (issue.code === "invalid_value") return node?.kind !== "scalar";
  if (issue.code === "invalid_union") {
    return issue.errors.every((branch) => branch.some((found) => isTypeMismatch(found, node)));
  }
  return issue.code === "invalid_type";
}

function expectedTypes(issue: Issue): string[] {
  if (issue.code === "invalid_union") return issue.errors.flat().flatMap(expectedTypes);
  return issue.code === "invalid_type" ? [issue.expected] : [];
}

function addMissing(path: TreePath, root: TreeNode, diagnostics: Diagnostics, expected = ""): void {
  diagnostics.add(keySpanAt(root, path), `"${String(path.at(-1))}" is missing${expected}`);
}

function kindOf(node: TreeNode): string {
  if (node.kind !== "scalar") return node.kind === "map" ? "a map" : "a list";
  if (node.value === null) return "nothing";
  return typeNames[typeof node.value] ?? "text";
}
