// The columns of a table as a target has them. In: a table of the catalogue. Out: an object's schema, and what SQL needs to
// write a column. Must hold: a type that can't be compared exactly, or that keeps fewer digits than are sent, can't be written.

import type { FieldKind, FieldSchema } from "../../core/model.ts";
import { fieldOf } from "../kit/field.ts";
import type { DescribedTable, Row } from "../sql/dialect.ts";
import { idColumn } from "../sql/names.ts";
import { unnamed } from "../sql/unwritten.ts";
import { quoteName } from "./names.ts";
import type { OracleSession } from "./session.ts";
import { type CatalogTable, findTable, keyOf, type UniqueKey, uniqueKeys } from "./tables.ts";

/** How a column is read and written in SQL. */
type ColumnForm = "text" | "padded" | "long" | "number" | "double" | "boolean" | "date" | "local" | "instant" | "other";

export interface TableColumn {
  name: string;
  form: ColumnForm;
  /** Of a padded text: its characters. Of a time: digits of a second. */
  size: number;
  /** The server gives it where nothing is sent. */
  isNumbered: boolean;
}

export interface OracleTable extends DescribedTable {
  table: CatalogTable;
  columns: ReadonlyMap<string, TableColumn>;
  constraints: ReadonlyMap<string, string[]>;
  /** The database's characters are not all that there are. */
  isNarrow: boolean;
}

const columnsOf = `SELECT column_name AS "name", data_type AS "type", TO_CHAR(data_precision) AS "precision", TO_CHAR(data_scale) AS "scale",
    TO_CHAR(char_length) AS "length", nullable AS "nullable", virtual_column AS "virtual", identity_column AS "identity",
    default_on_null AS "onNull", CASE WHEN default_length > 0 THEN 'Y' ELSE 'N' END AS "initial"
  FROM all_tab_cols WHERE owner = :p1 AND table_name = :p2 AND hidden_column = 'NO' ORDER BY column_id`;

const foreignKeys = `SELECT c.constraint_name AS "name", x.column_name AS "column", r.owner || '.' || r.table_name AS "parent"
  FROM all_constraints c JOIN all_cons_columns x ON x.owner = c.owner AND x.constraint_name = c.constraint_name
    JOIN all_constraints r ON r.owner = c.r_owner AND r.constraint_name = c.r_constraint_name
  WHERE c.owner = :p1 AND c.table_name = :p2 AND c.constraint_type = 'R' ORDER BY c.constraint_name, x.position`;

const checks = `SELECT c.constraint_name AS "name", x.column_name AS "column"
  FROM all_constraints c JOIN all_cons_columns x ON x.owner = c.owner AND x.constraint_name = c.constraint_name
  WHERE c.owner = :p1 AND c.table_name = :p2 AND c.constraint_type = 'C'`;

const characters = `SELECT value AS "value" FROM nls_database_parameters WHERE parameter = 'NLS_CHARACTERSET'`;

export async function describeTable(session: OracleSession, name: string): Promise<OracleTable> {
  const table = await findTable(session, name);
  const named = [table.owner, table.relation];
  const rows = await session.rows(columnsOf, named);
  const keys = await uniqueKeys(session, table);
  const parents = await session.rows(foreignKeys, named);
  const checked = await session.rows(checks, named);
  const [set] = await session.rows(characters);
  const key = keyOf(keys);
  const own = fieldOf({ name: idColumn, label: "what names a row: its primary key", vendorType: "key", kind: "id" });
  const fields = [
    { ...own, createable: false, updateable: false },
    ...rows.map((row) => fieldOfColumn(row, keys, parents)),
  ];
  const isNarrow = set?.["value"] !== "AL32UTF8" && set?.["value"] !== "UTF8";
  const isNamed = table.isTable && key.length > 0;
  const unable = unableTo(table, key, isNarrow ? (set?.["value"] ?? "unknown") : undefined);
  const columnsBy = (list: readonly Row[]) =>
    [...Map.groupBy(list, (row) => row["name"] ?? "")].map(
      ([constraint, parts]) => [constraint, parts.map((part) => part["column"] ?? "")] as const,
    );
  return {
    table,
    isNarrow,
    schema: {
      object: table.name,
      label: table.label,
      createable: !isNarrow && table.isCreateable,
      updateable: !isNarrow && isNamed && table.isUpdateable,
      deletable: isNamed && table.isDeletable,
      fields: new Map(fields.map((field) => [field.name, field])),
      ...(unable === undefined ? {} : { unable }),
    },
    columns: new Map(rows.map((row) => [row["name"] ?? "", columnOf(row)])),
    key,
    constraints: new Map([
      ...keys.map(({ name: constraint, columns }) => [constraint, columns] as const),
      ...columnsBy(checked),
      ...columnsBy(parents),
    ]),
  };
}

