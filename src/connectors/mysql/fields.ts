// The columns of a table as a target has them. In: a table of the catalogue. Out: an object's schema, and what SQL needs to
// write a column. Must hold: a type that can't be compared exactly can't be written; what the user may not do is said.

import type { FieldKind, FieldSchema } from "../../core/model.ts";
import { withoutWidth } from "../../core/type-name.ts";
import { fieldOf } from "../kit/field.ts";
import { markCell } from "../sql/cells.ts";
import { childLinks } from "../sql/child-links.ts";
import type { DescribedTable, Row } from "../sql/dialect.ts";
import { idColumn } from "../sql/names.ts";
import { isMade, isUnsure, unnamed } from "../sql/unwritten.ts";
import { quoteName, showTableName } from "./names.ts";
import type { MysqlSession } from "./session.ts";
import { type CatalogTable, findTable, keyOf, uniqueIndexes } from "./tables.ts";

/** How a column is read and written in SQL. */
type ColumnForm =
  | "text"
  | "uuid"
  | "boolean"
  | "integer"
  | "bit"
  | "decimal"
  | "double"
  | "float"
  | "date"
  | "datetime"
  | "timestamp"
  | "time"
  | "binary"
  | "other";

export interface TableColumn {
  name: string;
  form: ColumnForm;
  isUnsigned: boolean;
  /** Of a decimal: digits after the point. Of a time: digits of a second. */
  digits: number;
  /** Of a text. */
  characterSet: string;
  collation: string;
  isAutoIncrement: boolean;
  isGenerated: boolean;
  /** It has a value where nothing is said. */
  isFilled: boolean;
  /** It is to be added, and not there yet. */
  isPlanned?: true;
}

export interface MysqlTable extends DescribedTable {
  table: CatalogTable;
  columns: ReadonlyMap<string, TableColumn>;
  /** Columns by the index, foreign key or check that an error names. */
  constraints: ReadonlyMap<string, string[]>;
}

const columnsOf = `SELECT COLUMN_NAME AS name, DATA_TYPE AS type, COLUMN_TYPE AS shown, IS_NULLABLE AS nullable,
    IF(COLUMN_DEFAULT IS NULL OR COLUMN_DEFAULT = 'NULL', '', 'default') AS initial, EXTRA AS extra, COLUMN_COMMENT AS label,
    CAST(CHARACTER_MAXIMUM_LENGTH AS CHAR) AS length, CAST(NUMERIC_PRECISION AS CHAR) AS \`precision\`,
    CAST(NUMERIC_SCALE AS CHAR) AS scale, CAST(DATETIME_PRECISION AS CHAR) AS digits, CHARACTER_SET_NAME AS characterSet,
    COLLATION_NAME AS collation, PRIVILEGES AS rights
  FROM information_schema.COLUMNS WHERE TABLE_SCHEMA = ? AND TABLE_NAME = ? ORDER BY ORDINAL_POSITION`;

const foreignKeys = `SELECT CONSTRAINT_NAME AS name, COLUMN_NAME AS \`column\`,
    CONCAT(REFERENCED_TABLE_SCHEMA, '.', REFERENCED_TABLE_NAME) AS parent
  FROM information_schema.KEY_COLUMN_USAGE
  WHERE TABLE_SCHEMA = ? AND TABLE_NAME = ? AND REFERENCED_TABLE_NAME IS NOT NULL ORDER BY CONSTRAINT_NAME, ORDINAL_POSITION`;

/** Foreign keys to the table, by which deleting a row changes others: a row for each of their columns. InnoDB knows no defaults. */
const childrenOf = `SELECT k.TABLE_SCHEMA AS \`schema\`, k.TABLE_NAME AS \`table\`, k.CONSTRAINT_NAME AS \`constraint\`,
    k.COLUMN_NAME AS field, k.REFERENCED_COLUMN_NAME AS parent, c.DELETE_RULE AS rule
  FROM information_schema.KEY_COLUMN_USAGE k JOIN information_schema.REFERENTIAL_CONSTRAINTS c
    ON c.CONSTRAINT_SCHEMA = k.CONSTRAINT_SCHEMA AND c.CONSTRAINT_NAME = k.CONSTRAINT_NAME AND c.TABLE_NAME = k.TABLE_NAME
  WHERE k.REFERENCED_TABLE_SCHEMA = ? AND k.REFERENCED_TABLE_NAME = ? AND c.DELETE_RULE IN ('CASCADE', 'SET NULL')
  ORDER BY k.TABLE_SCHEMA, k.TABLE_NAME, k.CONSTRAINT_NAME, k.ORDINAL_POSITION`;

