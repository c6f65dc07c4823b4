// Tables of a database. In: a name as a job has it. Out: the table, its columns and keys from the catalogue. Must hold: a name
// that is wrong is told with what was meant; what the role may not do is known before anything is asked.

import { type Place, usageFailure } from "../../core/errors.ts";
import type { ColumnTypes, FoundTable, TableRow } from "../sql/dialect.ts";
import { tableUnknown } from "../sql/names.ts";
import type { PostgresSession } from "./client.ts";
import { quoteName, readTableName, requireWhole, showTableName } from "./names.ts";

/** Tables, views and the like that the role can see, the server's own aside. */
const visible = `SELECT c.oid, n.nspname AS schema, c.relname AS table, obj_description(c.oid, 'pg_class') AS label, c.relkind,
    pg_table_is_visible(c.oid) AS "isVisible", has_table_privilege(c.oid, 'SELECT') AS "isReadable",
    has_any_column_privilege(c.oid, 'INSERT') AS "isCreateable", has_any_column_privilege(c.oid, 'UPDATE') AS "isUpdateable",
    has_table_privilege(c.oid, 'DELETE') AS "isDeletable",
    EXISTS (SELECT FROM pg_trigger g
      WHERE (g.tgrelid = c.oid OR c.relkind = 'p' AND g.tgrelid IN (SELECT relid FROM pg_partition_tree(c.oid))) AND NOT g.tgisinternal AND g.tgtype & 7 = 7) AS "isTouched"
  FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
  WHERE c.relkind IN ('r', 'p', 'v', 'm', 'f') AND n.nspname NOT IN ('pg_catalog', 'information_schema')
    AND n.nspname !~ '^pg_(toast|temp)' AND has_schema_privilege(n.oid, 'USAGE')`;

export interface CatalogTable extends TableRow {
  oid: string;
  schema: string;
  relation: string;
  /** A trigger, also one of a partition alone, may change a row before it is inserted (BEFORE, ROW, INSERT: 2, 1, 4). */
  isTouched?: boolean;
}

export async function listTables(
  session: PostgresSession,
  condition = "true",
  values: string[] = [],
): Promise<CatalogTable[]> {
  const rows = await session.rows(`SELECT * FROM (${visible}) t WHERE ${condition} ORDER BY schema, "table"`, values);
  return rows.map((row) => {
    const parts = { schema: row["schema"] ?? "", table: row["table"] ?? "" };
    const name = showTableName(parts);
    return {
      oid: row["oid"] ?? "",
      name,
      schema: parts.schema,
      relation: parts.table,
      quoted: `${quoteName(parts.schema)}.${quoteName(parts.table)}`,
      label: row["label"] ?? name,
      isReadable: row["isReadable"] === "t",
      isCreateable: row["isCreateable"] === "t",
      isUpdateable: row["isUpdateable"] === "t",
      isDeletable: row["isDeletable"] === "t",
      isTouched: row["isTouched"] === "t",
      isTable: ["r", "p"].includes(row["relkind"] ?? ""),
    };
  });
}

/** Throws a Failure (2) where there is no such table, or several without a schema. */
export async function findTable(session: PostgresSession, written: string, where?: Place): Promise<CatalogTable> {
  const told = where === undefined ? {} : { where };
  const read = readTableName(written);
  if (read === undefined) {
    throw usageFailure(`"${written}" is no name of a table`, { ...told, next: 'e.g. crm.contacts, or crm."Contact"' });
  }
  const { schema, table } = read;
  requireWhole([schema, table], where);
  const [found] = await (schema === undefined
    ? listTables(session, `"table" = $1 AND "isVisible"`, [table])
    : listTables(session, `"table" = $1 AND schema = $2`, [table, schema]));
  if (found !== undefined) return found;
  const names = (await listTables(session)).map(({ name }) => name);
  throw tableUnknown(written, schema === undefined ? `public.${table}` : `${schema}.${table}`, names, where);
}

/** The columns of the primary key, in its order, or of an index that names rows as well; none where there is none. */
export async function tableKey(session: PostgresSession, table: FoundTable): Promise<string[]> {
  const rows = await session.rows(
    `SELECT a.attname AS name, i.indexrelid AS index FROM pg_index i CROSS JOIN LATERAL unnest(i.indkey) WITH ORDINALITY AS k (attnum, at)
       JOIN pg_attribute a ON a.attrelid = i.indrelid AND a.attnum = k.attnum
     WHERE i.indrelid = CAST($1 AS oid) AND i.indisunique AND i.indimmediate AND i.indpred IS NULL AND i.indexprs IS NULL
       AND k.at <= i.indnkeyatts AND (i.indisprimary OR i.indisreplident OR NOT EXISTS (
         SELECT FROM pg_attribute n WHERE n.attrelid = i.indrelid AND n.attnum = ANY (i.indkey) AND NOT n.attnotnull))
     ORDER BY i.indisprimary DESC, i.indisreplident DESC, i.indnkeyatts, i.indexrelid, k.at`,
    [(table as CatalogTable).oid],
  );
  const [first] = rows;
  return rows.filter((row) => row["index"] === first?.["index"]).map((row) => row["name"] ?? "");
}

export async function columnTypes(
  session: PostgresSession,
  { table: { oid } }: { table: CatalogTable },
): Promise<ColumnTypes> {
  const rows = await session.rows(
    `SELECT attname AS name, format_type(atttypid, atttypmod) AS type FROM pg_attribute
     WHERE attrelid = CAST($1 AS oid) AND attnum > 0 AND NOT attisdropped`,
    [oid],
  );
  return new Map(rows.map(({ name, type }) => [name ?? "", type ?? ""]));
}

/** As many as its pages have by now, were they as full as when they were last looked at. */
export async function estimateRows(
  session: PostgresSession,
  { table: { oid } }: { table: CatalogTable },
): Promise<number | undefined> {
  const [row] = await session.rows(
    `SELECT reltuples / relpages * (pg_relation_size(oid) / CAST(current_setting('block_size') AS int)) AS rows
       FROM pg_class WHERE oid = CAST($1 AS oid) AND relkind = 'r' AND relpages > 0 AND reltuples >= 0`,
    [oid],
  );
  return row?.["rows"] == null ? undefined : Number(row["rows"]);
}
