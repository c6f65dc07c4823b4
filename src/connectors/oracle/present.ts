// A table as it is at present, in Oracle's SQL. In: a table and its fields. Out: SQL of cells, of what names a row, and of values.

import { clearCell, emptyMark } from "../sql/cells.ts";
import { idColumn } from "../sql/names.ts";
import { unnamedRows } from "../sql/unwritten.ts";
import { columnIn, type OracleTable, type TableColumn } from "./fields.ts";
import { digestOf, nameByKey } from "./names.ts";
import { boundTexts } from "./reading.ts";

export function nameOfRow({ key, columns }: OracleTable, of = "t"): string {
  return key.length === 0
    ? "''"
    : nameByKey(key.flatMap((name) => columns.get(name) ?? []).map((one) => textIn(one, of)));
}

/** What tells a change of a row is all that it holds, but for long texts, of which no function of the server's makes less. */
export function versionOfRow({ columns }: OracleTable): string {
  const told = [...columns.values()].filter(({ form }) => form !== "long" && form !== "other");
  return digestOf(told.map((column) => textIn(column, "t")));
}

/** Text of a value, without marks. */
function textIn(column: TableColumn, of: string): string {
  const own = columnIn(column, of);
  switch (column.form) {
    case "padded":
      return `RTRIM(${own})`;
    case "number":
      return `TO_CHAR(${own}, 'TM9')`;
    case "boolean":
      return `CASE WHEN ${own} THEN 'true' WHEN NOT ${own} THEN 'false' END`;
    case "date":
      return `LTRIM(TO_CHAR(${own}, 'SYYYY-MM-DD"T"HH24:MI:SS'))`;
    case "local":
      return `LTRIM(TO_CHAR(${own}, 'SYYYY-MM-DD"T"HH24:MI:SS.FF9'))`;
    case "instant":
      return `LTRIM(TO_CHAR(SYS_EXTRACT_UTC(${own}), 'SYYYY-MM-DD"T"HH24:MI:SS.FF9')) || 'Z'`;
    default:
      return own;
  }
}

/** A field as batches have it. */
export function cellOf(table: OracleTable, field: string): string {
  const column = table.columns.get(field);
  if (field === idColumn || column === undefined) return nameOfRow(table);
  switch (column.form) {
    case "number":
    case "double":
      // As it is: the driver writes it in full.
      return columnIn(column, "t");
    case "text":
    case "padded":
    case "long": {
      const text = textIn(column, "t");
      return `CASE WHEN SUBSTR(${text}, 1, 1) IN ('${emptyMark}', '${clearCell}') THEN '${emptyMark}' || ${text} ELSE ${text} END`;
    }
    default:
      return textIn(column, "t");
  }
}

const localFormat = `'YYYY-MM-DD"T"HH24:MI:SS.FF'`;

/** The value that a bound text means, as `textFor` makes it. */
export function storedValue({ form, size }: TableColumn, text: string): string {
  switch (form) {
    case "padded":
      return `CAST(${text} AS CHAR(${size} CHAR))`;
    case "number":
      return `TO_NUMBER(${text})`;
    case "double":
      return `TO_BINARY_DOUBLE(${text})`;
    case "boolean":
      return `TO_BOOLEAN(${text})`;
    case "date":
      return `TO_DATE(${text}, 'YYYY-MM-DD"T"HH24:MI:SS')`;
    case "local":
      return `TO_TIMESTAMP(${text}, ${localFormat})`;
    case "instant":
      return `FROM_TZ(TO_TIMESTAMP(${text}, ${localFormat}), '+00:00')`;
    default:
      return text;
  }
}

/** What is bound for a cell that is not blank. */
export function textFor({ form }: TableColumn, cell: string): string | null {
  if (cell === clearCell) return null;
  if (form === "date") return cell.slice(0, 19);
  if (form === "instant") return cell.replace(/Z$/, "");
  const isText = form === "text" || form === "padded" || form === "long";
  return isText && cell.startsWith(emptyMark) ? cell.slice(emptyMark.length) : cell;
}

/** The key of a row, of what names it: a name is no cell, and has no marks. */
export function keyTexts({ key, columns }: OracleTable, id: string): (string | null)[] {
  const parts = key.length === 1 ? [id] : (JSON.parse(id) as (string | null)[]);
  return key.map((name, index) => {
    const part = parts[index] ?? null;
    const form = columns.get(name)?.form;
    return part !== null && form === "instant" ? part.replace(/Z$/, "") : part;
  });
}

/** BOOLEAN over `t`: its row is named by one of the bound `keys`. */
export function isAsked(table: OracleTable, field: string): string {
  const column = table.columns.get(field);
  if (column === undefined && table.key.length === 0) {
    throw unnamedRows(table.table);
  }
  const isNumber = column?.form === "number" || column?.form === "double";
  const named = column === undefined ? nameOfRow(table) : isNumber ? columnIn(column, "t") : cellOf(table, field);
  const texts = boundTexts("keys");
  return `${named} IN (${isNumber ? texts.replace("SELECT k.value", "SELECT TO_NUMBER(k.value)") : texts})`;
}
