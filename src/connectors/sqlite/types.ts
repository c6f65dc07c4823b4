// The types of columns, as they are declared, and what rows hold in them. In: the words of CREATE TABLE; a value. Out: what an
// expression sees, and the text of the value. Must hold: a row may hold anything in any column
// (https://www.sqlite.org/datatype3.html): what is of another kind than its column is no value of it, and is never cast.

import { refusedCell } from "../../core/copied-file.ts";
import { numberType } from "../../values/number.ts";
import { writeDouble } from "../sql/double.ts";
import type { SqliteValue } from "./client.ts";

/** What a column is meant to hold. `any`: where nothing sure is said of it. */
export type ColumnClass =
  | "integer"
  | "boolean"
  | "real"
  | "numeric"
  | "text"
  | "bytes"
  | "date"
  | "datetime"
  | "time"
  | "any";

/** By the words of the declaration, as SQLite goes by them, and where it takes any for numeric by what people mean. */
export function classOf(declared: string | null | undefined): ColumnClass {
  const type = (declared ?? "").trim().toUpperCase();
  if (type === "") return "any";
  if (type.includes("INT")) return "integer";
  if (/CHAR|CLOB|TEXT/.test(type)) return "text";
  if (type.includes("BLOB")) return "bytes";
  if (/REAL|FLOA|DOUB/.test(type)) return "real";
  if (type.startsWith("BOOL")) return "boolean";
  if (/^(DATETIME|TIMESTAMP)/.test(type)) return "datetime";
  if (type.startsWith("DATE")) return "date";
  if (type.startsWith("TIME")) return "time";
  return /^(NUMERIC|NUMBER|DEC|MONEY)/.test(type) ? "numeric" : "any";
}

/** DuckDB's types. What has days is a text here: SQLite keeps it as its writers like it. */
export const readTypes: Record<ColumnClass, string> = {
  ...{ integer: "BIGINT", boolean: "BOOLEAN", real: "DOUBLE", numeric: numberType },
  ...{ text: "VARCHAR", bytes: "VARCHAR", date: "VARCHAR", datetime: "VARCHAR", time: "VARCHAR", any: "VARCHAR" },
};

/** The text of a value of a column, or why it is none. */
export function readValue(name: string, kind: ColumnClass, value: SqliteValue): string | null {
  if (value === null) return null;
  const other = otherThan(kind, value);
  if (other === undefined) return plainText(kind, value);
  return refusedCell(`"${name}" holds ${other}`, showValue(value));
}

/** What is wrong with a value, in a column of a class. */
function otherThan(kind: ColumnClass, value: Exclude<SqliteValue, null>): string | undefined {
  const isNumber = typeof value === "number" || typeof value === "bigint";
  const isCounted = kind === "integer" || kind === "real" || kind === "numeric" || kind === "boolean";
  if (kind === "bytes") return value instanceof Uint8Array ? undefined : `${nounOf(value)} in a column of bytes`;
  if (value instanceof Uint8Array) return "bytes (a BLOB), which are no text";
  if (!isCounted) return undefined;
  if (!isNumber) return "a text in a column of numbers";
  if (typeof value === "number" && !Number.isFinite(value)) return "infinity, which is no number that others can hold";
  if (kind === "integer" && typeof value === "number") return "a number that is no whole one of 64 bits";
  return kind === "boolean" && value !== 0n && value !== 1n ? "neither 0 nor 1 in a column of truth values" : undefined;
}

function nounOf(value: Exclude<SqliteValue, null>): string {
  return typeof value === "string" ? "a text" : "a number";
}

function plainText(kind: ColumnClass, value: Exclude<SqliteValue, null>): string {
  if (kind === "boolean") return value === 1n ? "true" : "false";
  if (value instanceof Uint8Array) return `\\x${Buffer.from(value).toString("hex")}`;
  return typeof value === "number" ? writeDouble(value) : String(value);
}

/** As SQL writes it, so that its type can be seen. */
export function showValue(value: Exclude<SqliteValue, null>): string {
  if (value instanceof Uint8Array) return `X'${Buffer.from(value).toString("hex")}'`;
  return typeof value === "string" ? `'${value.replaceAll("'", "''")}'` : String(value);
}
