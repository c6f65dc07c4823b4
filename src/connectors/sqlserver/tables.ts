// Tables of a database of SQL Server. In: a name as a job has it. Out: the table and its keys from the catalogue. Must hold: a
// name that is wrong is told with what was meant; what the user may not do is known before anything is asked.

import { type Place, usageFailure } from "../../core/errors.ts";
import type { FoundTable, Row, TableRow } from "../sql/dialect.ts";
import { tableUnknown } from "../sql/names.ts";
import { quoteName, readTableName, showTableName } from "./names.ts";
import type { SqlserverSession } from "./session.ts";

export interface CatalogTable extends TableRow {
  id: string;
}

const may = (right: string) =>
  `CONVERT(nvarchar(1), HAS_PERMS_BY_NAME(QUOTENAME(s.name) + N'.' + QUOTENAME(o.name), 'OBJECT', '${right}'))`;

/** Tables and views that the user can see, the server's own and loadline's aside. */
const visible = `SELECT CONVERT(nvarchar(20), o.object_id) AS id, s.name AS [schema], o.name AS [table], o.type AS kind,
    ${may("SELECT")} AS reads, ${may("INSERT")} AS makes, ${may("UPDATE")} AS changes, ${may("DELETE")} AS deletes,
    CONVERT(nvarchar(1), IIF(s.name = SCHEMA_NAME(), 1, 0)) AS own
  FROM sys.objects o JOIN sys.schemas s ON s.schema_id = o.schema_id
  WHERE o.type IN ('U', 'V') AND o.is_ms_shipped = 0 AND o.name <> N'loadline_batch'`;

export async function listTables(session: SqlserverSession): Promise<CatalogTable[]> {
  return (await session.rows(`${visible} ORDER BY 2, 3`)).map(tableOf);
}

function tableOf(row: Row): CatalogTable {
  const [schema, table] = [row["schema"] ?? "", row["table"] ?? ""];
  const name = showTableName(schema, table);
  const isTable = row["kind"]?.trim() === "U";
  return {
    ...{ id: row["id"] ?? "", name, label: name, quoted: `${quoteName(schema)}.${quoteName(table)}`, isTable },
    isReadable: row["reads"] === "1",
    isCreateable: isTable && row["makes"] === "1",
    isUpdateable: isTable && row["changes"] === "1",
    isDeletable: isTable && row["deletes"] === "1",
  };
}

/** Throws a Failure (2) where there is no such table. Without a schema it is in the user's own, or in dbo. */
export async function findTable(session: SqlserverSession, written: string, where?: Place): Promise<CatalogTable> {
  const read = readTableName(written);
  if (read === undefined) {
    const told = where === undefined ? {} : { where };
    throw usageFailure(`"${written}" is no name of a table`, {
      ...told,
      next: "e.g. dbo.contacts, or dbo.[Contact Old]",
    });
  }
  const { schema, table } = read;
  const found = await (schema === undefined
    ? session.rows(`${visible} AND o.name = @p1 AND s.name IN (SCHEMA_NAME(), N'dbo') ORDER BY own DESC`, [table])
    : session.rows(`${visible} AND o.name = @p1 AND s.name = @p2`, [table, schema]));
  const [one] = found;
  if (one !== undefined) return tableOf(one);
  const names = (await listTables(session)).map(({ name }) => name);
  throw tableUnknown(written, showTableName(schema ?? "dbo", table), names, where);
}

export interface UniqueIndex {
  name: string;
  columns: string[];
  isPrimary: boolean;
  isNullable: boolean;
}

/** The unique indexes of a table over all of its rows, the primary key first, then the smallest. */
export async function uniqueIndexes(session: SqlserverSession, { id }: CatalogTable): Promise<UniqueIndex[]> {
  const rows = await session.rows(
    `SELECT i.name AS [index], c.name AS [column], CONVERT(nvarchar(1), i.is_primary_key) AS isPrimary, CONVERT(nvarchar(1), c.is_nullable) AS nullable
     FROM sys.indexes i JOIN sys.index_columns x ON x.object_id = i.object_id AND x.index_id = i.index_id
       JOIN sys.columns c ON c.object_id = x.object_id AND c.column_id = x.column_id
     WHERE i.object_id = @p1 AND i.is_unique = 1 AND i.has_filter = 0 AND i.is_disabled = 0 AND x.is_included_column = 0
     ORDER BY i.is_primary_key DESC, i.index_id, x.key_ordinal`,
    [id],
  );
  const indexes = [...Map.groupBy(rows, (row) => row["index"] ?? "")].map(([name, parts]) => ({
    name,
    columns: parts.map((part) => part["column"] ?? ""),
    isPrimary: parts[0]?.["isPrimary"] === "1",
    isNullable: parts.some((part) => part["nullable"] === "1"),
  }));
  return indexes.sort(
    (one, other) => Number(other.isPrimary) - Number(one.isPrimary) || one.columns.length - other.columns.length,
  );
}

/** The columns of what names rows: the primary key, or the smallest unique index without NULL. */
export function keyOf(indexes: readonly UniqueIndex[]): string[] {
  return indexes.find(({ isNullable }) => !isNullable)?.columns ?? [];
}

export async function tableKey(session: SqlserverSession, table: FoundTable): Promise<string[]> {
  return keyOf(await uniqueIndexes(session, table as CatalogTable));
}
