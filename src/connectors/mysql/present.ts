// A table as it is at present, in MySQL's SQL. In: a table and its fields. Out: SQL of cells, and of what names a row. Must hold:
// texts are compared by their bytes: collations call others equal, 'a' and 'A', 'a' and 'a '.

import { clearCell, emptyMark } from "../sql/cells.ts";
import { idColumn } from "../sql/names.ts";
import { unnamedRows } from "../sql/unwritten.ts";
import type { MysqlTable, TableColumn } from "./fields.ts";
import { digestOf, nameByKey, quoteName } from "./names.ts";
import { boundTexts, readInstant } from "./reading.ts";
import { booleanText } from "./types.ts";

export function nameOfRow({ key, columns }: MysqlTable): string {
  return key.length === 0 ? "''" : nameByKey(key.flatMap((name) => columns.get(name) ?? []).map(plainText));
}

/** No change of a row leaves a trace in it: what tells a change is all that it holds. */
export function versionOfRow({ columns }: MysqlTable): string {
  return digestOf([...columns.values()].filter(({ isPlanned }) => isPlanned !== true).map(plainText));
}

/** Text of a value, without marks. */
function plainText({ name, form }: TableColumn): string {
  const column = `t.${quoteName(name)}`;
  switch (form) {
    case "text":
      return `CONVERT(${column} USING utf8mb4)`;
    case "boolean":
      return booleanText(column);
    case "integer":
    case "bit":
      // Without the zeros that ZEROFILL shows.
      return `CAST(${column} + 0 AS CHAR)`;
    case "float":
      return `CAST(${column} + 0e0 AS CHAR)`;
    case "binary":
    case "other":
      return `LOWER(HEX(${column}))`;
    default:
      return `CAST(${column} AS CHAR)`;
  }
}

/** A field as batches have it. */
export function cellOf(table: MysqlTable, field: string): string {
  const column = table.columns.get(field);
  if (field === idColumn || column === undefined) return nameOfRow(table);
  if (column.isPlanned === true) return "CAST(NULL AS CHAR)";
  const text = plainText(column);
  switch (column.form) {
    case "text":
      return markText(text);
    case "timestamp":
      return `CONCAT(REPLACE(${text}, ' ', 'T'), 'Z')`;
    case "time":
      return `CONCAT(${text}, 'Z')`;
    default:
      return text;
  }
}

function markText(text: string): string {
  const first = `CAST(LEFT(${text}, 1) AS BINARY)`;
  const marks = [emptyMark, clearCell].map((mark) => `X'${Buffer.from(mark).toString("hex")}'`).join(", ");
  return `CASE WHEN OCTET_LENGTH(${text}) = 0 OR ${first} IN (${marks}) THEN CONCAT('${emptyMark}', ${text}) ELSE ${text} END`;
}

/** The text that a cell means. */
function unmarkText(cell: string): string {
  const mark = `X'${Buffer.from(emptyMark).toString("hex")}'`;
  return `CASE WHEN CAST(LEFT(${cell}, 1) AS BINARY) = ${mark} THEN SUBSTRING(${cell}, 2) ELSE ${cell} END`;
}

/** The value that a cell means, of the column's type. A text that is none is an error where it is written. */
export function readCell({ form, isUnsigned, digits }: TableColumn, cell: string): string {
  switch (form) {
    case "text":
      return unmarkText(cell);
    case "boolean":
      return `CASE ${cell} WHEN 'true' THEN 1 WHEN 'false' THEN 0 ELSE ${cell} END`;
    case "integer":
      return `CAST(${cell} AS ${isUnsigned ? "UNSIGNED" : "SIGNED"})`;
    case "bit":
      return `CAST(${cell} AS UNSIGNED)`;
    case "decimal":
      return `CAST(${cell} AS DECIMAL(65, ${digits}))`;
    case "double":
    case "float":
      return `(${cell} + 0e0)`;
    case "date":
      return `CAST(${cell} AS DATE)`;
    case "datetime":
    case "timestamp":
      return readInstant(cell, digits);
    case "time":
      return `CAST(REPLACE(${cell}, 'Z', '') AS TIME(${digits}))`;
    case "binary":
      return `UNHEX(${cell})`;
    default:
      return cell;
  }
}

/** What a text in the name of a row means. A name is no cell: it has no marks. */
function readName(column: TableColumn, text: string): string {
  return column.form === "text" ? text : readCell(column, text);
}

/** BOOLEAN: the table, `of`, has this value. The index finds it, the bytes decide. */
export function holds(column: TableColumn, value: string, of = "t"): string {
  const own = `${of}.${quoteName(column.name)}`;
  if (column.form !== "text") return `${own} = ${value}`;
  return `${own} = ${inCollation(column, value)} AND ${bytesOf(own)} = ${bytesOf(value)}`;
}

/** BOOLEAN: `t` has another value; NULL is one. */
export function differs(column: TableColumn, value: string): string {
  const own = `t.${quoteName(column.name)}`;
  return column.form === "text" ? `NOT (${bytesOf(own)} <=> ${bytesOf(value)})` : `NOT (${own} <=> ${value})`;
}

function inCollation({ form, characterSet, collation }: TableColumn, text: string): string {
  return form === "text" ? `CONVERT(${text} USING ${characterSet}) COLLATE ${collation}` : text;
}

function bytesOf(text: string): string {
  return `CAST(CONVERT(${text} USING utf8mb4) AS BINARY)`;
}

/** BOOLEAN over `t`: its row is named by one of the bound `keys`, or by a text that its collation takes for one. */
export function isAsked(table: MysqlTable, field: string): string {
  const { key, columns } = table;
  const asked = columns.get(field);
  const [first, ...others] = key.flatMap((name) => columns.get(name) ?? []);
  const column = asked ?? (others.length === 0 ? first : undefined);
  if (column !== undefined) {
    const value = asked === undefined ? readName(column, "k.value") : readCell(column, "k.value");
    return `t.${quoteName(column.name)} IN (${boundTexts("keys", inCollation(column, value))})`;
  }
  if (first === undefined) throw unnamedRows(table.table);
  return `${nameOfRow(table)} IN (${boundTexts("keys")})`;
}

/** BOOLEAN: the table, `of`, is at the row that a cell names. */
export function isNamed({ key, columns }: MysqlTable, cell: string, of = "t"): string {
  const parts = key.flatMap((name) => columns.get(name) ?? []);
  const at = (index: number) =>
    parts.length === 1 ? cell : `CONVERT(JSON_UNQUOTE(JSON_EXTRACT(${cell}, '$[${index}]')) USING utf8mb4)`;
  return parts.map((column, index) => holds(column, readName(column, at(index)), of)).join(" AND ");
}
