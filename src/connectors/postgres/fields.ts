// The columns of a table as a target has them. In: a table of the catalogue. Out: an object's schema, and what SQL needs to
// write a column. Must hold: a type that can't be compared exactly can't be written; what the role may not do is said.

import type { ChildLink, FieldKind, FieldSchema } from "../../core/model.ts";
import { fieldOf } from "../kit/field.ts";
import { markCell } from "../sql/cells.ts";
import { childLinks } from "../sql/child-links.ts";
import type { DescribedTable, Row } from "../sql/dialect.ts";
import { idColumn } from "../sql/names.ts";
import { isMade, isUnsure, unnamed } from "../sql/unwritten.ts";
import type { PostgresSession } from "./client.ts";
import { showTableName } from "./names.ts";
import { grant } from "./rights.ts";
import { type CatalogTable, findTable, tableKey } from "./tables.ts";
import { numericRoom, settledTypes } from "./types.ts";

/** A column as statements need it. */
export interface TableColumn {
  name: string;
  /**
   * What text is cast to. Without length and scale, for a cast would cut, and an assignment refuses; but of what is settled,
   * where that is seen.
   */
  cast: string;
  /** SQL of what a new row gets where nothing is said. */
  initial: string;
  /** Its texts are values, also the empty one. */
  isText: boolean;
  /** A value has several texts: only the server's own is taken. */
  isSettled: boolean;
  /** It counts by itself. */
  isIdentity: boolean;
  isGenerated: boolean;
  /** It is to be added, and not there yet. */
  isPlanned?: true;
}

export interface PostgresTable extends DescribedTable {
  table: CatalogTable;
  columns: ReadonlyMap<string, TableColumn>;
  /** Columns by the constraint, or unique index, that an error names. */
  constraints: ReadonlyMap<string, string[]>;
}

const columnsOf = `WITH RECURSIVE base AS (
    SELECT a.attnum AS at, t.oid, t.typname, t.typtype, t.typbasetype, a.atttypmod AS modifier, pg_get_expr(t.typdefaultbin, 0) AS initial
      FROM pg_attribute a JOIN pg_type t ON t.oid = a.atttypid
      WHERE a.attrelid = CAST($1 AS oid) AND a.attnum > 0 AND NOT a.attisdropped
    UNION ALL SELECT base.at, t.oid, t.typname, t.typtype, t.typbasetype, coalesce(nullif(base.modifier, -1), d.typtypmod),
        coalesce(base.initial, pg_get_expr(t.typdefaultbin, 0))
      FROM base JOIN pg_type d ON d.oid = base.oid JOIN pg_type t ON t.oid = base.typbasetype WHERE base.typtype = 'd')
  SELECT a.attname AS name, b.typname AS type, b.typtype AS form, b.modifier, format_type(b.oid, b.modifier) AS shown,
    format_type(b.oid, NULL) AS cast, a.attnotnull AS required, a.attgenerated <> '' AS generated,
    a.attidentity AS identity, coalesce(pg_get_expr(d.adbin, d.adrelid), b.initial) AS initial,
    (SELECT c.collisdeterministic FROM pg_collation c WHERE c.oid = a.attcollation) AS exact,
    pg_get_serial_sequence(CAST(CAST(a.attrelid AS regclass) AS text), a.attname) AS sequence,
    col_description(a.attrelid, a.attnum) AS label, current_user AS role, pg_is_in_recovery() AS standby,
    current_setting('default_transaction_read_only') AS "readOnly",
    has_column_privilege(a.attrelid, a.attnum, 'INSERT') AS "mayInsert", has_column_privilege(a.attrelid, a.attnum, 'UPDATE') AS "mayUpdate",
    (SELECT json_agg(e.enumlabel ORDER BY e.enumsortorder) FROM pg_enum e WHERE e.enumtypid = b.oid) AS labels,
    EXISTS (SELECT FROM pg_index i WHERE i.indrelid = a.attrelid AND i.indisunique AND i.indimmediate AND i.indpred IS NULL
      AND i.indexprs IS NULL AND i.indnkeyatts = 1 AND i.indkey[0] = a.attnum) AS "isUnique",
    (SELECT json_agg(CAST(CAST(c.confrelid AS regclass) AS text)) FROM pg_constraint c
      WHERE c.conrelid = a.attrelid AND c.contype = 'f' AND c.conkey = ARRAY[a.attnum]) AS parents
  FROM pg_attribute a JOIN base b ON b.at = a.attnum AND b.typtype <> 'd'
    LEFT JOIN pg_attrdef d ON d.adrelid = a.attrelid AND d.adnum = a.attnum
  WHERE a.attrelid = CAST($1 AS oid) AND a.attnum > 0 AND NOT a.attisdropped ORDER BY a.attnum`;

