// A COALESCE whose value is that of a TRY. In: a node of a syntax tree. Out: whether it is such a TRY. Why: where a row
// fails, the engine gives other rows' values, or crashes (measured, DuckDB 1.5.5). What is an argument of a function, or of
// an operator, is computed apart, and right.

interface Node {
  class?: string;
  type?: string;
  children?: Node[];
  case_checks?: { then_expr: Node }[];
  else_expr?: Node;
}

export const coalesceInTry = {
  message: "the engine computes COALESCE (or IFNULL) wrongly where it is what TRY guards",
  next: "guard what may fail alone: coalesce(a, TRY(b))",
};

export function isCoalesceInTry({ type, children = [] }: Node): boolean {
  return type === "OPERATOR_TRY" && children.some(givesCoalesce);
}

function givesCoalesce({ class: kind, type, children = [], case_checks = [], else_expr }: Node): boolean {
  if (type === "OPERATOR_COALESCE") return true;
  if (type === "OPERATOR_TRY") return children.some(givesCoalesce);
  if (kind !== "CASE") return false;
  return [...case_checks.map(({ then_expr }) => then_expr), else_expr ?? {}].some(givesCoalesce);
}
