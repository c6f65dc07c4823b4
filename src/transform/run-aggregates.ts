// A rule over the run: its aggregates, and what is asked of earlier runs. In: the syntax tree of its expression. Out: the
// aggregates, and the expression with a column in the place of each. What must hold: an aggregate gives the same for the
// same rows in whatever order they come; a field outside of an aggregate is refused, for it would be of no row.

import { type ColumnUse, type ExpressionProblem, inspectExpression, type WrittenArgument } from "./expressions.ts";
import { expressionOf, placedStatementOf } from "./syntax-tree.ts";

/** Those that do not depend on the order of rows; sums and means of floating-point numbers are refused once types are known. */
const aggregateNames: ReadonlySet<string> = new Set(
  "count count_star count_if sum min max avg mean median quantile_cont quantile_disc bool_and bool_or".split(" "),
);

const shownNames = [...aggregateNames].filter((name) => name !== "count_star").join(", ");

const signatures = new Map([
  ["previous", "previous(<aggregate>): its value in the last settled run"],
  [
    "previous_median",
    "previous_median(<aggregate> [, runs]): the median of its values in so many settled runs, 10 without a number",
  ],
]);

const runsUsual = 10;
const runsMax = 1000;

interface Node {
  class?: string;
  function_name?: string;
  schema?: string;
  catalog?: string;
  query_location?: number;
  is_operator?: boolean;
  children?: Node[];
  filter?: Node | null;
  column_names?: string[];
  [key: string]: unknown;
}

/** What an expression over the run computes with. */
export interface RunValue {
  /** The column that stands for it. */
  column: string;
  /** The function's name, in small letters. */
  name: string;
  /** The tree of the aggregate. */
  tree: unknown;
  fields: ColumnUse[];
  /** The trees of its arguments. */
  arguments: unknown[];
  /** Asked of earlier runs: of the last one, or the median of so many. */
  earlier?: { median?: number };
  /** Characters from the start of the expression. */
  offset: number;
}

export interface RunExpression {
  values: RunValue[];
  /** The tree of the expression over the columns of the values. */
  tree: unknown;
  problems: ExpressionProblem[];
  /** Of the calls around and within its aggregates. */
  constants: WrittenArgument[];
}

/** Reads the JSON of `json_serialize_sql(parseStatement(sql))`. */
export function readRunExpression(json: string, sql: string): RunExpression {
  const expression = expressionOf<Node>(json);
  const reading: Reading = { json, sql, values: [], problems: [], constants: [] };
  if (expression === undefined) return { ...reading, tree: undefined, problems: inspectExpression(json, sql).problems };
  const tree = replaceValues(expression, reading);
  const { values, problems, constants } = reading;
  const around = inspectExpression(placedStatementOf(json, tree), sql);
  problems.push(...around.problems);
  constants.push(...(around.constants ?? []));
  const columns = new Set(values.map(({ column }) => column));
  const bare = around.columns.filter(({ path }) => !columns.has(path[0] ?? ""));
  if (problems.length === 0) problems.push(...bare.map(refuseBare));
  if (problems.length === 0 && values.length === 0) {
    problems.push({
      message: "with `over: run` an expression is over aggregates of all rows, and here is none",
      next: `count(*) > 100, say; aggregates are: ${shownNames}`,
    });
  }
  return { values, tree, problems, constants };
}

interface Reading extends Pick<RunExpression, "values" | "problems" | "constants"> {
  json: string;
  sql: string;
}

function refuseBare({ path, offset }: ColumnUse): ExpressionProblem {
  const name = path.join(".");
  return {
    message: `"${name}" stands outside of an aggregate: with \`over: run\` it would be the value of no row`,
    offset,
    length: name.length,
    next: `write an aggregate of it, min(${name}), say; they are: ${shownNames}`,
  };
}

function replaceValues(value: unknown, reading: Reading): unknown {
  if (Array.isArray(value)) return value.map((item) => replaceValues(item, reading));
  if (value === null || typeof value !== "object") return value;
  const node = value as Node;
  const name = nameOf(node);
  if (name !== undefined && aggregateNames.has(name)) return replaceAggregate(node, node, {}, reading);
  if (name !== undefined && signatures.has(name)) return replaceEarlier(node, name, reading);
  return mapChildren(node, (child) => replaceValues(child, reading));
}

/** A number that JavaScript does not hold is an object without entries, and stays what it is. */
function mapChildren(node: Node, change: (child: unknown) => unknown): unknown {
  const entries = Object.entries(node);
  if (Object.getPrototypeOf(node) === null) return node;
  return Object.fromEntries(entries.map(([key, child]) => [key, change(child)]));
}

