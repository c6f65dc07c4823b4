// AND and OR from the left: what stands behind an operand is computed for those rows only for which it is still open. The
// engine does so below CASE and in a filter, but where a value is wanted it computes all operands for all rows, so that
// `kind = 'n' AND CAST(x AS INTEGER) > 5` failed for rows of another kind, and for which was a matter of where it stood.
// In: the syntax tree of an expression. Out: the same with a guard around what stands behind an operand from which on one may
// fail for a row. Must hold: the value is that of SQL, NULL too; an operand stands in it twice at most, however many there are.

import { chooseAfter, part } from "./branches.ts";
import { isHarmless, type Node } from "./harmless.ts";

export interface Guarded {
  /** The same object where there is nothing to guard. */
  node: Node;
  /** Operands that stand in it twice, for the same rows both times: as what they are, and in the guard of those behind them. */
  twice: ReadonlySet<Node>;
}

/** `types`: of columns, as far as they are known. */
export function fromTheLeft(node: Node, types: ReadonlyMap<string, string>): Guarded {
  const twice = new Set<Node>();
  const visit = (value: unknown): unknown => {
    if (Array.isArray(value)) {
      const items = value.map(visit);
      return items.some((item, index) => item !== value[index]) ? items : value;
    }
    // A number that JavaScript does not hold is an object without a prototype.
    if (value === null || typeof value !== "object" || Object.getPrototypeOf(value) === null) return value;
    const entries = Object.entries(value).map(([key, child]) => [key, visit(child), child] as const);
    const isSame = entries.every(([, visited, child]) => visited === child);
    const visited = isSame ? (value as Node) : Object.fromEntries(entries.map(([key, one]) => [key, one]));
    return guardOperands(visited as Node, types, twice);
  };
  return { node: visit(node) as Node, twice };
}

/** `a AND CASE WHEN NOT a THEN NULL ELSE b AND … END`: an operand, with those behind it that fail for no row, guards the rest. */
function guardOperands(node: Node, types: ReadonlyMap<string, string>, twice: Set<Node>): Node {
  const { class: kind, type, children = [] } = node;
  if (kind !== "CONJUNCTION" || children.slice(1).every((one) => isSafe(one, types))) return node;
  const settled = (operand: Node) =>
    type === "CONJUNCTION_AND" ? part("OPERATOR", "OPERATOR_NOT", { children: [operand] }) : operand;
  const groups: Node[][] = [];
  for (const operand of children) {
    if (groups.length > 0 && isSafe(operand, types)) groups.at(-1)?.push(operand);
    else groups.push([operand]);
  }
  const join = (operands: Node[]): Node =>
    operands.length === 1 && operands[0] !== undefined ? operands[0] : { ...node, alias: "", children: operands };
  const last = join(groups.pop() ?? []);
  const guarded = groups.reduceRight((rest, group) => {
    for (const operand of group) twice.add(operand);
    return join([...group, chooseAfter(group.map(settled), [], rest)]);
  }, last);
  // In a struct the alias is the name of a field.
  return { ...guarded, alias: node.alias ?? "" };
}

const ofTexts: ReadonlySet<string> = new Set(["~~", "!~~", "~~*", "!~~*", "~~~"]);
const askingNull: ReadonlySet<string | undefined> = new Set(["OPERATOR_IS_NULL", "OPERATOR_IS_NOT_NULL"]);

/** A condition that certainly fails for no row. */
export function isSafe(node: Node, types: ReadonlyMap<string, string>): boolean {
  const { class: kind, type, function_name: name = "", children = [] } = node;
  if (kind === "CONJUNCTION" || type === "OPERATOR_NOT") return children.every((one) => isSafe(one, types));
  if (kind === "COMPARISON") return areComparable([node["left"] as Node, node["right"] as Node], types);
  if (type === "COMPARE_IN" || type === "COMPARE_NOT_IN") return areComparable(children, types);
  if (askingNull.has(type)) return children.every(isHarmless);
  if (kind === "FUNCTION" && ofTexts.has(name)) return children.every(isHarmless);
  // Whatever else stands as an operand is cast, row by row.
  return (kind === "COLUMN_REF" && typeOf(node, types) === "BOOLEAN") || (kind === "CONSTANT" && !isText(node));
}

/** Without a cast of one of them that may fail for a row: a text is cast to the number that it is compared with. */
function areComparable(nodes: readonly Node[], types: ReadonlyMap<string, string>): boolean {
  if (!nodes.every(isHarmless)) return false;
  const told = nodes.filter((node) => !isText(node)).map((node) => typeOf(node, types));
  const known = new Set(told.filter((type) => type !== undefined));
  return !told.includes(undefined) && (known.size <= 1 || haveCommonNumber([...known]));
}

function isText({ value }: Node): boolean {
  return (value as { type?: { id?: string } } | undefined)?.type?.id === "VARCHAR";
}

interface ConstantType {
  id?: string;
  type_info?: { width?: number; scale?: number } | null;
}

function typeOf(node: Node, types: ReadonlyMap<string, string>): string | undefined {
  if (node.class === "COLUMN_REF") return types.get((node["column_names"] as string[]).join("."));
  const { id, type_info: info } = (node["value"] as { type?: ConstantType } | undefined)?.type ?? {};
  return id === "DECIMAL" ? `DECIMAL(${info?.width},${info?.scale})` : (id ?? "VARCHAR");
}

/** Digits before the point that values of a type have at most. */
const wholeDigits: Readonly<Record<string, number>> = {
  ...{ TINYINT: 3, UTINYINT: 3, SMALLINT: 5, USMALLINT: 5, INTEGER: 10, UINTEGER: 10, BIGINT: 19, UBIGINT: 20 },
  HUGEINT: 39,
};

/** Whether the type that the engine casts them to has room for all of their values: one of decimals has 38 digits. */
function haveCommonNumber(types: readonly string[]): boolean {
  const exact = types.filter((type) => type !== "FLOAT" && type !== "DOUBLE");
  const digits = exact.map((type) => {
    const [, width, scale] = /^DECIMAL\((\d+), *(\d+)\)$/.exec(type) ?? [];
    if (width === undefined) return { whole: wholeDigits[type], scale: undefined };
    return { whole: Number(width) - Number(scale), scale: Number(scale) };
  });
  if (digits.some(({ whole }) => whole === undefined)) return false;
  if (exact.length < types.length || digits.every(({ scale }) => scale === undefined)) return true;
  return Math.max(...digits.map(({ whole = 0 }) => whole)) + Math.max(...digits.map(({ scale = 0 }) => scale)) <= 38;
}
