// Asks the engine what it makes of an expression, without reading a row.

import { identifier, literal } from "../core/sql.ts";
import { type Engine, EngineError } from "./engine.ts";

/** The syntax tree of a statement, as JSON. */
export async function serialize(engine: Engine, statement: string): Promise<string> {
  const row = await engine.one(`SELECT json_serialize_sql(${literal(statement)}) AS tree`);
  return String(row["tree"]);
}

/** The DuckDB type of an expression over columns of given types (default VARCHAR), or the engine's complaint. */
export async function bindType(
  engine: Engine,
  sql: string,
  columns: ReadonlyMap<string, string>,
): Promise<{ type: string } | { complaint: string }> {
  const list = [...columns].map(([name, type]) => `CAST(NULL AS ${type}) AS ${identifier(name)}`);
  try {
    const row = await engine.one(`DESCRIBE SELECT (${sql}\n) AS value FROM (SELECT ${list.join(", ") || "1"})`);
    return { type: String(row["column_type"]) };
  } catch (error) {
    if (!(error instanceof EngineError)) throw error;
    return { complaint: error.message.split("\n")[0] ?? error.message };
  }
}
