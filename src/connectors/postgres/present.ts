// A table as it is at present, in PostgreSQL's SQL. In: a table and its fields. Out: SQL of cells, and of what names a row.

import { literal } from "../../core/sql.ts";
import { markText, unmarkText } from "../sql/cells.ts";
import { idColumn } from "../sql/names.ts";
import { unnamedRows } from "../sql/unwritten.ts";
import type { PostgresTable, TableColumn } from "./fields.ts";
import { nameByKey, quoteName } from "./names.ts";
import { boundTexts } from "./reading.ts";

export function nameOfRow(key: readonly string[]): string {
  return key.length === 0 ? "''" : nameByKey(key.map((name) => `t.${quoteName(name)}`));
}

/** A field as batches have it. */
export function cellOf({ key, columns }: PostgresTable, field: string): string {
  const column = columns.get(field);
  return field === idColumn || column === undefined ? nameOfRow(key) : cellOfColumn(column);
}

function cellOfColumn({ name, cast, isText, isSettled, isPlanned }: TableColumn): string {
  if (isPlanned === true) return "CAST(NULL AS text)";
  const column = `t.${quoteName(name)}`;
  if (isSettled) return markText(settledText(column));
  // Of its own collation, one that takes other texts for equal say, a text can't be searched.
  if (isText) return markText(`(${cast === "character" ? `rtrim(${column})` : `CAST(${column} AS text)`} COLLATE "C")`);
  if (cast.startsWith("timestamp")) return `to_json(${column}) #>> '{}'`;
  return cast === "time without time zone" ? `${column} || 'Z'` : `CAST(${column} AS text)`;
}

/** BOOLEAN over `t`: its row is named by one of the bound `keys`. */
export function isAsked({ key, columns, table }: PostgresTable, field: string): string {
  const values = boundTexts("keys");
  const column = columns.get(field);
  if (column !== undefined)
    return `t.${quoteName(field)} IN (SELECT ${readCell(column, "k.value")} FROM (${values}) AS k (value))`;
  const [first, ...others] = key.flatMap((name) => columns.get(name) ?? []);
  if (first === undefined) throw unnamedRows(table);
  if (others.length === 0)
    return `t.${quoteName(first.name)} IN (SELECT CAST(k.value AS ${first.cast}) FROM (${values}) AS k (value))`;
  return `${nameOfRow(key)} IN (${values})`;
}

/** As COPY writes it: a cast shows the address 10.0.0.1 as 10.0.0.1/32. */
export function settledText(value: string): string {
  return `CASE WHEN ${value} IS NOT NULL THEN format('%s', ${value}) END`;
}

/** Stands in what the server says of a value that is no number, which is how an expression raises an error. */
export const settledMark = "loadline_settled";

/** The value that a cell means, of the column's type. */
export function readCell({ name, cast, isText, isSettled }: TableColumn, cell: string): string {
  if (isSettled) {
    const value = `CAST(${unmarkText(cell)} AS ${cast})`;
    const told = `json_build_object('${settledMark}', ${settledText(value)}, 'field', ${literal(name)})`;
    const refused = `CAST(CAST(CAST(CAST(${told} AS text) AS int) AS text) AS ${cast})`;
    return `CASE WHEN ${settledText(value)} = ${unmarkText(cell)} THEN ${value} ELSE ${refused} END`;
  }
  return isText ? `CAST(${unmarkText(cell)} AS ${cast === "character" ? "text" : cast})` : `CAST(${cell} AS ${cast})`;
}