const constraintsOf = `SELECT name, json_agg(a.attname ORDER BY at) AS columns FROM (
    SELECT conname AS name, conkey AS columns FROM pg_constraint WHERE conrelid = CAST($1 AS oid)
    UNION SELECT CAST(c.relname AS name), CAST(i.indkey AS int2[]) FROM pg_index i JOIN pg_class c ON c.oid = i.indexrelid
      WHERE i.indrelid = CAST($1 AS oid) AND i.indisunique) named
  CROSS JOIN LATERAL unnest(columns) WITH ORDINALITY AS k (attnum, at)
  JOIN pg_attribute a ON a.attrelid = CAST($1 AS oid) AND a.attnum = k.attnum GROUP BY name`;

/**
 * Foreign keys to the table, by which deleting a row changes others: a row for each of their columns. Before PostgreSQL 15 there
 * is no `confdelsetcols`: ON DELETE SET NULL (some of them).
 */
const childrenOf = `SELECT n.nspname AS schema, r.relname AS table, c.conname AS constraint, a.attname AS field, p.attname AS parent,
    CASE c.confdeltype WHEN 'c' THEN 'CASCADE' WHEN 'n' THEN 'SET NULL' ELSE 'SET DEFAULT' END AS rule,
    CASE WHEN NOT nullif(to_jsonb(c) -> 'confdelsetcols', 'null') @> to_jsonb(k.own) THEN 'kept' END AS kept
  FROM pg_constraint c JOIN pg_class r ON r.oid = c.conrelid JOIN pg_namespace n ON n.oid = r.relnamespace
    CROSS JOIN LATERAL unnest(c.conkey, c.confkey) WITH ORDINALITY AS k (own, parent, at)
    JOIN pg_attribute a ON a.attrelid = c.conrelid AND a.attnum = k.own
    JOIN pg_attribute p ON p.attrelid = c.confrelid AND p.attnum = k.parent
  WHERE c.confrelid = CAST($1 AS oid) AND c.contype = 'f' AND c.confdeltype IN ('c', 'n', 'd') AND c.conparentid = 0
  ORDER BY 1, 2, 3, k.at`;

async function readChildren(session: PostgresSession, { oid }: CatalogTable): Promise<ChildLink[]> {
  const rows = await session.rows(childrenOf, [oid]);
  return childLinks(
    rows.map((row) => ({
      ...row,
      object: showTableName({ schema: row["schema"] ?? "", table: row["table"] ?? "" }),
    })),
  );
}

export async function describeTable(session: PostgresSession, name: string): Promise<PostgresTable> {
  return describeFound(session, await findTable(session, name));
}

export async function describeFound(session: PostgresSession, table: CatalogTable): Promise<PostgresTable> {
  const rows = await session.rows(columnsOf, [table.oid]);
  const key = await tableKey(session, table);
  const constraints = await session.rows(constraintsOf, [table.oid]);
  const cascades = await readChildren(session, table);
  const own = fieldOf({ name: idColumn, label: "what names a row: its primary key", vendorType: "key", kind: "id" });
  const role = rows[0]?.["role"] ?? "";
  const fields = [
    { ...own, createable: false, updateable: false },
    ...rows.map((row) => fieldOfColumn(row, table, role)),
  ];
  const reading = readingOnly(rows[0]);
  const isWritten = table.isTable && reading === undefined;
  // Of a view nothing says which row is which.
  const isNamed = isWritten && key.length > 0;
  // What changes a row looks at it first: at what it holds, and which version it is, which no right for a column lets.
  const isFound = isNamed && table.isReadable;
  const change = (right: string) => grant(table.isReadable ? right : `SELECT, ${right}`, table.name, role);
  const unable = reading ?? unableTo(table, key);
  return {
    table,
    schema: {
      object: table.name,
      label: table.label,
      createable: isWritten && table.isCreateable,
      updateable: isFound && table.isUpdateable,
      deletable: isFound && table.isDeletable,
      grants: {
        createable: grant("INSERT", table.name, role),
        updateable: change("UPDATE"),
        deletable: change("DELETE"),
      },
      fields: new Map(fields.map((field) => [field.name, field])),
      cascades,
      ...(unable === undefined ? {} : { unable }),
    },
    columns: new Map(rows.map((row) => [row["name"] ?? "", columnOf(row)])),
    key,
    constraints: new Map(constraints.map((row) => [row["name"] ?? "", JSON.parse(row["columns"] ?? "[]") as string[]])),
  };
}

function unableTo({ isTable }: CatalogTable, key: readonly string[]): string | undefined {
  if (!isTable) return "it is a view";
  return key.length > 0 ? undefined : unnamed;
}

