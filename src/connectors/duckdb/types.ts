// DuckDB's types as a source gives them. In: a type as DESCRIBE has it. Out: what an expression sees of it, the text that is
// taken, which texts are values that others hold too; or what to do in place of mapping it. Must hold: a value comes to its
// last digit, or its row is a reject by name.

import { numberType } from "../../values/number.ts";
import type { ReadableType, RefusedType } from "../sql/dialect.ts";
import { doubleNumber, isoClock, isoDay, noClock, noDay, noNumber } from "../sql/patterns.ts";

const asText = (column: string) => `CAST(${column} AS VARCHAR)`;
const double: ReadableType = {
  type: "DOUBLE",
  select: asText,
  values: { pattern: doubleNumber, otherwise: noNumber },
};
const timestamp: ReadableType = {
  type: "TIMESTAMP",
  select: asText,
  values: { pattern: `${isoDay} ${isoClock}`, otherwise: noDay },
};
const text: ReadableType = { type: "VARCHAR", select: asText };

/** Their own text is the value, and this engine's type for it is the same one. */
const same = new Set(
  "BOOLEAN TINYINT SMALLINT INTEGER BIGINT HUGEINT UTINYINT USMALLINT UINTEGER UBIGINT UHUGEINT".split(" "),
);

const others: Record<string, ReadableType> = {
  ...{ FLOAT: double, DOUBLE: double, TIMESTAMP: timestamp, TIMESTAMP_S: timestamp, TIMESTAMP_MS: timestamp },
  ...{ VARCHAR: text, UUID: text, BIT: text, INTERVAL: text, JSON: text, "TIME WITH TIME ZONE": text },
  // Nanoseconds are no type to others: as text they come through.
  ...{ TIMESTAMP_NS: text, TIME_NS: text },
  BIGNUM: { type: numberType, select: asText },
  DATE: { type: "DATE", select: asText, values: { pattern: isoDay, otherwise: noDay } },
  TIME: { type: "TIME", select: asText, values: { pattern: isoClock, otherwise: noClock } },
  "TIMESTAMP WITH TIME ZONE": {
    type: "TIMESTAMP WITH TIME ZONE",
    select: asText,
    values: { pattern: `${isoDay} ${isoClock}\\+00`, otherwise: noDay },
  },
  BLOB: { type: "VARCHAR", select: (column) => `'\\x' || lower(hex(${column}))` },
};

/** `quoted`: the column's name as SQL has it. */
export function readableType(type: string, quoted: string): ReadableType | RefusedType {
  if (same.has(type) || /^DECIMAL\(\d+,\d+\)$/.test(type)) return { type, select: asText };
  const known = /^ENUM\(/.test(type) && !type.endsWith("]") ? text : others[type];
  if (known !== undefined) return known;
  return {
    refused: `is of type ${type.length > 60 ? `${type.slice(0, 60)}…` : type}, which has no text that is sure`,
    next: `a query with to_json(${quoted}), or a cast to VARCHAR`,
  };
}
