// The columns of a table as a target has them. In: a table of the catalogue. Out: an object's schema, and what SQL needs to
// write a column. Must hold: a type that can't be compared exactly can't be written.

import type { FieldKind, FieldSchema } from "../../core/model.ts";
import { fieldOf } from "../kit/field.ts";
import type { DescribedTable, Row } from "../sql/dialect.ts";
import { idColumn } from "../sql/names.ts";
import { unnamed } from "../sql/unwritten.ts";
import type { SqlserverSession } from "./session.ts";
import { type CatalogTable, findTable, keyOf, type UniqueIndex, uniqueIndexes } from "./tables.ts";

export interface TableColumn {
  name: string;
  /** The word: nvarchar, decimal. */
  word: string;
  /** As SQL declares it: decimal(10, 2). */
  declared: string;
  /** Of texts. */
  collation: string | null;
}

export interface SqlserverTable extends DescribedTable {
  table: CatalogTable;
  columns: ReadonlyMap<string, TableColumn>;
  constraints: ReadonlyMap<string, string[]>;
}

const flag = (sql: string) => `CONVERT(nvarchar(1), IIF(${sql}, 1, 0))`;

/** Types of users are their base types. */
const columnsOf = `SELECT c.name, b.name AS word, CONVERT(nvarchar(10), c.max_length) AS bytes, CONVERT(nvarchar(10), c.precision) AS [precision],
    CONVERT(nvarchar(10), c.scale) AS scale, c.collation_name AS collation, ${flag("c.is_nullable = 1")} AS nullable,
    ${flag("c.is_identity = 1")} AS numbered, ${flag("c.is_computed = 1 OR c.generated_always_type <> 0")} AS computed,
    ${flag("c.default_object_id <> 0")} AS initial
  FROM sys.columns c LEFT JOIN sys.types b ON b.user_type_id = c.system_type_id
  WHERE c.object_id = @p1 AND c.is_hidden = 0 ORDER BY c.column_id`;

const foreignKeys = `SELECT k.name, COL_NAME(x.parent_object_id, x.parent_column_id) AS [column],
    OBJECT_SCHEMA_NAME(k.referenced_object_id) + N'.' + OBJECT_NAME(k.referenced_object_id) AS parent
  FROM sys.foreign_keys k JOIN sys.foreign_key_columns x ON x.constraint_object_id = k.object_id
  WHERE k.parent_object_id = @p1 ORDER BY k.name, x.constraint_column_id`;

const checks = "SELECT name, definition FROM sys.check_constraints WHERE parent_object_id = @p1";

export async function describeTable(session: SqlserverSession, name: string): Promise<SqlserverTable> {
  const table = await findTable(session, name);
  const rows = await session.rows(columnsOf, [table.id]);
  const indexes = await uniqueIndexes(session, table);
  const parents = await session.rows(foreignKeys, [table.id]);
  const checked = await session.rows(checks, [table.id]);
  const key = keyOf(indexes);
  const own = fieldOf({ name: idColumn, label: "what names a row: its primary key", vendorType: "key", kind: "id" });
  const fields = [
    { ...own, createable: false, updateable: false },
    ...rows.map((row) => fieldOfColumn(row, indexes, parents)),
  ];
  const isNamed = table.isTable && key.length > 0;
  const unable = unableTo(table, key);
  return {
    table,
    schema: {
      object: table.name,
      label: table.label,
      createable: table.isCreateable,
      updateable: isNamed && table.isUpdateable,
      deletable: isNamed && table.isDeletable,
      fields: new Map(fields.map((field) => [field.name, field])),
      ...(unable === undefined ? {} : { unable }),
    },
    columns: new Map(rows.map((row) => [row["name"] ?? "", columnOf(row)])),
    key,
    constraints: new Map([
      ...indexes.map(({ name: index, columns }) => [index, columns] as const),
      ...checked.map((row) => [row["name"] ?? "", columnsIn(row["definition"] ?? "", rows)] as const),
      ...[...Map.groupBy(parents, (row) => row["name"] ?? "")].map(
        ([constraint, parts]) => [constraint, parts.map((part) => part["column"] ?? "")] as const,
      ),
    ]),
  };
}

