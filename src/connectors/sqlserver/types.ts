// SQL Server's types. In: a type as the server describes a column of a result: decimal(10,2). Out: what an expression sees of its
// values, the text that is taken of them, and which texts are values that others can hold too; or what to do in place of mapping
// it. Must hold: a value comes to its last digit, or its row is a reject by name.

import type { ReadableType, RefusedType } from "../sql/dialect.ts";
import { isoDay, noDay } from "../sql/patterns.ts";
import { quoteName } from "./names.ts";

/** `numeric(10,2)`, `nvarchar(max)`: the word, and the numbers in brackets. */
export function readTypeName(shown: string): { word: string; first: number; second: number } {
  const [, word = "", first = "", second = ""] = /^(\w+)(?:\((\w+)(?:,(\d+))?\))?/.exec(shown) ?? [];
  return { word, first: Number(first), second: Number(second) };
}

/** Ten millionths of a second are a digit more than others hold. */
const clock = String.raw`([01]\d|2[0-3]):\d\d:\d\d(\.\d{1,6}0?)?`;
const finer = "is finer than a microsecond";

const text = (column: string) => `CONVERT(nvarchar(max), ${column})`;
const styled = (style: number) => (column: string) => `CONVERT(nvarchar(40), ${column}, ${style})`;

/** Of an instant with an offset, in UTC. */
export function inUtc(column: string): string {
  return `CONVERT(datetime2(7), SWITCHOFFSET(${column}, '+00:00'))`;
}

/** As texts `true` and `false`. */
export function booleanText(column: string): string {
  return `CASE ${column} WHEN 1 THEN N'true' WHEN 0 THEN N'false' END`;
}

const local: ReadableType = {
  type: "TIMESTAMP",
  select: styled(121),
  values: { pattern: `${isoDay} ${clock}`, otherwise: finer },
};

const plain: Record<string, ReadableType> = {
  bit: { type: "BOOLEAN", select: booleanText },
  tinyint: { type: "SMALLINT", select: text },
  smallint: { type: "SMALLINT", select: text },
  int: { type: "INTEGER", select: text },
  bigint: { type: "BIGINT", select: text },
  money: { type: "DECIMAL(19, 4)", select: styled(2) },
  smallmoney: { type: "DECIMAL(10, 4)", select: styled(2) },
  // They come as doubles, which JavaScript writes in full and no longer than that.
  float: { type: "DOUBLE" },
  real: { type: "DOUBLE" },
  date: { type: "DATE", select: styled(23), values: { pattern: isoDay, otherwise: noDay } },
  time: { type: "TIME", select: styled(121), values: { pattern: clock, otherwise: finer } },
  datetime: local,
  smalldatetime: local,
  datetime2: local,
  datetimeoffset: {
    type: "TIMESTAMP WITH TIME ZONE",
    select: (column) => `CONVERT(nvarchar(40), ${inUtc(column)}, 121) + N'+00'`,
    values: { pattern: `${isoDay} ${clock}\\+00`, otherwise: finer },
  },
  uniqueidentifier: { type: "VARCHAR", select: (column) => `LOWER(CONVERT(nvarchar(36), ${column}))` },
  binary: { type: "VARCHAR", select: hexOf },
  varbinary: { type: "VARCHAR", select: hexOf },
  timestamp: { type: "VARCHAR", select: hexOf },
  rowversion: { type: "VARCHAR", select: hexOf },
};

/** Hexadecimal digits. */
export function hexOf(column: string): string {
  return `LOWER(CONVERT(nvarchar(max), CONVERT(varbinary(max), ${column}), 2))`;
}

const texts = new Set(["char", "varchar", "text", "nchar", "nvarchar", "ntext", "xml", "sysname"]);

/** `shown`: undefined where the server has no name for it, of types of .NET. */
export function readableType(name: string, shown: string | null | undefined): ReadableType | RefusedType {
  const { word, first, second } = readTypeName(shown ?? "");
  const known = plain[word];
  if (known !== undefined) return known;
  if (word === "decimal" || word === "numeric") return { type: `DECIMAL(${first}, ${second})`, select: text };
  if (texts.has(word)) return { type: "VARCHAR", select: text };
  return {
    refused: `is of type ${shown ?? "unknown"}, which has no text that is sure`,
    next: `a query that says how it is meant: CONVERT(nvarchar(max), ${quoteName(name)}) AS …, or .ToString()`,
  };
}