/** Of a function that is called by its name. */
function nameOf({ class: kind, function_name: name = "", is_operator: isOperator }: Node): string | undefined {
  return kind === "FUNCTION" && isOperator !== true ? name.toLowerCase() : undefined;
}

function offsetOf(node: Node, { json, sql }: Reading): number {
  // The column that stands there tells its place in the text.
  return inspectExpression(placedStatementOf(json, columnAt(node, "_")), sql).columns[0]?.offset ?? 0;
}

function replaceEarlier(node: Node, name: string, reading: Reading): unknown {
  const [aggregate, runs, ...others] = node.children ?? [];
  const count = name === "previous_median" ? runsOf(runs) : runs === undefined ? 0 : undefined;
  const isPlain = (node.schema ?? "") === "" && node.filter === null && node["distinct"] !== true;
  const isOne = aggregate !== undefined && aggregateNames.has(nameOf(aggregate) ?? "");
  if (aggregate === undefined || !isOne || !isPlain || count === undefined || others.length > 0) {
    const what = isOne ? "can't be called so" : "takes one aggregate";
    reading.problems.push({
      message: `${name} ${what}`,
      offset: offsetOf(node, reading),
      length: name.length,
      next: `write ${signatures.get(name)}; aggregates are: ${shownNames}`,
    });
    return columnAt(node, "_refused_");
  }
  const earlier = name === "previous" ? {} : { median: count };
  return replaceAggregate(aggregate, node, { earlier }, reading);
}

function runsOf(node: Node | undefined): number | undefined {
  if (node === undefined) return runsUsual;
  const { value } = (node["value"] ?? {}) as { value?: unknown };
  const isCount = node.class === "CONSTANT" && Number.isInteger(value) && Number(value) >= 1;
  const { type } = (node["value"] ?? {}) as { type?: { id: string } };
  return isCount && type?.id === "INTEGER" && Number(value) <= runsMax ? Number(value) : undefined;
}

function replaceAggregate(node: Node, call: Node, asked: Pick<RunValue, "earlier">, reading: Reading): unknown {
  const { json, sql, values, problems, constants } = reading;
  const name = nameOf(node) ?? "";
  const offset = offsetOf(node, reading);
  const schema = node.schema ?? "";
  if (schema !== "" && schema !== "main") {
    problems.push({ message: `an aggregate is no method: write ${name}(${schema})`, offset: offsetOf(call, reading) });
  }
  const children = node.children ?? [];
  const ordered = ((node["order_bys"] as { orders?: { expression: Node }[] }).orders ?? []).map(
    (one) => one.expression,
  );
  const parts = [...children, ...(node.filter === null || node.filter === undefined ? [] : [node.filter]), ...ordered];
  const fields: ColumnUse[] = [];
  for (const part of parts) {
    const nested = findCall(part);
    if (nested !== undefined) {
      const inner = shownName(nameOf(nested));
      problems.push({
        message: `${inner} can't stand within ${shownName(name)}: an aggregate is over rows`,
        offset: offsetOf(nested, reading),
        length: inner.length,
      });
      continue;
    }
    const inspected = inspectExpression(placedStatementOf(json, part), sql);
    problems.push(...inspected.problems);
    constants.push(...(inspected.constants ?? []));
    fields.push(...inspected.columns);
  }
  const column = `_value_${values.length}_`;
  values.push({ column, name, tree: node, fields, arguments: children, offset, ...asked });
  return columnAt(call, column);
}

/** A column in the place of what is written there. */
function columnAt({ query_location: place }: Node, name: string): Node {
  return { class: "COLUMN_REF", type: "COLUMN_REF", alias: "", query_location: place ?? 0, column_names: [name] };
}

function shownName(name = ""): string {
  return name.replace(/_star$/, "");
}

function findCall(value: unknown): Node | undefined {
  if (value === null || typeof value !== "object") return undefined;
  if (!Array.isArray(value)) {
    const name = nameOf(value as Node);
    if (name !== undefined && (aggregateNames.has(name) || signatures.has(name))) return value as Node;
  }
  for (const child of Object.values(value)) {
    const found = findCall(child);
    if (found !== undefined) return found;
  }
  return undefined;
}

/** A tree with its columns under the names that fields have. */
export function nameFields(value: unknown, names: ReadonlyMap<string, string>): unknown {
  if (Array.isArray(value)) return value.map((item) => nameFields(item, names));
  if (value === null || typeof value !== "object") return value;
  const node = value as Node;
  const [column, ...others] = node.class === "COLUMN_REF" ? (node.column_names ?? []) : [];
  const name = others.length === 0 ? names.get(column ?? "") : undefined;
  if (name !== undefined) return { ...node, column_names: [name] };
  return mapChildren(node, (child) => nameFields(child, names));
}
