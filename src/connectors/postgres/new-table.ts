// A table as a job's map would have it. In: columns with the engine's types. Out: statements, and the table as they would make
// it, seen in a temporary one. Must hold: every value of a type has room in its column; what has none is refused by name.

import type { NewTable } from "../../contract/describe.ts";
import { usageFailure } from "../../core/errors.ts";
import type { PostgresSession } from "./client.ts";
import { describeFound, type PostgresTable } from "./fields.ts";
import { quoteName, readTableName, requireWhole, showTableName } from "./names.ts";
import type { CatalogTable } from "./tables.ts";

const types: Record<string, string> = {
  ...{ BOOLEAN: "boolean", DATE: "date", TIME: "time", UUID: "uuid", VARCHAR: "text", JSON: "text" },
  ...{ TINYINT: "smallint", UTINYINT: "smallint", SMALLINT: "smallint", USMALLINT: "integer", INTEGER: "integer" },
  ...{
    UINTEGER: "bigint",
    BIGINT: "bigint",
    UBIGINT: "numeric(20)",
    HUGEINT: "numeric(39)",
    UHUGEINT: "numeric(39)",
    BIGNUM: "numeric",
  },
  ...{ FLOAT: "double precision", DOUBLE: "double precision", "TIMESTAMP WITH TIME ZONE": "timestamptz" },
  // A local time is read by the job's time zone.
  ...{ TIMESTAMP: "timestamptz", TIMESTAMP_S: "timestamptz", TIMESTAMP_MS: "timestamptz", TIMESTAMP_NS: "timestamptz" },
};

function typeOf({ name, type, place }: NewTable["columns"][number]): string {
  if (type.startsWith("DECIMAL")) return type.replace("DECIMAL", "numeric");
  const found = types[type] ?? (type.startsWith("ENUM") ? "text" : undefined);
  if (found !== undefined) return found;
  throw usageFailure(`create_table has no type for ${name}, whose expression gives ${type}`, {
    where: place,
    next: "cast it: to VARCHAR, say",
  });
}

async function partsOf(session: PostgresSession, written: string): Promise<{ schema: string; table: string }> {
  const read = readTableName(written);
  if (read === undefined) throw usageFailure(`"${written}" is no name of a table`, { next: "e.g. crm.contacts" });
  requireWhole([read.schema, read.table], undefined);
  if (read.schema !== undefined) return { schema: read.schema, table: read.table };
  const [row] = await session.rows("SELECT current_schema() AS schema");
  return { schema: row?.["schema"] ?? "public", table: read.table };
}

export async function nameNew(session: PostgresSession, written: string): Promise<string> {
  return showTableName(await partsOf(session, written));
}

export async function planTable(
  session: PostgresSession,
  asked: NewTable,
  present: PostgresTable | undefined,
): Promise<{ table: PostgresTable; statements: string[] }> {
  const { key, versions, place } = asked;
  for (const column of asked.columns) requireWhole([column.name], column.place);
  const isKey = (name: string) => key.includes(name);
  const columns = asked.columns.map(
    (column) => `${quoteName(column.name)} ${typeOf(column)}${isKey(column.name) ? " NOT NULL" : ""}`,
  );
  if (present !== undefined) {
    await refuseUnlessOwner(session, present, asked);
    const added = await describeTemporary(session, columns, present.table);
    const statements = columns.map((column) => `ALTER TABLE ${present.table.quoted} ADD COLUMN ${column}`);
    const fields = new Map([
      ...present.schema.fields,
      ...[...added.schema.fields].filter(([name]) => asked.columns.some((one) => one.name === name)),
    ]);
    const planned = [...added.columns.values()].map(
      (column) => [column.name, { ...column, isPlanned: true as const }] as const,
    );
    return {
      table: { ...present, schema: { ...present.schema, fields }, columns: new Map([...present.columns, ...planned]) },
      statements,
    };
  }
  const named = await partsOf(session, asked.object);
  const quoted = `${quoteName(named.schema)}.${quoteName(named.table)}`;
  if (versions !== undefined)
    columns.push(`${quoteName(versions.from)} timestamptz NOT NULL`, `${quoteName(versions.to)} timestamptz`);
  const primary = [...key, ...(versions === undefined ? [] : [versions.from])].map(quoteName).join(", ");
  if (key.length > 0) columns.push(`PRIMARY KEY (${primary})`);
  const statements = [
    ...(await schemaOf(session, named.schema, place)),
    `CREATE TABLE ${quoted} (${columns.join(", ")})`,
    ...(versions === undefined
      ? []
      : [
          `CREATE UNIQUE INDEX ON ${quoted} (${key.map(quoteName).join(", ")}) WHERE ${quoteName(versions.to)} IS NULL`,
        ]),
  ];
  const name = showTableName(named);
  const all = { isReadable: true, isCreateable: true, isUpdateable: true, isDeletable: true, isTable: true };
  const found = { oid: "", name, quoted, schema: named.schema, relation: named.table, label: name, ...all };
  return { table: { ...(await describeTemporary(session, columns, found)), isNew: true }, statements };
}

/** As the catalogue has it, of a table that only this session sees. */
async function describeTemporary(
  session: PostgresSession,
  columns: readonly string[],
  table: CatalogTable,
): Promise<PostgresTable> {
  await session.rows(`CREATE TEMP TABLE loadline_new (${columns.join(", ")})`);
  const [row] = await session.rows("SELECT CAST(CAST('pg_temp.loadline_new' AS regclass) AS oid) AS oid");
  const described = await describeFound(session, { ...table, oid: row?.["oid"] ?? "" });
  return { ...described, table };
}

async function refuseUnlessOwner(
  session: PostgresSession,
  { table }: PostgresTable,
  { place }: NewTable,
): Promise<void> {
  const [row] = await session.rows(
    "SELECT pg_has_role(relowner, 'USAGE') AS may FROM pg_class WHERE oid = CAST($1 AS oid)",
    [table.oid],
  );
  if (row?.["may"] === "t") return;
  throw usageFailure(`schema_policy: evolve wants to add columns to ${table.name}, whose owner this role is not`, {
    where: place,
    next: "connect as its owner, or let its owner add them",
  });
}

/** What makes the schema, where it is not there. */
async function schemaOf(session: PostgresSession, schema: string, where: NewTable["place"]): Promise<string[]> {
  const [row = {}] = await session.rows(
    `SELECT to_regnamespace(quote_ident($1)) IS NOT NULL AS there, has_database_privilege(current_database(), 'CREATE') AS "mayMake",
       coalesce((SELECT has_schema_privilege(oid, 'CREATE') FROM pg_namespace WHERE nspname = $1), false) AS may`,
    [schema],
  );
  if (row["there"] === "t" && row["may"] === "t") return [];
  if (row["there"] !== "t" && row["mayMake"] === "t") return [`CREATE SCHEMA ${quoteName(schema)}`];
  const what = row["there"] === "t" ? `in the schema ${schema}` : `the schema ${schema}, which is not there`;
  throw usageFailure(`create_table: this role may not create ${what}`, {
    where,
    next: `GRANT CREATE ON ${row["there"] === "t" ? "SCHEMA" : "DATABASE"} … TO the role, or let an administrator make the table`,
  });
}