/** Of a server, or a role, that is not to write. */
function readingOnly(row: Row | undefined): string | undefined {
  if (row?.["standby"] === "t") return "the server is a standby, which only reads: name its primary in url";
  if (row?.["readOnly"] !== "on") return undefined;
  return `default_transaction_read_only is on: ALTER ROLE ${row["role"]} SET default_transaction_read_only = off`;
}

function columnOf(row: Row): TableColumn {
  const { name, shown, initial, identity, sequence, type, form } = row;
  const isSettled = settledTypes.has(type ?? "");
  const next = identity !== "" && sequence != null ? `nextval('${sequence.replaceAll("'", "''")}')` : undefined;
  return {
    name: name ?? "",
    cast: (isSettled ? shown : row["cast"]) ?? "text",
    initial: next ?? initial ?? "NULL",
    isText: form === "e" || isSettled || kinds[type ?? ""] === "text",
    isSettled,
    isIdentity: identity !== "",
    isGenerated: row["generated"] === "t",
  };
}

/** Types of which equal text is an equal value, once both are written in one form. */
const kinds: Record<string, FieldKind> = {
  ...{ bool: "boolean", date: "date", timestamp: "datetime", timestamptz: "datetime", time: "time", uuid: "id" },
  ...{ int2: "integer", int4: "integer", int8: "integer", oid: "integer" },
  ...{ numeric: "number", float4: "number", float8: "number" },
  ...{ text: "text", varchar: "text", bpchar: "text", citext: "text", name: "text" },
  // Kept as they are written; bytes are told by their digits.
  ...{ json: "text", xml: "text", bytea: "id" },
};

const ranges: Record<string, { min: string; max: string }> = {
  int2: { min: "-32768", max: "32767" },
  int4: { min: "-2147483648", max: "2147483647" },
  int8: { min: "-9223372036854775808", max: "9223372036854775807" },
  oid: { min: "0", max: "4294967295" },
};

function fieldOfColumn(row: Row, table: CatalogTable, role: string): FieldSchema {
  const { name, type: typeName, form, label, shown, identity } = row;
  const type = typeName ?? "";
  const modifier = Number(row["modifier"]);
  const isEnum = form === "e";
  const isSettled = settledTypes.has(type);
  const kind = isEnum || isSettled ? "text" : kinds[type];
  const readOnly = readOnlyBy(row, kind);
  const isWritten = readOnly === undefined;
  const range = ranges[type];
  const parents = row["parents"] == null ? [] : (JSON.parse(row["parents"]) as string[]);
  const isUnique = row["isUnique"] === "t" && kind !== undefined && !isSettled;
  return fieldOf({
    name: name ?? "",
    label: label ?? name ?? "",
    vendorType: shown ?? type,
    kind: kind === "id" ? "text" : (kind ?? "text"),
    createable: isWritten && row["mayInsert"] === "t",
    updateable: isWritten && row["mayUpdate"] === "t",
    ...grantOf(row, isWritten, table, role),
    ...(readOnly === undefined ? {} : { readOnly }),
    nillable: row["required"] !== "t",
    defaultedOnCreate: row["initial"] != null || identity !== "",
    // To the server other texts are this key too: what is made by it would be written into another record.
    externalId: isUnique && row["exact"] !== "f",
    unique: isUnique,
    caseSensitive: type !== "citext",
    referenceTo: parents,
    ...(range === undefined ? {} : { range }),
    ...(type === "numeric" ? numericRoom(modifier) : {}),
    ...(["varchar", "bpchar"].includes(type) && modifier > 4 ? { maxLength: modifier - 4 } : {}),
    ...(isEnum
      ? { picklist: { values: (JSON.parse(row["labels"] ?? "[]") as string[]).map(markCell), restricted: true } }
      : {}),
  });
}

function readOnlyBy(row: Row, kind: FieldKind | undefined): FieldSchema["readOnly"] {
  const { generated, identity, type, shown, modifier } = row;
  if (generated === "t") return isMade;
  if (identity === "a") {
    return { why: "is numbered by the server (GENERATED ALWAYS)", next: "leave it out of the map" };
  }
  if (type === "numeric" && Number(modifier) >= 4 && numericRoom(Number(modifier)) === undefined) {
    return { why: `is of type ${shown}, which rounds what it is given`, next: "a column of type numeric" };
  }
  if (kind !== undefined) return undefined;
  return isUnsure(type?.startsWith("_") === true ? "an array" : `of type ${shown}`);
}

function grantOf(row: Row, isWritten: boolean, { name: table }: CatalogTable, role: string): { grant?: string } {
  const rights = [
    ["INSERT", row["mayInsert"]],
    ["UPDATE", row["mayUpdate"]],
  ].flatMap(([right, may]) => (may === "t" ? [] : [right ?? ""]));
  if (!isWritten || rights.length === 0) return {};
  return { grant: rights.map((right) => grant(right, table, role, [row["name"] ?? ""])).join("; ") };
}