function unableTo({ isTable }: CatalogTable, key: readonly string[], narrow: string | undefined): string | undefined {
  if (!isTable) return "it is a view";
  if (narrow !== undefined) {
    return `the database's character set is ${narrow}: of a character that it lacks the server would make another one`;
  }
  if (key.length > 0) return undefined;
  return unnamed;
}

function formOf({ type, precision, scale }: Row): ColumnForm {
  const word = type ?? "";
  if (word === "VARCHAR2" || word === "NVARCHAR2") return "text";
  if (word === "CHAR" || word === "NCHAR") return "padded";
  if (word === "CLOB" || word === "NCLOB") return "long";
  if (word === "NUMBER")
    return scale == null || Number(scale) >= 0
      ? precision == null && scale != null && scale !== "0"
        ? "other"
        : "number"
      : "other";
  if (word === "BINARY_DOUBLE") return "double";
  if (word === "BOOLEAN") return "boolean";
  if (word === "DATE") return "date";
  if (/^TIMESTAMP\(\d\) WITH (LOCAL )?TIME ZONE$/.test(word)) return "instant";
  return /^TIMESTAMP\(\d\)$/.test(word) ? "local" : "other";
}

function columnOf(row: Row): TableColumn {
  const form = formOf(row);
  const digits = Number(/\((\d)\)/.exec(row["type"] ?? "")?.[1] ?? 0);
  return {
    name: row["name"] ?? "",
    form,
    size: form === "padded" ? Number(row["length"]) : digits,
    isNumbered: row["identity"] === "YES",
  };
}

const kinds: Partial<Record<ColumnForm, FieldKind>> = {
  ...{ text: "text", padded: "text", long: "text", double: "number", boolean: "boolean" },
  ...{ date: "datetime", local: "datetime", instant: "datetime" },
};

/** Of a NUMBER without a precision, which keeps 38 digits of any number: so many stand on either side of the point. */
const digitsOfAny = { wholeDigits: 20, scale: 18 };

type NumberParts = Pick<FieldSchema, "kind"> & Partial<Pick<FieldSchema, "range" | "scale" | "wholeDigits">>;

function numberOf({ precision, scale }: Row): NumberParts {
  if (precision == null && scale == null) return { kind: "number", ...digitsOfAny };
  const digits = Number(precision ?? 38);
  if (Number(scale) > 0)
    return { kind: "number", scale: Number(scale), wholeDigits: Math.max(0, digits - Number(scale)) };
  const max = 10n ** BigInt(digits) - 1n;
  return { kind: "integer", range: { min: String(-max), max: String(max) } };
}

function fieldOfColumn(row: Row, keys: readonly UniqueKey[], parents: readonly Row[]): FieldSchema {
  const name = row["name"] ?? "";
  const { form, isNumbered } = columnOf(row);
  const kind = kinds[form];
  const isKnown = kind !== undefined || form === "number";
  const isWritten = isKnown && row["virtual"] !== "YES" && !isNumbered;
  const isUnique =
    isKnown && form !== "long" && keys.some(({ columns }) => columns.length === 1 && columns[0] === name);
  const length = Number(row["length"]);
  return fieldOf({
    name,
    vendorType: showType(row),
    kind: kind ?? "text",
    ...(form === "number" ? numberOf(row) : {}),
    createable: isWritten,
    updateable: isWritten,
    nillable: row["nullable"] === "Y" || row["onNull"] === "YES",
    defaultedOnCreate: row["initial"] === "Y" || isNumbered,
    externalId: isUnique,
    unique: isUnique,
    caseSensitive: true,
    referenceTo: parents.flatMap(({ column, parent }) => (column === name && parent != null ? [parent] : [])),
    ...((form === "text" || form === "padded") && length > 0 ? { maxLength: length } : {}),
  });
}

function showType({ type, precision, scale, length }: Row): string {
  const shown = type ?? "";
  if (shown === "NUMBER" && (precision != null || scale != null)) return `NUMBER(${precision ?? "*"}, ${scale ?? "0"})`;
  return /CHAR/.test(shown) ? `${shown}(${length})` : shown;
}

/** SQL of a column of `of`. */
export function columnIn({ name }: TableColumn, of: string): string {
  return `${of}.${quoteName(name)}`;
}
