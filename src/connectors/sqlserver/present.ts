// A table as it is at present, in SQL Server's SQL. In: a table and its fields. Out: SQL of cells, and of what names a row. Must
// hold: texts are compared by their code units, whatever a collation says.

import { clearCell, emptyMark } from "../sql/cells.ts";
import { idColumn } from "../sql/names.ts";
import { unnamedRows } from "../sql/unwritten.ts";
import type { SqlserverTable, TableColumn } from "./fields.ts";
import { binary, digestOf, nameByKey, quoteName } from "./names.ts";
import { boundTexts } from "./reading.ts";
import { booleanText, hexOf, inUtc } from "./types.ts";

/** `of`: the name of the table in the statement. */
export function nameOfRow({ key, columns }: SqlserverTable, of = "t"): string {
  return key.length === 0
    ? "N''"
    : nameByKey(key.flatMap((name) => columns.get(name) ?? []).map((one) => textIn(one, of)));
}

/** What tells a change of a row is all that it holds. */
export function versionOfRow({ columns }: SqlserverTable): string {
  return digestOf([...columns.values()].map((column) => textIn(column, "t")));
}

function isText({ word }: TableColumn): boolean {
  return /^n?(var)?char$/.test(word);
}

/** Text of a value, without marks. */
function textIn(column: TableColumn, of: string): string {
  const own = `${of}.${quoteName(column.name)}`;
  switch (column.word) {
    case "char":
    case "nchar":
      return `RTRIM(${own})`;
    case "bit":
      return booleanText(own);
    case "money":
    case "smallmoney":
      return `CONVERT(nvarchar(40), ${own}, 2)`;
    case "float":
    case "real":
      return `CONVERT(nvarchar(40), ${own}, 3)`;
    case "date":
      return `CONVERT(nvarchar(10), ${own}, 23)`;
    case "time":
      return `CONVERT(nvarchar(16), ${own}, 121) + N'Z'`;
    case "datetime":
    case "smalldatetime":
    case "datetime2":
      return `REPLACE(CONVERT(nvarchar(40), ${own}, 121), N' ', N'T')`;
    case "datetimeoffset":
      return `REPLACE(CONVERT(nvarchar(40), ${inUtc(own)}, 121), N' ', N'T') + N'Z'`;
    case "uniqueidentifier":
      return `LOWER(CONVERT(nvarchar(36), ${own}))`;
    case "binary":
    case "varbinary":
    case "image":
    case "timestamp":
      return hexOf(own);
    default:
      return `CONVERT(nvarchar(max), ${own})`;
  }
}

/** A field as batches have it. */
export function cellOf(table: SqlserverTable, field: string): string {
  const column = table.columns.get(field);
  if (field === idColumn || column === undefined) return nameOfRow(table);
  // As a double, which is written in full and no longer than that.
  if (column.word === "float") return `t.${quoteName(column.name)}`;
  const text = textIn(column, "t");
  return isText(column) ? markText(text) : text;
}

function markText(text: string): string {
  const first = `LEFT(${text}, 1) ${binary}`;
  return `CASE WHEN DATALENGTH(${text}) = 0 OR ${first} IN (N'${emptyMark}', N'${clearCell}') THEN N'${emptyMark}' + ${text} ELSE ${text} END`;
}

/** The text that a cell means. */
function unmarkText(cell: string): string {
  return `CASE WHEN LEFT(${cell}, 1) ${binary} = N'${emptyMark}' THEN STUFF(${cell}, 1, 1, N'') ELSE ${cell} END`;
}

/** The value that a cell means, of the column's type; NULL where it is none. */
export function readCell(column: TableColumn, cell: string): string {
  const { word, declared } = column;
  if (isText(column)) return unmarkText(cell);
  switch (word) {
    case "bit":
      return `CONVERT(bit, CASE ${cell} WHEN N'true' THEN 1 WHEN N'false' THEN 0 END)`;
    case "time":
      return `TRY_CONVERT(${declared}, REPLACE(${cell}, N'Z', N''))`;
    case "datetime":
    case "smalldatetime":
      // Of a text with more than three digits of a second it makes nothing.
      return `TRY_CONVERT(${declared}, TRY_CONVERT(datetime2(3), ${cell}, 126))`;
    case "datetime2":
      return `TRY_CONVERT(${declared}, ${cell}, 126)`;
    case "date":
      return `TRY_CONVERT(date, ${cell}, 23)`;
    default:
      return `TRY_CONVERT(${declared}, ${cell})`;
  }
}

/** Of a text in the column's character set and collation. */
function stored({ word, collation }: TableColumn, text: string): string {
  const collated = `${text} COLLATE ${collation ?? "Latin1_General_100_BIN2"}`;
  return word.startsWith("n") ? collated : `CONVERT(varchar(max), ${collated})`;
}

/** BOOLEAN: the column's characters don't have all of the text's. */
export function isUnwritable(column: TableColumn, cell: string): string | undefined {
  const value = readCell(column, cell);
  if (!isText(column)) return `${value} IS NULL`;
  if (column.word.startsWith("n")) return undefined;
  return `CONVERT(nvarchar(max), ${stored(column, `(${value})`)}) ${binary} <> (${value}) ${binary}`;
}

function bytesOf(text: string): string {
  return `CONVERT(varbinary(max), ${text})`;
}

/** BOOLEAN: `t` has this value. The index finds it, the code units decide. */
export function holds(column: TableColumn, value: string): string {
  const own = `t.${quoteName(column.name)}`;
  if (!isText(column)) return `${own} = ${value}`;
  const asked = stored(column, `(${value})`);
  return `${own} = ${asked} AND ${bytesOf(textIn(column, "t"))} = ${bytesOf(asked)}`;
}

/** BOOLEAN: `t` has another value; NULL is one. */
export function differs(column: TableColumn, value: string): string {
  const own = `t.${quoteName(column.name)}`;
  const [one, other] = isText(column)
    ? [bytesOf(textIn(column, "t")), bytesOf(stored(column, `(${value})`))]
    : [own, value];
  return `NOT EXISTS (SELECT ${one} INTERSECT SELECT ${other})`;
}

/** BOOLEAN over `t`: its row is named by one of the bound `keys`. */
export function isAsked(table: SqlserverTable, field: string): string {
  const column = table.columns.get(field);
  if (column === undefined && table.key.length === 0) {
    throw unnamedRows(table.table);
  }
  const named = column === undefined ? nameOfRow(table) : `${cellOf(table, field)} ${isText(column) ? binary : ""}`;
  return `${named.trim()} IN (${boundTexts("keys")})`;
}

/** BOOLEAN: `t` is the row that a cell names. */
export function isNamed({ key, columns }: SqlserverTable, cell: string): string {
  const parts = key.flatMap((name) => columns.get(name) ?? []);
  const at = (index: number) => (parts.length === 1 ? cell : `JSON_VALUE(${cell}, '$[${index}]')`);
  // A name is no cell: it has no marks.
  return parts.map((one, index) => holds(one, isText(one) ? at(index) : readCell(one, at(index)))).join(" AND ");
}
