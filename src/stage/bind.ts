// Asks the engine what it makes of an expression, without reading a row.

import { identifier, literal } from "../core/sql.ts";
import { type Engine, EngineError } from "./engine.ts";

/** The syntax tree of a statement, as JSON. */
export async function serialize(engine: Engine, statement: string): Promise<string> {
  const row = await engine.one(`SELECT json_serialize_sql(${literal(statement)}) AS tree`);
  return String(row["tree"]);
}

/** The expression of a statement's syntax tree, as SQL again. */
export async function deserialize(engine: Engine, tree: string): Promise<string> {
  const row = await engine.one(`SELECT json_deserialize_sql(${literal(tree)}) AS statement`);
  return String(row["statement"]).replace(/^SELECT /, "");
}

/** Values by column name as columns, those of parents (`Account.Name`) as fields of a struct: `<sql> AS <name>`. */
export function nestColumns(values: readonly (readonly [name: string, sql: string])[]): string[] {
  return [...group(values)].map(([name, sql]) => `${sql} AS ${identifier(name)}`);
}

function group(values: readonly (readonly [name: string, sql: string])[]): Map<string, string> {
  const nested = new Map<string, [string, string][]>();
  const plain = new Map<string, string>();
  for (const [name, sql] of values) {
    const [first = "", ...rest] = name.split(".");
    if (rest.length === 0) plain.set(name, sql);
    else nested.set(first, [...(nested.get(first) ?? []), [rest.join("."), sql]]);
  }
  for (const [name, inner] of nested) {
    const fields = [...group(inner)].map(([field, sql]) => `${identifier(field)} := ${sql}`);
    plain.set(name, `struct_pack(${fields.join(", ")})`);
  }
  return plain;
}

/** The DuckDB type of an expression over columns of given types, or the engine's complaint. `nested`: by `nestColumns`. */
export async function bindType(
  engine: Engine,
  sql: string,
  columns: ReadonlyMap<string, string>,
  { nested }: { nested: boolean },
): Promise<{ type: string } | BindingProblem> {
  const nulls = [...columns].map(([name, type]): [string, string] => [name, `CAST(NULL AS ${type})`]);
  const list = nested ? nestColumns(nulls) : nulls.map(([name, sql]) => `${sql} AS ${identifier(name)}`);
  try {
    const row = await engine.one(`DESCRIBE SELECT (${sql}\n) AS value FROM (SELECT ${list.join(", ") || "1"})`);
    return { type: String(row["column_type"]) };
  } catch (error) {
    if (!(error instanceof EngineError)) throw error;
    return explainBinding(engine, error.said.split("\n")[0] ?? error.said);
  }
}

export interface BindingProblem {
  complaint: string;
  /** The function that it is about. */
  function?: string;
  next?: string;
}

/** The engine names a function and the types that it is given; what it takes is asked of its own list. */
async function explainBinding(engine: Engine, said: string): Promise<BindingProblem> {
  const complaint = said.replace(/^\w+ Error: /, "");
  const [, macro, name = macro, given] =
    /^Macro (\w+)\(|(?:argument types '|function call ")([^\s('"]+)\((.*?)\)['"]/.exec(complaint) ?? [];
  if (name === undefined) return { complaint };
  const types = (given ?? "")
    .replaceAll(/\b(VARCHAR|STRING_LITERAL)\b/g, "text")
    .replaceAll("INTEGER_LITERAL", "number");
  if (!/^\w+$/.test(name)) {
    const next =
      name === "+" ? "texts are joined by ||; a text becomes a number by CAST(… AS DECIMAL(18, 2))" : undefined;
    return {
      complaint: `${name} can't be used between ${types.replace(", ", " and ")}`,
      ...(next === undefined ? {} : { next }),
    };
  }
  const rows = await engine.all(`SELECT DISTINCT array_to_string(parameters, ', ') AS names, varargs
    FROM duckdb_functions() WHERE lower(function_name) = lower(${literal(name)}) ORDER BY length(names) LIMIT 4`);
  const written = rows.map(({ names, varargs }) => `${name}(${String(names)}${varargs === null ? "" : ", …"})`);
  const count = given === undefined ? undefined : given === "" ? 0 : given.split(", ").length;
  const isOfCount = rows.some(({ names, varargs }) => varargs !== null || String(names).split(", ").length === count);
  return {
    complaint: isOfCount ? `${name} can't be given ${types}` : `${name} is given too few or too many arguments`,
    function: name,
    ...(written.length === 0 ? {} : { next: `write ${written.join(" or ")}` }),
  };
}
