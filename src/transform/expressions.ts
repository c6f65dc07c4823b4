// Reading the expressions of a job: what columns an expression uses and whether it may run at all.
// In: SQL text and its syntax tree as DuckDB serialises it (stage/ asks for it). Out: a checked expression or a Failure.
// What must hold: an expression is one scalar over the source's columns. Subqueries, windows, aggregates, parameters and
// functions off the allow-list never reach the engine, so that the same input always gives the same rows.

import { suggest } from "../core/suggest.ts";
import { coalesceInTry, isCoalesceInTry } from "./coalesce-in-try.ts";
import { explainSyntax } from "./explain-syntax.ts";
import { allowedFunctions, findOwnFunction } from "./functions.ts";
import { findLostNumbers } from "./lost-numbers.ts";
import { findCallProblems, type OwnFunction, tellSignature, type Written } from "./own-function.ts";
import { readColumnAlone } from "./quoted-names.ts";
import { expressionOf, quoteInfinities } from "./syntax-tree.ts";

/** The statement whose tree is asked for; positions in the tree count from its start. */
export function parseStatement(sql: string): string {
  return `${prefix}${sql}\n)`;
}

const prefix = "SELECT (";

export interface ExpressionProblem {
  message: string;
  /** Characters from the start of the expression. */
  offset?: number;
  /** Characters that are wrong. */
  length?: number;
  /** What to write. */
  next?: string;
}

export interface ColumnUse {
  /** One name, or the relations to a parent's field and its name: `Account.Owner.Name`. */
  path: string[];
  offset: number;
}

export interface ParsedExpression {
  columns: ColumnUse[];
  /** Whether it is nothing but one column. */
  isColumn?: true;
  /** What is written as arguments of functions that are computed in JavaScript: they are asked whether they take it. */
  constants?: WrittenArgument[];
  problems: ExpressionProblem[];
}

export interface WrittenArgument {
  own: OwnFunction;
  /** From 0. */
  argument: number;
  text: string;
  offset?: number;
}

export interface TextConstant {
  text: string;
  /** Characters from the start of the expression. */
  offset: number;
}

interface Node {
  class?: string;
  type?: string;
  query_location?: number;
  function_name?: string;
  schema?: string;
  catalog?: string;
  is_operator?: boolean;
  column_names?: string[];
  [key: string]: unknown;
}

/** An expression that is nothing but the name of a column; undefined where its tree must be asked for. */
export function inspectColumn(sql: string): ParsedExpression | undefined {
  const column = readColumnAlone(sql);
  if (column === undefined || timeWords.has(column.toLowerCase())) return undefined;
  return { columns: [{ path: [column], offset: 0 }], isColumn: true, problems: [] };
}

/** Reads the JSON of `json_serialize_sql(parseStatement(sql))`. */
export function inspectExpression(json: string, sql: string): ParsedExpression {
  const tree = JSON.parse(quoteInfinities(json)) as {
    error: boolean;
    error_message?: string;
    position?: string;
    statements?: { node: Node & { select_list: Node[]; from_table: Node } }[];
  };
  if (tree.error) return { columns: [], problems: [syntaxProblem(sql, tree.error_message, tree.position)] };
  const [statement, ...others] = tree.statements ?? [];
  const [expression, ...rest] = statement?.node.select_list ?? [];
  if (statement === undefined || expression === undefined || others.length > 0 || rest.length > 0) {
    return { columns: [], problems: [{ message: "one expression is wanted here, this is more than one" }] };
  }
  if (statement.node.from_table.type !== "EMPTY") {
    return { columns: [], problems: [{ message: "an expression is wanted here, not a query" }] };
  }
  const found: ParsedExpression = { columns: [], problems: [] };
  walk(expression, new Set(), found);
  found.problems.push(...findLostNumbers(expression, (location) => sql.slice(location - prefix.length), offsetOf));
  const isColumn = expression.class === "COLUMN_REF" && found.columns.length === 1;
  return isColumn ? { ...found, isColumn } : found;
}

