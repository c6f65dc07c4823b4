// AND and OR from the left: what stands behind an operand is computed for those rows only for which it is still open. The
// engine does so below CASE and in a filter, but where a value is wanted it computes all operands for all rows, so that
// `kind = 'n' AND CAST(x AS INTEGER) > 5` failed for rows of another kind, and for which was a matter of where it stood.
// In: the syntax tree of an expression. Out: the same with a guard around each operand that may fail for a row. Must hold:
// the value is that of SQL, NULL too.

import { chooseAfter, part } from "./branches.ts";
import { isHarmless, type Node } from "./harmless.ts";

/** `types`: of columns, as far as they are known. The same object where there is nothing to guard. */
export function fromTheLeft(node: Node, types: ReadonlyMap<string, string>): Node {
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
    return guardOperands(visited as Node, types);
  };
  return visit(node) as Node;
}

function guardOperands(node: Node, types: ReadonlyMap<string, string>): Node {
  const { class: kind, type, children = [] } = node;
  if (kind !== "CONJUNCTION" || children.slice(1).every((one) => isSafe(one, types))) return node;
  const settled = (operand: Node) =>
    type === "CONJUNCTION_AND" ? part("OPERATOR", "OPERATOR_NOT", { children: [operand] }) : operand;
  const guarded: Node[] = [];
  for (const operand of children) {
    guarded.push(
      guarded.length === 0 || isSafe(operand, types) ? operand : chooseAfter(guarded.map(settled), [], operand),
    );
  }
  return { ...node, children: guarded };
}

const ofTexts: ReadonlySet<string> = new Set(["~~", "!~~", "~~*", "!~~*", "~~~"]);
const askingNull: ReadonlySet<string | undefined> = new Set(["OPERATOR_IS_NULL", "OPERATOR_IS_NOT_NULL"]);

/** A condition that certainly fails for no row. */
function isSafe(node: Node, types: ReadonlyMap<string, string>): boolean {
  const { class: kind, type, function_name: name = "", children = [] } = node;
  if (kind === "CONJUNCTION" || type === "OPERATOR_NOT") return children.every((one) => isSafe(one, types));
  if (kind === "COMPARISON") return areComparable([node["left"] as Node, node["right"] as Node], types);
  if (type === "COMPARE_IN" || type === "COMPARE_NOT_IN") return areComparable(children, types);
  if (askingNull.has(type)) return children.every(isHarmless);
  if (kind === "FUNCTION" && ofTexts.has(name)) return children.every(isHarmless);
  return kind === "COLUMN_REF" || kind === "CONSTANT";
}

/** Without a cast of one of them, row by row: a text is cast to the number that it is compared with. */
function areComparable(nodes: readonly Node[], types: ReadonlyMap<string, string>): boolean {
  if (!nodes.every(isHarmless)) return false;
  const kinds = new Set(nodes.filter((node) => !isText(node)).map((node) => typeOf(node, types)));
  return kinds.size === 0 || (kinds.size === 1 && !kinds.has(undefined));
}

function isText({ value }: Node): boolean {
  return (value as { type?: { id?: string } } | undefined)?.type?.id === "VARCHAR";
}

/** Numbers are one type here. */
function typeOf(node: Node, types: ReadonlyMap<string, string>): string | undefined {
  const id = (node["value"] as { type?: { id?: string } } | undefined)?.type?.id;
  const type =
    node.class === "COLUMN_REF" ? types.get((node["column_names"] as string[]).join(".")) : (id ?? "VARCHAR");
  return type === undefined
    ? undefined
    : type.replace(/^(U?(TINY|SMALL|BIG|HUGE)?INT(EGER)?|DECIMAL.*|FLOAT|DOUBLE)$/, "number");
}