/** MySQL names no table beside a check, so that one of the same name elsewhere may stand in for it. */
const checks = `SELECT c.CONSTRAINT_NAME AS name, c.CHECK_CLAUSE AS clause FROM information_schema.TABLE_CONSTRAINTS t
    JOIN information_schema.CHECK_CONSTRAINTS c ON c.CONSTRAINT_SCHEMA = t.CONSTRAINT_SCHEMA AND c.CONSTRAINT_NAME = t.CONSTRAINT_NAME
  WHERE t.TABLE_SCHEMA = ? AND t.TABLE_NAME = ? AND t.CONSTRAINT_TYPE = 'CHECK'`;

export async function describeTable(session: MysqlSession, name: string): Promise<MysqlTable> {
  const table = await findTable(session, name);
  const named = [table.schema, table.relation];
  const indexes = await uniqueIndexes(session, table);
  return tableOf(table, await session.rows(columnsOf, named), {
    indexes,
    children: await session.rows(childrenOf, named),
    parents: await session.rows(foreignKeys, named),
    checked: await session.rows(checks, named),
  });
}

interface Constraints {
  indexes: Awaited<ReturnType<typeof uniqueIndexes>>;
  parents?: readonly Row[];
  checked?: readonly Row[];
  children?: readonly Row[];
}

/** `rows`: of columns, as the catalogue has them. */
export function tableOf(
  table: CatalogTable,
  rows: readonly Row[],
  { indexes, parents = [], checked = [], children = [] }: Constraints,
): MysqlTable {
  const key = keyOf(indexes);
  const own = fieldOf({ name: idColumn, label: "what names a row: its primary key", vendorType: "key", kind: "id" });
  const fields = [
    { ...own, createable: false, updateable: false },
    ...rows.map((row) => fieldOfColumn(row, indexes, parents)),
  ];
  const unable = unableTo(table, key);
  const isWritten = table.isTable && table.engine === "InnoDB";
  return {
    table,
    schema: {
      object: table.name,
      label: table.label,
      createable: isWritten && table.isCreateable,
      updateable: isWritten && key.length > 0 && table.isUpdateable,
      deletable: isWritten && key.length > 0 && table.isDeletable,
      fields: new Map(fields.map((field) => [field.name, field])),
      cascades: childLinks(
        children.map((row) => ({ ...row, object: showTableName(row["schema"] ?? "", row["table"] ?? "") })),
      ),
      ...(unable === undefined ? {} : { unable }),
    },
    columns: new Map(rows.map((row) => [row["name"] ?? "", columnOf(row)])),
    key,
    constraints: new Map([
      ...indexes.map(({ name: index, columns }) => [index, columns] as const),
      ...checked.map((row) => [row["name"] ?? "", columnsIn(row["clause"] ?? "", rows)] as const),
      ...[...Map.groupBy(parents, (row) => row["name"] ?? "")].map(
        ([constraint, parts]) => [constraint, parts.map((part) => part["column"] ?? "")] as const,
      ),
    ]),
  };
}

function unableTo({ isTable, engine }: CatalogTable, key: readonly string[]): string | undefined {
  if (!isTable) return "it is a view";
  if (engine !== "InnoDB") return `it is of engine ${engine ?? "unknown"}, which has no transactions: InnoDB is needed`;
  return key.length > 0 ? undefined : unnamed;
}

const forms: Record<string, ColumnForm> = {
  ...{ char: "text", varchar: "text", tinytext: "text", text: "text", mediumtext: "text", longtext: "text" },
  ...{ enum: "text", uuid: "uuid", tinyint: "integer", smallint: "integer", mediumint: "integer", int: "integer" },
  ...{ bigint: "integer", year: "integer", bit: "bit", decimal: "decimal", double: "double", float: "float" },
  ...{
    date: "date",
    datetime: "datetime",
    timestamp: "timestamp",
    time: "time",
    binary: "binary",
    varbinary: "binary",
  },
  ...{ tinyblob: "binary", blob: "binary", mediumblob: "binary", longblob: "binary", set: "other", json: "other" },
};

function formOf({ type, shown }: Row): ColumnForm {
  return shown === "tinyint(1)" ? "boolean" : (forms[type ?? ""] ?? "other");
}

