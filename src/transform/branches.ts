// What a branch of CASE (or of `if`), or a later value of coalesce, is computed for, in a syntax tree. In: the node, as far as
// its parts before that one are known. Out: what wraps an expression, so that it is computed for those rows and no others.

export interface BranchNode {
  class?: string;
  type?: string;
  alias?: string;
  children?: BranchNode[];
  case_checks?: { when_expr: BranchNode; then_expr: BranchNode }[];
  [key: string]: unknown;
}

/** Where in a node a part of it stands: `children`, the second. */
export interface Place {
  name: string;
  index: number;
}

/** What it gives is NULL for all rows but those that come to the branch. */
export type Guard = (inner: BranchNode) => BranchNode;

/** Undefined where the node has no branches, and for the part of it that is computed for each row. */
export function guardOf(
  { class: kind, type, case_checks: checks = [], children = [] }: BranchNode,
  { name, index }: Place,
): Guard | undefined {
  if (kind === "CASE") {
    const before = name === "else_expr" ? checks : checks.slice(0, index);
    const passed = before.map((check) => check.when_expr);
    if (name !== "then_expr") return passed.length === 0 ? undefined : (inner) => chooseAfter(passed, [], inner);
    const condition = checks[index]?.when_expr ?? none;
    return (inner) => chooseAfter(passed, [{ when_expr: condition, then_expr: inner }], none);
  }
  if (type !== "OPERATOR_COALESCE" || index === 0) return undefined;
  const known = children
    .slice(0, index)
    .map((child) => part("OPERATOR", "OPERATOR_IS_NOT_NULL", { children: [child] }));
  return (inner) => chooseAfter(known, [], inner);
}

/** CASE of which the first branches give nothing. */
export function chooseAfter(
  passed: readonly BranchNode[],
  checks: NonNullable<BranchNode["case_checks"]>,
  otherwise: BranchNode,
): BranchNode {
  const empty = passed.map((condition) => ({ when_expr: condition, then_expr: none }));
  return part("CASE", "CASE_EXPR", { case_checks: [...empty, ...checks], else_expr: otherwise });
}

export function part(kind: string, type: string, parts: Partial<BranchNode>): BranchNode {
  return { class: kind, type, alias: "", query_location: 0, ...parts };
}

const none = part("CONSTANT", "VALUE_CONSTANT", { value: { type: { id: "NULL", type_info: null }, is_null: true } });
