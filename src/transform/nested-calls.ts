// Calls of functions of ours inside what another of them reads: `proper(split_name(buyer).first)`. They are macros, in which
// the engine writes the argument wherever the body names it, so that a call inside a call inside a call takes seconds to
// bind, rows or not. Here each inner call becomes a column of its own, below the expression (core/nested-rows.ts). In: the syntax
// tree of an expression. Out: those columns, and the expression over them. What must hold: the same values, and a failure
// for the same rows: what stands in a branch of CASE, behind the first value of coalesce, or behind the first operand of AND
// and OR (left-to-right.ts) is computed for the rows that come to it; below TRY and whatever else may not be computed for a
// row, only what fails for none is taken out; below a lambda nothing is. So is an operand that guards those behind it.

import type { NestedCall, NestedCalls } from "../core/nested-rows.ts";
import { type BranchNode, type Guard, guardOf, type Place } from "./branches.ts";
import { findMacro } from "./functions.ts";
import { isHarmless, isPlainCall, type Node } from "./harmless.ts";
import { fromTheLeft, isSafe } from "./left-to-right.ts";
import { expressionOf, statementOf } from "./syntax-tree.ts";

/** For which rows something is computed: those that its guards leave; `perhaps`: nobody knows. */
type Computed = readonly Guard[] | "perhaps";

/**
 * Undefined where no call is inside another and no operand is guarded. `tell`: the SQL of a statement's tree
 * (stage/bind.ts). `nameCall`: a name for the column that has these values. `types`: of columns, as far as they are known.
 */
export async function takeNestedCalls(
  json: string,
  tell: (tree: string) => Promise<string>,
  nameCall: (sql: string) => string,
  types: ReadonlyMap<string, string> = new Map(),
): Promise<NestedCalls | undefined> {
  const calls: (NestedCall & { plain: string; guards: readonly Guard[] })[] = [];
  const written = expressionOf<Node>(json);
  if (written === undefined) return undefined;
  const { node: expression, twice } = fromTheLeft(written, types);
  /** Of `twice`, as they were taken the first time. */
  const once = new Map<Node, Node>();
  const takeInner = async (node: Node, isArgument: boolean, computed: Computed): Promise<Node> => {
    // Its own names are not known outside of it.
    if (node.class === "LAMBDA") return node;
    const known = once.get(node);
    if (known !== undefined) return known;
    const isOwn = isOwnCall(node);
    const taken = await overParts(node, (part, place, before) =>
      takeInner(part, isArgument || isOwn, computedAt(computed, before, isOwn, place)),
    );
    const isShared = twice.has(node) && node.class !== "COLUMN_REF";
    const isWanted = (isOwn && isArgument) || (isShared && (!isSafe(node, types) || hasOwnCall(node)));
    const isTaken = isWanted && (computed !== "perhaps" || isHarmless(node));
    const given = isTaken ? await takeOut(node, taken, computed) : taken;
    if (isShared) once.set(node, given);
    return given;
  };
  const takeOut = async (node: Node, taken: Node, computed: Computed): Promise<Node> => {
    // In a struct the alias is the name of a field.
    const call = { ...taken, alias: "" };
    const guards = computed === "perhaps" || isHarmless(node) ? [] : computed;
    const plain = await tell(statementOf(json, call));
    // Whatever comes here has come to where it was taken before, if that has no guard that is not here.
    const same = calls.find(
      (one) => one.plain === plain && one.guards.every((guard, index) => guard === guards[index]),
    );
    if (same !== undefined) return columnOf(same.name, node.alias);
    const guarded = guards.reduceRight<BranchNode>((inner, guard) => guard(inner), call);
    const sql = guards.length === 0 ? plain : await tell(statementOf(json, guarded));
    const name = nameCall(sql);
    if (!calls.some((call) => call.name === name)) calls.push({ name, sql, plain, guards });
    return columnOf(name, node.alias);
  };
  const outer = await takeInner(expression, false, []);
  if (calls.length === 0 && expression === written) return undefined;
  return { calls: calls.map(({ name, sql }) => ({ name, sql })), sql: await tell(statementOf(json, outer)) };
}

function isOwnCall(node: Node): boolean {
  return isPlainCall(node) && findMacro(node.function_name ?? "") !== undefined;
}

function hasOwnCall(value: unknown): boolean {
  if (Array.isArray(value)) return value.some(hasOwnCall);
  if (value === null || typeof value !== "object") return false;
  return isOwnCall(value as Node) || Object.values(value).some(hasOwnCall);
}

const lists = ["children"];
const singles = ["filter", "child", "left", "right", "input", "lower", "upper", "else_expr"];

/**
 * The node with each of its parts in the place of what it was. One after the other: a later call may use one before it.
 * `before`: the node as far as it is made.
 */
async function overParts(node: Node, visit: (part: Node, place: Place, before: Node) => Promise<Node>): Promise<Node> {
  const taken: Node = { ...node };
  if (node.case_checks !== undefined) {
    taken.case_checks = [];
    for (const [index, check] of node.case_checks.entries()) {
      const when_expr = await visit(check.when_expr, { name: "when_expr", index }, taken);
      taken.case_checks[index] = { ...check, when_expr };
      const then_expr = await visit(check.then_expr, { name: "then_expr", index }, taken);
      taken.case_checks[index] = { when_expr, then_expr };
    }
  }
  for (const name of [...lists, ...singles]) {
    const value = node[name];
    if (Array.isArray(value)) {
      const parts: Node[] = [];
      taken[name] = parts;
      for (const [index, part] of (value as Node[]).entries()) parts.push(await visit(part, { name, index }, taken));
    } else if (isNode(value)) taken[name] = await visit(value, { name, index: 0 }, taken);
  }
  return taken;
}

function isNode(value: unknown): value is Node {
  return typeof value === "object" && value !== null && typeof (value as Node).class === "string";
}

/** Parts of a value, `split_name(buyer).first`, questions about one, and what the engine computes as a whole. */
const takingAll: ReadonlySet<string | undefined> = new Set([
  ...["CONJUNCTION_AND", "CONJUNCTION_OR", "COMPARE_IN", "COMPARE_NOT_IN"],
  ...["STRUCT_EXTRACT", "ARRAY_EXTRACT"],
  ...["OPERATOR_NOT", "OPERATOR_IS_NULL", "OPERATOR_IS_NOT_NULL"],
]);
/** For which rows a part of a node is computed. `before`: the node with its parts before that one as they are taken. */
function computedAt(computed: Computed, before: Node, isOwn: boolean, place: Place): Computed {
  if (computed === "perhaps") return computed;
  const guard = guardOf(before, place);
  if (guard !== undefined) return [...computed, guard];
  return isComputed(before, isOwn, place) ? computed : "perhaps";
}

/** Whether a part is computed for every row for which the node is. */
function isComputed(node: Node, isOwn: boolean, { name, index }: Place): boolean {
  if (node.class === "CAST" || node.class === "COMPARISON") return true;
  if (node.class === "CASE") return name === "when_expr" && index === 0;
  if (node.class === "BETWEEN") return true;
  if (takingAll.has(node.type)) return true;
  // Of an aggregate: which rows it is of.
  if (name === "filter") return true;
  if (isNode(node["filter"])) return false;
  // Whatever else a function of ours takes, it may not look at for each row.
  return (index === 0 && node.type === "OPERATOR_COALESCE") || (isPlainCall(node) && (!isOwn || index === 0));
}

function columnOf(name: string, alias = ""): Node {
  return { class: "COLUMN_REF", type: "COLUMN_REF", alias, query_location: 0, column_names: [name] };
}
