// Tables of a server. In: a name as a job has it. Out: the table and its keys from the catalogue. Must hold: a name that is
// wrong is told with what was meant; what the user may not do is known before anything is asked.

import { type Place, usageFailure } from "../../core/errors.ts";
import type { ColumnTypes, FoundTable, TableRow } from "../sql/dialect.ts";
import { tableUnknown } from "../sql/names.ts";
import { quoteName, readTableName, showTableName } from "./names.ts";
import type { MysqlSession } from "./session.ts";

export interface CatalogTable extends TableRow {
  schema: string;
  relation: string;
  /** InnoDB, say; null of a view. */
  engine: string | null;
}

/** Tables and views that the user can see, the server's own aside; of rights, those that it has to a column at least. */
const visible = `SELECT t.TABLE_SCHEMA AS \`schema\`, t.TABLE_NAME AS relation, t.TABLE_TYPE AS kind, t.ENGINE AS engine,
    t.TABLE_COMMENT AS label, t.TABLE_SCHEMA = DATABASE() AS own, @@lower_case_table_names AS folds,
    (SELECT GROUP_CONCAT(DISTINCT c.PRIVILEGES) FROM information_schema.COLUMNS c
      WHERE c.TABLE_SCHEMA = t.TABLE_SCHEMA AND c.TABLE_NAME = t.TABLE_NAME) AS rights
  FROM information_schema.TABLES t
  WHERE t.TABLE_SCHEMA NOT IN ('mysql', 'sys', 'information_schema', 'performance_schema')
    AND t.TABLE_TYPE IN ('BASE TABLE', 'VIEW', 'SYSTEM VERSIONED')`;

export async function listTables(session: MysqlSession): Promise<CatalogTable[]> {
  return (await readTables(session, "", [])).map(({ table }) => table);
}

async function readTables(
  session: MysqlSession,
  condition: string,
  values: string[],
): Promise<{ table: CatalogTable; isOwn: boolean; folds: boolean }[]> {
  const rows = await session.rows(`${visible}${condition} ORDER BY 1, 2`, values);
  return rows.map((row) => {
    const { schema, relation } = { schema: row["schema"] ?? "", relation: row["relation"] ?? "" };
    const name = showTableName(schema, relation);
    const rights = (row["rights"] ?? "").split(",");
    const isTable = row["kind"] !== "VIEW";
    const label = row["label"] ?? "";
    const table = {
      ...{ schema, relation, name, isTable, engine: row["engine"] ?? null },
      quoted: `${quoteName(schema)}.${quoteName(relation)}`,
      label: label === "" || label === "VIEW" ? name : label,
      isReadable: rights.includes("select"),
      isCreateable: rights.includes("insert"),
      isUpdateable: rights.includes("update"),
      // Whose right to delete it is stands nowhere in one place: the server says it.
      isDeletable: isTable,
    };
    return { table, isOwn: String(row["own"]) === "1", folds: String(row["folds"]) !== "0" };
  });
}

/** Throws a Failure (2) where there is no such table. */
export async function findTable(session: MysqlSession, written: string, where?: Place): Promise<CatalogTable> {
  const read = readTableName(written);
  if (read === undefined) {
    throw usageFailure(`"${written}" is no name of a table`, {
      ...(where === undefined ? {} : { where }),
      next: "e.g. crm.contacts, or crm.`Contact Old`",
    });
  }
  const { schema, table } = read;
  // The catalogue compares without case; whether two such names are one table, the server's settings say.
  const found = await (schema === undefined
    ? readTables(session, " AND t.TABLE_SCHEMA = DATABASE() AND t.TABLE_NAME = ?", [table])
    : readTables(session, " AND t.TABLE_NAME = ? AND t.TABLE_SCHEMA = ?", [table, schema]));
  const [one] = found.filter(
    (each) => each.folds || (each.table.relation === table && (schema === undefined || each.table.schema === schema)),
  );
  if (one !== undefined) return one.table;
  const all = await readTables(session, "", []);
  const own = all.find(({ isOwn }) => isOwn)?.table.schema ?? "";
  const full = showTableName(schema ?? own, table);
  throw tableUnknown(
    written,
    full,
    all.map((each) => each.table.name),
    where,
  );
}

/** The unique indexes of a table over whole columns, by name, the primary key first. */
export async function uniqueIndexes(
  session: MysqlSession,
  { schema, relation }: Pick<CatalogTable, "schema" | "relation">,
): Promise<{ name: string; columns: string[]; isNullable: boolean }[]> {
  const rows = await session.rows(
    `SELECT INDEX_NAME AS name, COLUMN_NAME AS \`column\`, NULLABLE AS nullable, IF(SUB_PART IS NULL, '', 'part') AS part
     FROM information_schema.STATISTICS WHERE TABLE_SCHEMA = ? AND TABLE_NAME = ? AND NON_UNIQUE = 0
     ORDER BY INDEX_NAME <> 'PRIMARY', INDEX_NAME, SEQ_IN_INDEX`,
    [schema, relation],
  );
  return [...Map.groupBy(rows, (row) => row["name"] ?? "")].flatMap(([name, parts]) => {
    const columns = parts.map((part) => part["column"] ?? "");
    // A part of a text, or an expression, tells no two values apart.
    if (columns.includes("") || parts.some((part) => part["part"] !== "")) return [];
    return [{ name, columns, isNullable: parts.some((part) => part["nullable"] === "YES") }];
  });
}

/** The columns of the primary key, in its order, or of the smallest index that names rows as well. */
export async function tableKey(session: MysqlSession, table: FoundTable): Promise<string[]> {
  const indexes = await uniqueIndexes(session, table as CatalogTable);
  return keyOf(indexes);
}

export function keyOf(indexes: Awaited<ReturnType<typeof uniqueIndexes>>): string[] {
  const named = indexes.filter(({ isNullable }) => !isNullable);
  const primary = named.find(({ name }) => name === "PRIMARY");
  const [smallest] = named.sort((one, other) => one.columns.length - other.columns.length);
  return (primary ?? smallest)?.columns ?? [];
}

/** As the engine estimates it (https://dev.mysql.com/doc/refman/8.4/en/information-schema-tables-table.html). */
export async function estimateRows(
  session: MysqlSession,
  { table: { schema, relation } }: { table: CatalogTable },
): Promise<number | undefined> {
  const [row] = await session.rows(
    "SELECT CAST(TABLE_ROWS AS CHAR) AS `rows` FROM information_schema.TABLES WHERE TABLE_SCHEMA = ? AND TABLE_NAME = ?",
    [schema, relation],
  );
  return row?.["rows"] == null ? undefined : Number(row["rows"]);
}

export async function columnTypes(
  session: MysqlSession,
  { table: { schema, relation } }: { table: CatalogTable },
): Promise<ColumnTypes> {
  const rows = await session.rows(
    "SELECT COLUMN_NAME AS name, COLUMN_TYPE AS type FROM information_schema.COLUMNS WHERE TABLE_SCHEMA = ? AND TABLE_NAME = ?",
    [schema, relation],
  );
  return new Map(rows.map(({ name, type }) => [name ?? "", type ?? ""]));
}
