// PostgreSQL's types. In: a type as the catalogue has it. Out: what an expression sees of its values, and which texts of it
// are values that others can hold too; or what to do in place of mapping it. Must hold: a value comes as the server stores
// it, to the last digit, or its row is a reject by name.

import { numberType } from "../../values/number.ts";
import type { ReadableType } from "../sql/dialect.ts";
import { doubleNumber, isoClock, isoDay, noClock, noDay, noNumber, plainNumber } from "../sql/patterns.ts";

/** A column's type, less its domain. */
export interface ColumnType {
  /** As pg_type calls it: int4, timestamptz, _text. */
  name: string;
  /** pg_type.typtype: e is an enum. */
  form: string;
  /** Precision, scale and length; -1 for none. */
  modifier: number;
}

const plain: Record<string, ReadableType> = {
  bool: { type: "BOOLEAN", select: (column) => `CAST(${column} AS text)` },
  int2: { type: "SMALLINT" },
  int4: { type: "INTEGER" },
  int8: { type: "BIGINT" },
  oid: { type: "BIGINT" },
  float4: { type: "DOUBLE", values: { pattern: doubleNumber, otherwise: noNumber } },
  float8: { type: "DOUBLE", values: { pattern: doubleNumber, otherwise: noNumber } },
  date: { type: "DATE", values: { pattern: isoDay, otherwise: noDay } },
  time: { type: "TIME", values: { pattern: isoClock, otherwise: noClock } },
  timestamp: { type: "TIMESTAMP", values: { pattern: `${isoDay} ${isoClock}`, otherwise: noDay } },
  timestamptz: {
    type: "TIMESTAMP WITH TIME ZONE",
    values: { pattern: `${isoDay} ${isoClock}\\+00`, otherwise: noDay },
  },
};

/** Their text is the value. */
const texts = new Set("text varchar bpchar name citext uuid json xml bytea".split(" "));

/** One value has several texts, of which the server gives back one: that one is the value. */
export const settledTypes: ReadonlySet<string> = new Set(
  "jsonb inet cidr macaddr macaddr8 interval timetz bit varbit".split(" "),
);

/** What an expression sees of a column, or why it sees nothing of it. */
export function readableType({ name, form, modifier }: ColumnType): ReadableType | { refused: string } {
  const known = plain[name];
  if (known !== undefined) return known;
  if (name === "numeric") return readNumeric(modifier);
  if (texts.has(name) || settledTypes.has(name) || form === "e") return { type: "VARCHAR" };
  const what = name.startsWith("_") ? "an array" : `of type ${name}`;
  return { refused: `is ${what}, which has no text that is sure` };
}

/** Of numeric(p, s) as a decimal of the engine, which has at most 38 digits. */
function readNumeric(modifier: number): ReadableType {
  const values = { pattern: plainNumber, otherwise: noNumber };
  const room = numericRoom(modifier);
  if (room === undefined) return { type: numberType, values };
  const precision = room.wholeDigits + room.scale;
  return { type: precision <= 38 ? `DECIMAL(${precision}, ${room.scale})` : numberType, values };
}

/** Digits that numeric(p, s) has room for, before and after the point; undefined where it is not said, or p < s. */
export function numericRoom(modifier: number): { wholeDigits: number; scale: number } | undefined {
  if (modifier < 4) return undefined;
  const precision = ((modifier - 4) >> 16) & 0xffff;
  // Eleven bits with a sign (PostgreSQL 15).
  const scale = (((modifier - 4) & 0x7ff) ^ 0x400) - 0x400;
  return scale >= 0 && scale <= precision ? { wholeDigits: precision - scale, scale } : undefined;
}
