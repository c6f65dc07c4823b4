// Rows with the calls that expressions have inside others (transform/nested-calls.ts), and what is computed over them. It is the one
// door to them: whatever computes an expression of a job does so over these rows. In: a scan, expressions as they are
// computed. Out: SQL. What must hold: in a careful pass a call is a struct, NULL where it fails, and whatever uses it fails
// there too.

import { identifier, tried } from "./sql.ts";

/** An inner call, as a column of the rows that the expression is computed over. */
export interface NestedCall {
  /** One for all expressions that make the same call. */
  name: string;
  sql: string;
}

/** An expression as it is computed. */
export interface NestedCalls {
  /** In their order: a later one may use those before it. */
  calls: NestedCall[];
  /** The expression over the columns that it was written for and theirs. */
  sql: string;
}

/** A scan with the calls inside others, each a column. Those of a level stand above those that they use. */
export function withNestedCalls(scan: string, expressions: readonly NestedCalls[], careful: boolean): string {
  const calls = new Map(expressions.flatMap((one) => one.calls.map((call) => [call.name, call] as const)));
  const levels: string[][] = [];
  const known = new Map<string, number>();
  for (const call of calls.values()) {
    const used = [...known.keys()].filter((name) => call.sql.includes(identifier(name)));
    const level = Math.max(-1, ...used.map((name) => known.get(name) ?? 0)) + 1;
    known.set(call.name, level);
    const sql = careful ? tryOver(used, call.sql, (value) => `TRY(${value})`) : `(${call.sql})`;
    levels[level] = [...(levels[level] ?? []), `${sql} AS ${identifier(call.name)}`];
  }
  return levels.reduce((rows, columns) => `(SELECT *, ${columns.join(", ")} FROM ${rows})`, scan);
}

export function namesOf({ calls }: NestedCalls): string[] {
  return calls.map(({ name }) => name);
}

/** What is computed over calls that were tried: a struct, NULL where one of them failed. */
export function tryOver(names: readonly string[], sql: string, guard: (value: string) => string): string {
  return whereTried(names, guard(`struct_pack(v := (${overTried(names, sql)}\n))`), "");
}

/** Over calls that were tried: a value, NULL where it or one of them fails. */
export function triedOver(expression: NestedCalls): string {
  const names = namesOf(expression);
  return whereTried(names, tried(overTried(names, expression.sql)), "");
}

/** BOOLEAN, over calls that were tried: it or one of them fails. */
export function failsOver(expression: NestedCalls): string {
  const names = namesOf(expression);
  return whereTried(names, `TRY((${overTried(names, expression.sql)}\n) IS NULL) IS NULL`, " ELSE true");
}

export function overTried(names: readonly string[], sql: string): string {
  return names.reduce((text, name) => text.replaceAll(identifier(name), `${identifier(name)}.v`), sql);
}

function whereTried(names: readonly string[], value: string, otherwise: string): string {
  if (names.length === 0) return value;
  return `CASE WHEN ${names.map((name) => `${identifier(name)} IS NOT NULL`).join(" AND ")} THEN ${value}${otherwise} END`;
}
