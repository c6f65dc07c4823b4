// Types of what a SELECT gives. In: a column as the protocol describes it. Out: what an expression sees of its values, and
// which texts of it are values that others can hold too; or what to do in place of mapping it. Must hold: a value comes as the
// server stores it, to the last digit, or its row is a reject by name.

import { numberType } from "../../values/number.ts";
import type { ReadableType, RefusedType, SelectedColumn } from "../sql/dialect.ts";
import { quoteName } from "./names.ts";
import type { ResultField } from "./session.ts";

/** https://dev.mysql.com/doc/dev/mysql-server/latest/field__types_8h.html */
const typeNames: Record<number, string> = {
  ...{ 1: "tinyint", 2: "smallint", 3: "int", 4: "float", 5: "double", 6: "null", 7: "timestamp", 8: "bigint" },
  ...{ 9: "mediumint", 10: "date", 11: "time", 12: "datetime", 13: "year", 16: "bit", 245: "json", 246: "decimal" },
  ...{ 249: "text", 250: "text", 251: "text", 252: "text", 253: "text", 254: "text", 255: "geometry" },
};

const unsigned = 32;
/** The character set of bytes that are no text. */
const binary = 63;

/** Of the calendar: ALLOW_INVALID_DATES lets a 31st of February in. */
const days = String.raw`(0[13578]|1[02])-(0[1-9]|[12]\d|3[01])|(0[469]|11)-(0[1-9]|[12]\d|30)|02-(0[1-9]|1\d|2[0-8])`;
const leapDay = String.raw`(\d\d(0[48]|[2468][048]|[13579][26])|(0[48]|[2468][048]|[13579][26])00)-02-29`;
const day = String.raw`((\d{3}[1-9]|\d\d[1-9]\d|\d[1-9]\d\d|[1-9]\d{3})-(${days})|${leapDay})`;
const clock = String.raw`([01]\d|2[0-3]):\d\d:\d\d(\.\d{1,6})?`;
const noDay = "is no day of the years 1 to 9999";

/** As texts `true` and `false`; any other number stays one. */
export function booleanText(column: string): string {
  return `CASE ${column} WHEN 0 THEN 'false' WHEN 1 THEN 'true' ELSE CAST(${column} AS CHAR) END`;
}

const whole: Record<string, readonly [signed: string, unsigned: string]> = {
  tinyint: ["SMALLINT", "SMALLINT"],
  smallint: ["SMALLINT", "INTEGER"],
  mediumint: ["INTEGER", "INTEGER"],
  int: ["INTEGER", "BIGINT"],
  bigint: ["BIGINT", "DECIMAL(20, 0)"],
};

const plain: Record<string, ReadableType> = {
  null: { type: "VARCHAR" },
  json: { type: "VARCHAR" },
  // The server writes a float with six digits; as a double it is written in full.
  float: { type: "DOUBLE", select: (column) => `${column} + 0e0` },
  double: { type: "DOUBLE" },
  bit: { type: "DECIMAL(20, 0)", select: (column) => `${column} + 0` },
  year: { type: "SMALLINT", values: { pattern: String.raw`[12]\d{3}`, otherwise: "is no year" } },
  date: { type: "DATE", values: { pattern: day, otherwise: noDay } },
  time: { type: "TIME", values: { pattern: clock, otherwise: "is no time of a day before 24:00" } },
  datetime: { type: "TIMESTAMP", values: { pattern: `${day} ${clock}`, otherwise: noDay } },
  timestamp: {
    type: "TIMESTAMP WITH TIME ZONE",
    select: (column) => `CONCAT(${column}, '+00')`,
    values: { pattern: `${day} ${clock}\\+00`, otherwise: noDay },
  },
};

const boolean: ReadableType = {
  type: "BOOLEAN",
  select: booleanText,
  values: { pattern: "true|false", otherwise: "is neither 0 nor 1, which tinyint(1) holds as a boolean" },
};

export function readField(field: ResultField): SelectedColumn {
  const { name } = field;
  const vendorType = typeNames[field.columnType];
  return { name, vendorType, type: typeOf(field, vendorType) };
}

function typeOf(field: ResultField, vendorType: string | undefined): ReadableType | RefusedType {
  const { columnLength, flags, decimals, characterSet } = field;
  const isUnsigned = (flags & unsigned) !== 0;
  if (vendorType === "tinyint" && columnLength === 1 && !isUnsigned) return boolean;
  const numbers = whole[vendorType ?? ""];
  if (numbers !== undefined) return { type: numbers[isUnsigned ? 1 : 0] };
  if (vendorType === "decimal")
    return decimalType(columnLength - (decimals > 0 ? 1 : 0) - (isUnsigned ? 0 : 1), decimals);
  if (vendorType === "text") {
    return characterSet === binary
      ? { type: "VARCHAR", select: (column) => `LOWER(HEX(${column}))` }
      : { type: "VARCHAR" };
  }
  const known = plain[vendorType ?? ""];
  if (known !== undefined) return known;
  return {
    refused: `is of type ${vendorType ?? field.columnType}, which has no text that is sure`,
    next: `a query that says how it is meant: ST_AsText(${quoteName(field.name)}), say`,
  };
}

/** As a decimal of the engine, which has at most 38 digits. */
function decimalType(precision: number, scale: number): ReadableType {
  if (precision <= 38) return { type: `DECIMAL(${precision}, ${scale})` };
  return { type: numberType, values: { pattern: String.raw`-?\d+(\.\d+)?`, otherwise: "is no number" } };
}