function unableTo({ isTable }: CatalogTable, key: readonly string[]): string | undefined {
  if (!isTable) return "it is a view";
  if (key.length > 0) return undefined;
  return unnamed;
}

/** A definition as the server keeps it has its names in brackets. */
function columnsIn(definition: string, rows: readonly Row[]): string[] {
  return rows.flatMap(({ name }) =>
    name != null && definition.includes(`[${name.replaceAll("]", "]]")}]`) ? [name] : [],
  );
}

/** Characters that a text has room for; undefined where it has room for all. */
function lengthOf({ word, bytes }: Row): number | undefined {
  const length = Number(bytes);
  if (word == null || !/^n?(var)?char$/.test(word) || length < 0) return undefined;
  return word.startsWith("n") ? length / 2 : length;
}

function columnOf(row: Row): TableColumn {
  const { name, word, collation, precision, scale } = row;
  const length = lengthOf(row);
  const declared =
    word === "decimal" || word === "numeric"
      ? `${word}(${precision}, ${scale})`
      : /^(datetime2|datetimeoffset|time)$/.test(word ?? "")
        ? `${word}(${scale})`
        : /char$/.test(word ?? "")
          ? `${word}(${length ?? "max"})`
          : (word ?? "");
  return { name: name ?? "", word: word ?? "", declared, collation: collation ?? null };
}

/** Words of which equal text is an equal value, once both are written in one form. */
const kinds: Record<string, FieldKind> = {
  ...{ bit: "boolean", tinyint: "integer", smallint: "integer", int: "integer", bigint: "integer" },
  ...{ decimal: "number", numeric: "number", money: "number", smallmoney: "number", float: "number" },
  ...{ date: "date", time: "time", datetimeoffset: "datetime", datetime2: "datetime", datetime: "datetime" },
  ...{ smalldatetime: "datetime", uniqueidentifier: "text" },
  ...{ char: "text", varchar: "text", nchar: "text", nvarchar: "text" },
};

const half = (bits: bigint) => 2n ** (bits - 1n);
const rangeOf = (bits: bigint) => ({ min: String(-half(bits)), max: String(half(bits) - 1n) });
const ranges: Record<string, NonNullable<FieldSchema["range"]>> = {
  tinyint: { min: "0", max: "255" },
  smallint: rangeOf(16n),
  int: rangeOf(32n),
  bigint: rangeOf(64n),
};

/** Of money: digits that surely fit. */
const money: Record<string, readonly [wholeDigits: number, scale: number]> = { money: [14, 4], smallmoney: [5, 4] };

function fieldOfColumn(row: Row, indexes: readonly UniqueIndex[], parents: readonly Row[]): FieldSchema {
  const name = row["name"] ?? "";
  const { word, declared } = columnOf(row);
  const kind = kinds[word];
  const isWritten = kind !== undefined && row["numbered"] !== "1" && row["computed"] !== "1";
  const isUnique = kind !== undefined && indexes.some(({ columns }) => columns.length === 1 && columns[0] === name);
  const length = lengthOf(row);
  const range = ranges[word];
  const scale = Number(row["scale"]);
  const [wholeDigits, digits] = money[word] ?? [Number(row["precision"]) - scale, scale];
  const isDecimal = kind === "number" && word !== "float";
  return fieldOf({
    name,
    vendorType: declared,
    kind: kind ?? "text",
    createable: isWritten,
    updateable: isWritten,
    nillable: row["nullable"] === "1",
    defaultedOnCreate: row["initial"] === "1" || row["numbered"] === "1" || word === "timestamp",
    externalId: isUnique,
    unique: isUnique,
    // Two texts are one only if they are so to the code unit, whatever the collation says: the server refuses the other one.
    caseSensitive: true,
    referenceTo: parents.flatMap(({ column, parent }) => (column === name && parent != null ? [parent] : [])),
    ...(range === undefined ? {} : { range }),
    ...(isDecimal ? { scale: digits, wholeDigits } : {}),
    ...(length === undefined || kind !== "text" ? {} : { maxLength: length }),
  });
}
