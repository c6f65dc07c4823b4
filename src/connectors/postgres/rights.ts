// What a role may do with a table and its columns. In: the catalogue. Out: the table as far as it may be read; what an
// administrator runs where more is wanted. Must hold: what is told to be run gives that right and no other.

import { Failure, type Place } from "../../core/errors.ts";
import { exitCode } from "../../core/exit-code.ts";
import type { PostgresSession } from "./client.ts";
import { quoteName } from "./names.ts";
import { type CatalogTable, findTable, tableKey } from "./tables.ts";

/** GRANT SELECT (email) ON crm.contacts TO etl */
export function grant(right: string, table: string, role: string, columns: readonly string[] = []): string {
  const of = columns.length === 0 ? "" : ` (${columns.map(showName).join(", ")})`;
  return `GRANT ${right}${of} ON ${table} TO ${showName(role)}`;
}

function showName(name: string): string {
  return /^[a-z_][a-z0-9_$]*$/.test(name) ? name : quoteName(name);
}

/** A table of which the role may read some columns is read as far as that goes. Throws a Failure (8) where it may read none. */
export async function findReadable(session: PostgresSession, written: string, where?: Place): Promise<CatalogTable> {
  const table = await findTable(session, written, where);
  if (table.isReadable) return table;
  const columns = await session.rows(
    `SELECT attname AS name, has_column_privilege(attrelid, attnum, 'SELECT') AS "isReadable", current_user AS role
      FROM pg_attribute WHERE attrelid = CAST($1 AS oid) AND attnum > 0 AND NOT attisdropped ORDER BY attnum`,
    [table.oid],
  );
  const role = columns[0]?.["role"] ?? "";
  const named = (isReadable: string) =>
    columns.filter((row) => row["isReadable"] === isReadable).map((row) => row["name"] ?? "");
  const [readable, hidden] = [named("t"), named("f")];
  const key = (await tableKey(session, table)).filter((name) => hidden.includes(name));
  if (readable.length === 0 || key.length > 0) {
    throw new Failure(
      exitCode.signIn,
      `${table.name} can't be read by this role${key.length === 0 ? "" : `, for it may not read the key (${key.join(", ")})`}`,
      {
        ...(where === undefined ? {} : { where }),
        next: `an administrator lets it: ${grant("SELECT", table.name, role, readable.length === 0 ? [] : key)}`,
      },
    );
  }
  return {
    ...table,
    quoted: `(SELECT ${readable.map(quoteName).join(", ")} FROM ${table.quoted})`,
    hidden: new Map(hidden.map((name) => [name, grant("SELECT", table.name, role, [name])])),
  };
}