/** Texts that an expression may give as they stand: itself, a branch of CASE, what COALESCE falls back to. */
export function findConstants(json: string): TextConstant[] {
  const expression = expressionOf<Node>(json);
  return expression === undefined ? [] : constantsOf(expression);
}

function constantsOf(node: Node): TextConstant[] {
  if (node.class === "CONSTANT") {
    const { type, is_null, value } = node["value"] as { type: { id: string }; is_null: boolean; value?: unknown };
    const isText = type.id === "VARCHAR" && !is_null;
    return isText ? [{ text: String(value), offset: offsetOf(node).offset ?? 0 }] : [];
  }
  if (node.class === "CASE") {
    const checks = node["case_checks"] as { then_expr: Node }[];
    return [...checks.map(({ then_expr }) => then_expr), node["else_expr"] as Node].flatMap(constantsOf);
  }
  if (node.type === "OPERATOR_COALESCE") return (node["children"] as Node[]).flatMap(constantsOf);
  return [];
}

function syntaxProblem(sql: string, message = "syntax error", position?: string): ExpressionProblem {
  const offset = position === undefined ? undefined : Math.max(0, Number(position) - prefix.length);
  return explainSyntax(sql, message, offset);
}

/** `owner`: the node that it is a part of. */
function walk(value: unknown, bound: ReadonlySet<string>, found: ParsedExpression, owner?: Node): void {
  if (Array.isArray(value)) {
    for (const item of value) walk(item, bound, found, owner);
    return;
  }
  if (value === null || typeof value !== "object") return;
  const node = value as Node;
  if (isCoalesceInTry(node)) found.problems.push(coalesceInTry);
  let inner = bound;
  if (node.class === "COLUMN_REF") noteColumn(node, bound, found);
  else if (node.class === "FUNCTION") noteFunction(node, bound, found);
  else if (isJsonArrow(node, owner)) {
    found.problems.push({ message: "-> can't be used in a job", length: 2, next: ofJsonArrow, ...offsetOf(node) });
    return;
  } else if (node.class === "LAMBDA") inner = new Set([...bound, ...lambdaNames(node["lhs"])]);
  else if (node.class !== undefined && refused[node.class] !== undefined) {
    found.problems.push({ message: `${refused[node.class]} can't be used in a job`, ...offsetOf(node) });
    return;
  }
  for (const [key, child] of Object.entries(node)) {
    if (node.class === "LAMBDA" && key === "lhs") continue;
    walk(child, inner, found, node);
  }
}

/** `n -> '$.a'`: for the engine a lambda, whose parameter is n; but only functions of lists take one. */
function isJsonArrow(node: Node, owner?: Node): boolean {
  if (node.class !== "LAMBDA" || owner?.function_name?.startsWith("list_") === true) return false;
  // The parameter of one that is written `lambda n: …` has no place.
  return Number.isSafeInteger((node["lhs"] as Node).query_location);
}

const ofJsonArrow = "of JSON write json ->> path, or json_extract(json, path)";

const refused: Record<string, string> = {
  SUBQUERY: "a subquery",
  WINDOW: "a window function",
  STAR: "*",
  PARAMETER: "a parameter",
};

function lambdaNames(lhs: unknown): string[] {
  if (Array.isArray(lhs)) return lhs.flatMap(lambdaNames);
  if (lhs === null || typeof lhs !== "object") return [];
  const node = lhs as Node;
  if (node.class === "COLUMN_REF") return node.column_names ?? [];
  return Object.values(node).flatMap(lambdaNames);
}

function noteColumn(node: Node, bound: ReadonlySet<string>, found: ParsedExpression): void {
  const names = node.column_names ?? [];
  const [column] = names;
  if (column === undefined || bound.has(column)) return;
  if (names.length === 1 && timeWords.has(column.toLowerCase())) return;
  found.columns.push({ path: names, offset: offsetOf(node).offset ?? 0 });
}

/** Words that DuckDB reads as functions where no column has that name. */
const timeWords = new Set(["current_date", "current_timestamp"]);

