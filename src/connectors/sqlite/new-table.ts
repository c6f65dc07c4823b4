// A table as a job's map would have it. In: columns with the engine's types. Out: statements, and the table as they make it, in a
// transaction that is undone. Must hold: every value of a type has room in its column; what has none is refused by name.

import type { NewTable } from "../../contract/describe.ts";
import { usageFailure } from "../../core/errors.ts";
import { identifier } from "../../core/sql.ts";
import type { SqliteSession } from "./client.ts";
import { describeTable, type SqliteDescribed } from "./fields.ts";
import { unquote } from "./tables.ts";

/** Numbers that neither 64 bits nor a double hold are texts. */
const types: Record<string, string> = {
  ...{ BOOLEAN: "BOOLEAN", DATE: "DATE", TIME: "TIME", UUID: "TEXT", VARCHAR: "TEXT", JSON: "TEXT" },
  ...{ TINYINT: "INTEGER", UTINYINT: "INTEGER", SMALLINT: "INTEGER", USMALLINT: "INTEGER", INTEGER: "INTEGER" },
  ...{ UINTEGER: "INTEGER", BIGINT: "INTEGER", UBIGINT: "TEXT", HUGEINT: "TEXT", UHUGEINT: "TEXT", BIGNUM: "TEXT" },
  ...{ FLOAT: "REAL", DOUBLE: "REAL", "TIMESTAMP WITH TIME ZONE": "DATETIME" },
  // A local time is read by the job's time zone.
  ...{ TIMESTAMP: "DATETIME", TIMESTAMP_S: "DATETIME", TIMESTAMP_MS: "DATETIME", TIMESTAMP_NS: "DATETIME" },
};

/** Digits that a double keeps of every number. */
const digitsMax = 15;

function typeOf({ name, type, place }: NewTable["columns"][number]): string {
  const [, precision, scale] = /^DECIMAL\((\d+),\s*(\d+)\)$/.exec(type) ?? [];
  if (precision !== undefined) return Number(precision) <= digitsMax ? `DECIMAL(${precision}, ${scale})` : "TEXT";
  const found = types[type] ?? (type.startsWith("ENUM") ? "TEXT" : undefined);
  if (found !== undefined) return found;
  throw usageFailure(`create_table has no type for ${name}, whose expression gives ${type}`, {
    where: place,
    next: "cast it: to VARCHAR, say",
  });
}

export async function nameNew(_session: SqliteSession, written: string): Promise<string> {
  return unquote(written.trim());
}

export async function planTable(
  session: SqliteSession,
  { object, columns, key, versions }: NewTable,
  present: SqliteDescribed | undefined,
): Promise<{ table: SqliteDescribed; statements: string[] }> {
  const isKey = (name: string) => key.includes(name);
  const declared = columns.map(
    (column) => `${identifier(column.name)} ${typeOf(column)}${isKey(column.name) ? " NOT NULL" : ""}`,
  );
  const name = present?.table.name ?? unquote(object.trim());
  const named = versions === undefined ? key : [...key, versions.from];
  const primary = named.length === 0 ? [] : [`PRIMARY KEY (${named.map(identifier).join(", ")})`];
  const times =
    versions === undefined
      ? []
      : [`${identifier(versions.from)} DATETIME NOT NULL`, `${identifier(versions.to)} DATETIME`];
  const oneHolds =
    versions === undefined
      ? []
      : [
          `CREATE UNIQUE INDEX ${identifier(`${name}_holds`)} ON ${identifier(name)} (${key.map(identifier).join(", ")}) WHERE ${identifier(versions.to)} IS NULL`,
        ];
  const statements =
    present === undefined
      ? [`CREATE TABLE ${identifier(name)} (${[...declared, ...times, ...primary].join(", ")})`, ...oneHolds]
      : declared.map((column) => `ALTER TABLE ${present.table.quoted} ADD COLUMN ${column}`);
  for (const statement of statements) await session.rows(statement);
  const made = await describeTable(session, identifier(name));
  if (present === undefined) return { table: { ...made, isNew: true }, statements };
  const planned = [...made.columns].map(([called, column]) =>
    present.columns.has(called)
      ? ([called, column] as const)
      : ([called, { ...column, isPlanned: true as const }] as const),
  );
  return { table: { ...made, columns: new Map(planned) }, statements };
}
