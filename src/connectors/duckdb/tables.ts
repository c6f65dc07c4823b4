// Tables of a database file of DuckDB's. In: a name as a job has it. Out: the table, its columns and its key. Must hold: names
// are what they are but for capital letters, as in DuckDB.

import type { Place } from "../../core/errors.ts";
import { identifier, literal } from "../../core/sql.ts";
import type { FoundTable } from "../sql/dialect.ts";
import { tableUnknown } from "../sql/names.ts";
import type { DuckdbSession } from "./client.ts";

interface DuckdbTable extends FoundTable {
  schema: string;
  table: string;
}

/** Tables and views, DuckDB's own aside. */
export async function listTables(session: DuckdbSession): Promise<DuckdbTable[]> {
  const rows = await session.rows(`SELECT schema_name AS schema, table_name AS name FROM duckdb_tables()
      WHERE database_name = current_database() AND NOT internal
    UNION ALL SELECT schema_name, view_name FROM duckdb_views() WHERE database_name = current_database() AND NOT internal
    ORDER BY ALL`);
  return rows.map((row) => {
    const [schema, table] = [row["schema"] ?? "", row["name"] ?? ""];
    const name = schema === "main" ? show(table) : `${show(schema)}.${show(table)}`;
    return { schema, table, name, quoted: `${identifier(schema)}.${identifier(table)}` };
  });
}

function show(name: string): string {
  return name.includes(".") || name.includes('"') ? identifier(name) : name;
}

/** Throws a Failure (2) where there is no such table. */
export async function findTable(session: DuckdbSession, written: string, where?: Place): Promise<DuckdbTable> {
  const tables = await listTables(session);
  const parts = [...written.matchAll(/"((?:[^"]|"")+)"|([^."]+)/g)].map(([, quoted, bare]) =>
    (quoted?.replaceAll('""', '"') ?? bare ?? "").trim().toLowerCase(),
  );
  const [schema = "main", table = ""] = parts.length > 1 ? parts : ["main", ...parts];
  const found = tables.find((one) => one.schema.toLowerCase() === schema && one.table.toLowerCase() === table);
  if (found !== undefined && parts.length <= 2) return found;
  const names = tables.map(({ name }) => name);
  throw tableUnknown(written, written, names, where);
}

/** The columns of its primary key; none of a view. */
export async function tableKey(session: DuckdbSession, { name }: FoundTable): Promise<string[]> {
  const { schema, table } = await findTable(session, name);
  const rows = await session.rows(`SELECT unnest(constraint_column_names) AS name FROM duckdb_constraints()
    WHERE database_name = current_database() AND schema_name = ${literal(schema)} AND table_name = ${literal(table)}
      AND constraint_type = 'PRIMARY KEY'`);
  return rows.map((row) => row["name"] ?? "");
}