/** Operators that mean something else in SQL, or nothing. */
const ofOtherLanguages: Readonly<Record<string, string>> = {
  "&&": "AND",
  "!": "NOT",
  "===": "=",
  "!==": "<>",
  "`": '"',
};

/** `Email.trim()` parses as the function trim of the schema "Email": the schema is the column. */
function noteFunction(node: Node, bound: ReadonlySet<string>, found: ParsedExpression): void {
  const { catalog = "", schema = "" } = node;
  const name = (node.function_name ?? "").toLowerCase();
  if (catalog !== "") {
    const message = `methods don't chain to a parent's field: write ${name}(${catalog}.${schema})`;
    found.problems.push({ message, ...offsetOf(node) });
    return;
  }
  if (schema !== "" && schema !== "main" && !bound.has(schema)) {
    found.columns.push({ path: [schema], offset: offsetOf(node).offset ?? 0 });
  }
  const foreign = name.replace(/__postfix$/, "");
  const sqlWord = ofOtherLanguages[foreign];
  if (sqlWord !== undefined && schema === "") {
    const message = `${foreign} is not ${sqlWord} in SQL`;
    // A quote stands on both sides.
    if (found.problems.some((problem) => problem.message === message)) return;
    found.problems.push({ message, length: foreign.length, next: `write ${sqlWord}`, ...offsetOf(node) });
    return;
  }
  if (node.is_operator === true) {
    if (!name.endsWith("__postfix")) return;
    const message = `something is missing behind ${name.slice(0, -"__postfix".length)}`;
    found.problems.push({ message, ...offsetOf(node) });
    return;
  }
  const own = findOwnFunction(name);
  if (own !== undefined) noteCall(node, own, found);
  if (allowedFunctions.has(name)) return;
  const candidate = suggest(name, [...allowedFunctions]);
  const message = `the function ${name} can't be used in a job${candidate === undefined ? "" : `; did you mean ${candidate}?`}`;
  const next = "loadline help functions lists those that can: the same row gives the same result each time";
  const unknown = candidate === undefined ? { next } : {};
  found.problems.push({ message, length: name.length, ...unknown, ...offsetOf(node) });
}

/** A locale or a format that can't be read would make every row a reject, or make it something else. */
function noteCall(node: Node, own: OwnFunction, found: ParsedExpression): void {
  const children = (node["children"] as Node[] | undefined) ?? [];
  // `revenue.parse_decimal('de')`: what it is called on is its first argument.
  const called: (Node | undefined)[] = ["", "main"].includes(node.schema ?? "") ? children : [undefined, ...children];
  for (const { message, argument } of findCallProblems(own, called.map(writtenOf))) {
    const wrong = called[argument ?? -1];
    const place = wrong === undefined ? { length: own.name.length, ...offsetOf(node) } : offsetOf(wrong);
    found.problems.push({ message, next: tellSignature(own), ...place });
  }
  if (!("load" in own)) return;
  for (const [argument, one] of called.entries()) {
    const written = writtenOf(one);
    if (argument === 0 || one === undefined || written.kind !== "text") continue;
    found.constants = [...(found.constants ?? []), { own, argument, text: written.text, ...offsetOf(one) }];
  }
}

function writtenOf(node: Node | undefined): Written {
  if (node?.class === "FUNCTION" && node.function_name === "list_value") {
    return { kind: "list", items: ((node["children"] as Node[] | undefined) ?? []).map(writtenOf) };
  }
  if (node?.class !== "CONSTANT") return { kind: "computed" };
  const [constant] = constantsOf(node);
  if (constant !== undefined) return { kind: "text", text: constant.text };
  const { value = null, type } = node["value"] as { value?: unknown; type: { type_info?: { scale?: number } | null } };
  // 2.7 is 27 of one decimal there.
  const scale = type.type_info?.scale ?? 0;
  return { kind: "constant", value: typeof value === "number" && scale > 0 ? value / 10 ** scale : value };
}

function offsetOf(node: Node): { offset?: number } {
  const location = node.query_location;
  if (location === undefined || location > Number.MAX_SAFE_INTEGER || location < prefix.length) return {};
  return { offset: location - prefix.length };
}
