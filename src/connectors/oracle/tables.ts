// Tables of an Oracle database. In: a name as a job has it. Out: the table and its keys from the catalogue. Must hold: a name that
// is wrong is told with what was meant; what the user may not do is known before anything is asked.

import { type Place, usageFailure } from "../../core/errors.ts";
import type { FoundTable, Row, TableRow } from "../sql/dialect.ts";
import { tableUnknown } from "../sql/names.ts";
import { quoteName, readTableName, showTableName } from "./names.ts";
import type { OracleSession } from "./session.ts";

export interface CatalogTable extends TableRow {
  owner: string;
  relation: string;
}

const may = (
  right: string,
) => `CASE WHEN o.owner = SYS_CONTEXT('USERENV', 'SESSION_USER') OR EXISTS (SELECT 1 FROM session_privs p
      WHERE p.privilege = '${right} ANY TABLE') OR EXISTS (SELECT 1 FROM all_tab_privs p WHERE p.table_schema = o.owner
      AND p.table_name = o.object_name AND p.privilege = '${right}') THEN '1' ELSE '0' END`;

/** Tables and views that the user can see, the server's own and loadline's aside. */
const visible = `SELECT o.owner AS "owner", o.object_name AS "table", o.object_type AS "kind", ${may("INSERT")} AS "makes",
    ${may("UPDATE")} AS "changes", ${may("DELETE")} AS "deletes"
  FROM all_objects o JOIN all_users u ON u.username = o.owner AND u.oracle_maintained = 'N'
  WHERE o.object_type IN ('TABLE', 'VIEW') AND o.secondary = 'N' AND o.object_name <> 'LOADLINE_BATCH'`;

export async function listTables(session: OracleSession): Promise<CatalogTable[]> {
  return (await session.rows(`${visible} ORDER BY 1, 2`)).map(tableOf);
}

function tableOf(row: Row): CatalogTable {
  const [owner, relation] = [row["owner"] ?? "", row["table"] ?? ""];
  const name = showTableName(owner, relation);
  const isTable = row["kind"] === "TABLE";
  return {
    ...{ owner, relation, name, label: name, quoted: `${quoteName(owner)}.${quoteName(relation)}`, isTable },
    // The catalogue shows what may be read.
    isReadable: true,
    isCreateable: isTable && row["makes"] === "1",
    isUpdateable: isTable && row["changes"] === "1",
    isDeletable: isTable && row["deletes"] === "1",
  };
}

/** Throws a Failure (2) where there is no such table. Without a schema it is the user's own. */
export async function findTable(session: OracleSession, written: string, where?: Place): Promise<CatalogTable> {
  const read = readTableName(written);
  if (read === undefined) {
    const told = where === undefined ? {} : { where };
    throw usageFailure(`"${written}" is no name of a table`, { ...told, next: 'e.g. crm.contacts, or crm."Contact"' });
  }
  const { schema, table } = read;
  const owner = schema === undefined ? "SYS_CONTEXT('USERENV', 'CURRENT_SCHEMA')" : ":p2";
  const [one] = await session.rows(`${visible} AND o.object_name = :p1 AND o.owner = ${owner}`, [
    table,
    ...(schema === undefined ? [] : [schema]),
  ]);
  if (one !== undefined) return tableOf(one);
  const names = (await listTables(session)).map(({ name }) => name);
  throw tableUnknown(written, schema === undefined ? table : showTableName(schema, table), names, where);
}

export interface UniqueKey {
  name: string;
  columns: string[];
  isPrimary: boolean;
  isNullable: boolean;
}

/** Primary and unique constraints, the primary one first, then the smallest. */
export async function uniqueKeys(session: OracleSession, { owner, relation }: CatalogTable): Promise<UniqueKey[]> {
  const rows = await session.rows(
    `SELECT c.constraint_name AS "name", c.constraint_type AS "type", x.column_name AS "column", n.nullable AS "nullable"
     FROM all_constraints c JOIN all_cons_columns x ON x.owner = c.owner AND x.constraint_name = c.constraint_name
       JOIN all_tab_columns n ON n.owner = c.owner AND n.table_name = c.table_name AND n.column_name = x.column_name
     WHERE c.owner = :p1 AND c.table_name = :p2 AND c.constraint_type IN ('P', 'U') AND c.status = 'ENABLED' AND c.validated = 'VALIDATED'
     ORDER BY c.constraint_type, c.constraint_name, x.position`,
    [owner, relation],
  );
  const keys = [...Map.groupBy(rows, (row) => row["name"] ?? "")].map(([name, parts]) => ({
    name,
    columns: parts.map((part) => part["column"] ?? ""),
    isPrimary: parts[0]?.["type"] === "P",
    isNullable: parts.some((part) => part["nullable"] === "Y"),
  }));
  return keys.sort(
    (one, other) => Number(other.isPrimary) - Number(one.isPrimary) || one.columns.length - other.columns.length,
  );
}

/** The columns of what names rows: the primary key, or the smallest unique one without NULL. */
export function keyOf(keys: readonly UniqueKey[]): string[] {
  return keys.find(({ isNullable }) => !isNullable)?.columns ?? [];
}

export async function tableKey(session: OracleSession, table: FoundTable): Promise<string[]> {
  return keyOf(await uniqueKeys(session, table as CatalogTable));
}
