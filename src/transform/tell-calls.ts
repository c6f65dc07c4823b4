// What a failing expression is told by: the functions of ours that it calls. In: its text, or its syntax tree. Out: what they
// take, and the same calls asking why they refuse.

import { sourceColumn } from "../core/columns.ts";
import { blankQuotes } from "./explain-syntax.ts";
import { findOwnFunction, ownFunctions } from "./functions.ts";
import { expressionOf, statementOf } from "./syntax-tree.ts";

interface Node {
  class?: string;
  function_name?: string;
  [key: string]: unknown;
}

/** `parse_decimal takes a number …`; undefined where it calls none that refuses anything. */
export function tellTakes(sql: string): string | undefined {
  const bare = blankQuotes(sql);
  const called = ownFunctions.filter(
    ({ name, operator }) => callsFunction(sql, name) || (operator !== undefined && bare.includes(operator)),
  );
  const told = called.flatMap(({ name, takes }) => (takes === undefined ? [] : [`${name} takes ${takes}`]));
  return told.length === 0 ? undefined : told.join("; ").replaceAll("`", "");
}

/** Whether it calls the function, which is ours. */
export function callsFunction(sql: string, name: string): boolean {
  return new RegExp(`\\b${name}\\s*\\(`).test(blankQuotes(sql).toLowerCase());
}

/**
 * Its calls of functions that say why they refuse a text (`defineReasons`), as statements (JSON) that ask it. `nested`:
 * calls inside others, which were tried (core/nested-rows.ts).
 */
export function askRefusals(json: string, explained: readonly string[], nested: ReadonlySet<string>): string[] {
  const known = explained.flatMap((name) => findOwnFunction(name) ?? []);
  const names = new Map(known.flatMap(({ name, operator = name }) => [name, operator].map((by) => [by, name])));
  const calls: Node[] = [];
  const visit = (value: unknown): void => {
    if (value === null || typeof value !== "object") return;
    const node = value as Node;
    // Inside a lambda its values are not known outside of it.
    if (node.class === "LAMBDA") return;
    if (node.class === "FUNCTION" && names.has((node.function_name ?? "").toLowerCase())) calls.push(node);
    for (const child of Object.values(node)) visit(child);
  };
  visit(expressionOf<Node>(json));
  return calls.map((call) => {
    const { schema, children } = call as { schema?: string; children?: unknown[] };
    const isChained = !["", "main", undefined].includes(schema);
    const given = isChained ? [columnOf([schema ?? ""]), ...(children ?? [])] : children;
    const asked = {
      ...call,
      schema: "",
      children: given,
      function_name: `${prefix}${names.get(call.function_name?.toLowerCase() ?? "")}`,
      is_operator: false,
    };
    return statementOf(json, nameSources(asked, nested));
  });
}

const prefix = "why_";

/** Statements that define the macros of reasons. */
export function defineReasons(reasons: Readonly<Record<string, string>>): string[] {
  return Object.entries(reasons).map(([name, macro]) => `CREATE OR REPLACE MACRO ${prefix}${name}${macro}`);
}

/** Columns of the source under the names that they have beside mapped fields, and what was tried as its value. */
function nameSources(value: unknown, nested: ReadonlySet<string>): unknown {
  if (Array.isArray(value)) return value.map((one) => nameSources(one, nested));
  if (value === null || typeof value !== "object") return value;
  const node = value as Node;
  if (node.class === "COLUMN_REF") {
    const names = node["column_names"] as string[];
    return columnOf(nested.has(names[0] ?? "") ? [...names, "v"] : [sourceColumn(names.join("."))]);
  }
  return Object.fromEntries(Object.entries(node).map(([key, child]) => [key, nameSources(child, nested)]));
}

function columnOf(names: string[]): Node {
  return { class: "COLUMN_REF", type: "COLUMN_REF", alias: "", query_location: 0, column_names: names };
}
