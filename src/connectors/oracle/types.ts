// Oracle's types. In: a type as the server describes a column of a result. Out: what an expression sees of its values, the text
// that is taken of them, and which texts are values that others can hold too; or what to do in place of mapping it. Must hold: a
// value comes to its last digit, or its row is a reject by name.

import type { Metadata } from "oracledb";
import { numberType } from "../../values/number.ts";
import type { ReadableType, RefusedType } from "../sql/dialect.ts";
import { doubleNumber, isoDay, noDay, noNumber, plainNumber } from "../sql/patterns.ts";
import { quoteName } from "./names.ts";

const clock = String.raw`([01]\d|2[0-3]):\d\d:\d\d(\.\d{6}(000)?)?`;

/** Years before Christ have a sign, a blank in its place is cut off. */
const textOf = (format: string) => (column: string) => `LTRIM(TO_CHAR(${column}, 'SYYYY-MM-DD HH24:MI:SS${format}'))`;

/** All nine digits of a second, of which six are held elsewhere. */
const nine = ".FF9";
const finer = "is no time of the years 1 to 9999, or is finer than a microsecond";

const double: ReadableType = { type: "DOUBLE", values: { pattern: doubleNumber, otherwise: noNumber } };
const instant: ReadableType = {
  type: "TIMESTAMP WITH TIME ZONE",
  select: (column) => `${textOf(nine)(`SYS_EXTRACT_UTC(${column})`)} || '+00'`,
  values: { pattern: `${isoDay} ${clock}\\+00`, otherwise: finer },
};
const text: ReadableType = { type: "VARCHAR" };

const plain: Record<string, ReadableType> = {
  BINARY_DOUBLE: double,
  BINARY_FLOAT: double,
  BOOLEAN: { type: "BOOLEAN" },
  // A day with a time, to the second.
  DATE: { type: "TIMESTAMP", select: textOf(""), values: { pattern: `${isoDay} ${clock}`, otherwise: noDay } },
  TIMESTAMP: { type: "TIMESTAMP", select: textOf(nine), values: { pattern: `${isoDay} ${clock}`, otherwise: finer } },
  "TIMESTAMP WITH TIME ZONE": instant,
  "TIMESTAMP WITH LOCAL TIME ZONE": instant,
  ...{
    VARCHAR2: text,
    NVARCHAR2: text,
    CHAR: text,
    NCHAR: text,
    VARCHAR: text,
    NVARCHAR: text,
    CLOB: text,
    NCLOB: text,
  },
  // Hexadecimal digits.
  ...{ RAW: text, BLOB: text },
};

export function readableType({ name, dbTypeName, precision, scale }: Metadata): ReadableType | RefusedType {
  if (dbTypeName === "NUMBER") return readNumber(precision ?? 0, scale ?? -127);
  const known = plain[dbTypeName];
  if (known !== undefined) return known;
  return {
    refused: `is of type ${dbTypeName}, which has no text that is sure`,
    next: `a query that says how it is meant: TO_CHAR(${quoteName(name)}) AS …, or JSON_SERIALIZE`,
  };
}

/** NUMBER without a precision, and FLOAT, have a scale of -127; a scale below zero rounds tens. */
function readNumber(precision: number, scale: number): ReadableType {
  if (precision === 0 || scale < 0 || scale > precision) {
    return { type: numberType, values: { pattern: plainNumber, otherwise: noNumber } };
  }
  return { type: scale === 0 && precision <= 18 ? "BIGINT" : `DECIMAL(${precision}, ${scale})` };
}
