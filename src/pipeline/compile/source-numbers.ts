// Numbers of records on their way from the text that an API gave. One that is mapped by itself is carried as its digits;
// one that an expression computes with is a decimal. What must hold: no digit is lost; where the decimal has no room for
// a number, its row is a reject.

import type { StrictColumn } from "../../contract/records.ts";
import { digitsName, sourceName } from "../../core/columns.ts";
import { problemStart } from "../../core/problem.ts";
import { literal } from "../../core/sql.ts";
import { decimalOf, decimalsComputed, isComputedNumber, numberText } from "../../values/number.ts";
import { bind } from "../../values/value.ts";

/** The column of numbers that an expression is, and nothing else. */
export function carriedNumber(
  expression: string,
  { columns, type }: { columns: ReadonlyMap<string, string>; type: string },
): string | undefined {
  const [name, ...others] = columns.keys();
  if (name === undefined || others.length > 0 || !/^(DECIMAL|BIGINT)/.test(type)) return undefined;
  return expression.trim().replaceAll('"', "").toLowerCase() === name.toLowerCase() ? name : undefined;
}

/** VARCHAR: the digits of such a column. What is no number is left for the target to refuse. */
export function digitsOfColumn(column: string): string {
  const cell = digitsName(column);
  return `coalesce(${numberText(cell)}, ${cell})`;
}

/** What expressions see of a cell, by the type of its field. */
export function readCell(cell: string, type: string, strict?: StrictColumn): string {
  // Bound: written out as often as it is looked at, it took the engine twice as long by the row, and seven times the text.
  const read = isComputedNumber(type) ? bind("digits", numberText(cell), decimalOf) : `CAST(${cell} AS ${type})`;
  return strict === undefined ? read : `CASE WHEN ${isPlain(cell, strict)} THEN ${read} END`;
}

function isPlain(cell: string, { pattern }: StrictColumn): string {
  return `regexp_full_match(${cell}, ${literal(pattern)})`;
}

/** A branch of CASE for rows whose value is none that others hold: `infinity`, a day before Christ. */
export function findStrange(name: string, strict: StrictColumn | undefined): string[] {
  if (strict === undefined) return [];
  const message = `${name} ${strict.otherwise}`;
  return [`WHEN NOT ${isPlain(sourceName(name), strict)} THEN ${literal(`${problemStart("", "value")}${message}`)}`];
}

/** A branch of CASE for rows whose number has more digits after the point than expressions compute with. */
export function findInexact([name, type]: readonly [string, string]): string[] {
  const decimals = isComputedNumber(type) ? decimalsComputed : type === "DECIMAL(18,0)" ? 0 : undefined;
  if (decimals === undefined) return [];
  const cell = sourceName(name);
  // The value stays unsaid: it may be one that the job wants hidden.
  const message = `has more than the ${decimals} digits after the point that expressions compute with; mapped by itself it keeps them all`;
  const condition = `strlen(${cell}) > ${decimals + 1} AND regexp_matches(${numberText(cell)}, '[.][0-9]{${decimals}}[0-9]')`;
  return [`WHEN ${condition} THEN ${literal(`${problemStart("", "number")}${name} ${message}`)}`];
}