function columnOf(row: Row): TableColumn {
  const { name, shown, scale, digits, characterSet, collation } = row;
  const extra = row["extra"] ?? "";
  return {
    name: name ?? "",
    form: formOf(row),
    isUnsigned: /\bunsigned\b/.test(shown ?? ""),
    digits: Number(digits ?? scale ?? 0),
    characterSet: characterSet ?? "utf8mb4",
    collation: collation ?? "utf8mb4_bin",
    isAutoIncrement: extra.includes("auto_increment"),
    isGenerated: /\bGENERATED\b/i.test(extra.replace("DEFAULT_GENERATED", "")),
    isFilled: row["initial"] !== "" || /auto_increment|DEFAULT_GENERATED/i.test(extra),
  };
}

/** Forms of which equal text is an equal value, once both are written in one form. */
const kinds: Partial<Record<ColumnForm, FieldKind>> = {
  ...{
    text: "text",
    uuid: "text",
    boolean: "boolean",
    integer: "integer",
    bit: "integer",
    decimal: "number",
    double: "number",
  },
  ...{ date: "date", datetime: "datetime", timestamp: "datetime", time: "time" },
};

const bits: Record<string, number> = { tinyint: 8, smallint: 16, mediumint: 24, int: 32, bigint: 64 };

function rangeOf({ type, precision }: Row, isUnsigned: boolean): FieldSchema["range"] {
  if (type === "year") return { min: "1901", max: "2155" };
  if (type === "bit") return { min: "0", max: String(2n ** BigInt(precision ?? 1) - 1n) };
  const size = bits[type ?? ""];
  if (size === undefined) return undefined;
  const half = 2n ** BigInt(size - 1);
  return isUnsigned ? { min: "0", max: String(2n * half - 1n) } : { min: String(-half), max: String(half - 1n) };
}

function fieldOfColumn(
  row: Row,
  indexes: Awaited<ReturnType<typeof uniqueIndexes>>,
  parents: readonly Row[],
): FieldSchema {
  const { type, shown, label, precision, scale } = row;
  const name = row["name"] ?? "";
  const form = formOf(row);
  const { isUnsigned, isGenerated, isFilled } = columnOf(row);
  const kind = kinds[form];
  const readOnly = isGenerated ? isMade : kind === undefined ? isUnsure(`of type ${shown}`) : undefined;
  const isWritten = readOnly === undefined;
  const rights = (row["rights"] ?? "").split(",");
  const isUnique = kind !== undefined && indexes.some(({ columns }) => columns.length === 1 && columns[0] === name);
  const range = kind === "integer" ? rangeOf(row, isUnsigned) : undefined;
  return fieldOf({
    name,
    label: label == null || label === "" ? name : label,
    vendorType: withoutWidth(shown ?? type ?? ""),
    kind: kind ?? "text",
    createable: isWritten && rights.includes("insert"),
    updateable: isWritten && rights.includes("update"),
    ...(readOnly === undefined ? {} : { readOnly }),
    nillable: row["nullable"] === "YES",
    defaultedOnCreate: isFilled,
    externalId: isUnique,
    unique: isUnique,
    // Two texts are one only if they are so to the byte, whatever the collation says: the server refuses the other one.
    caseSensitive: true,
    referenceTo: parents.flatMap(({ column, parent }) => (column === name && parent != null ? [parent] : [])),
    ...(range === undefined ? {} : { range }),
    // A DOUBLE(10,2) rounds as a decimal does, and warns of nothing.
    ...(scale != null && (form === "decimal" || form === "double")
      ? { scale: Number(scale), wholeDigits: Number(precision) - Number(scale) }
      : {}),
    ...(type === "char" || type === "varchar" ? { maxLength: Number(row["length"]) } : {}),
    ...(type === "enum" ? { picklist: { values: labelsOf(shown ?? "").map(markCell), restricted: true } } : {}),
  });
}

/** A clause as the server keeps it has its names in backticks. */
function columnsIn(clause: string, rows: readonly Row[]): string[] {
  return rows.flatMap(({ name }) => (name != null && clause.includes(quoteName(name)) ? [name] : []));
}

/** Of `enum('a','it''s','back\\\\slash')`: as the server escapes it. */
function labelsOf(shown: string): string[] {
  const meant: Record<string, string> = { "''": "'", "\\0": "\0", "\\n": "\n", "\\r": "\r" };
  return [...shown.matchAll(/'((?:[^'\\]|''|\\.)*)'/gs)].map(([, text = ""]) =>
    text.replaceAll(/''|\\./gs, (escaped) => meant[escaped] ?? escaped.slice(1)),
  );
}
