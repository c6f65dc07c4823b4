// How SQLite stores a value: what a batch's cell is to it, and what a row's value is as a cell. In: cells; values. Must hold:
// what is read is the cell that was written; what has another type than its column is equal to no cell.

import type { RenderedField } from "../../contract/values.ts";
import type { FieldSchema } from "../../core/model.ts";
import { literal } from "../../core/sql.ts";
import type { Reading } from "../../values/value.ts";
import { clearCell, emptyMark, markCell } from "../sql/cells.ts";
import { writeDouble } from "../sql/double.ts";
import { idColumn, parentColumn, versionColumn } from "../sql/names.ts";
import { type RenderLimits, renderSqlField } from "../sql/render.ts";
import type { SqliteValue } from "./client.ts";
import { type ColumnClass, classOf, readValue, showValue } from "./types.ts";

const limits: RenderLimits = {
  days: {
    first: "0001-01-01",
    last: "9999-12-31",
    lastInstant: "9999-12-31T23:59:59.999999Z",
    holder: "SQLite",
    secondDigits: 6,
  },
  nearest: ({ kind }) => (kind === "number" ? "DOUBLE" : undefined),
  isPadded: () => false,
};

/** What SQLite takes for a number, blanks at its ends too. */
const numberLike = String.raw`\s*[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d+)?\s*`;

export function renderField(field: FieldSchema, value: string, type: string, reading: Reading): RenderedField {
  const rendered = renderSqlField(limits, field, value, type, reading);
  // A declaration that SQLite does not know makes numbers of such texts: 007 would be 7.
  if (field.kind !== "text" || classOf(field.vendorType) !== "any") return rendered;
  const text = `CAST(${value} AS VARCHAR)`;
  return {
    ...rendered,
    invalid: {
      condition: `coalesce(regexp_full_match(${text}, ${literal(numberLike)}), false)`,
      message: `'"' || ${text} || ${literal(`" would be stored as a number: SQLite takes the type ${field.vendorType} for NUMERIC`)}`,
    },
  };
}

const longest = { min: -(2n ** 63n), max: 2n ** 63n - 1n };

/** The value that a cell means, neither blank nor the mark of NULL. */
export function meantBy(kind: ColumnClass, cell: string): string | number | bigint {
  switch (kind) {
    case "integer":
      return BigInt(cell);
    case "boolean":
      return cell === "true" ? 1n : 0n;
    case "real":
      return Number(cell);
    case "numeric": {
      const whole = /^-?\d+$/.test(cell) ? BigInt(cell) : undefined;
      return whole !== undefined && whole >= longest.min && whole <= longest.max ? whole : Number(cell);
    }
    case "datetime":
      return ownTime(cell.replace("T", " "));
    case "time":
      return ownTime(cell);
    case "date":
      return cell;
    default:
      return cell.startsWith(emptyMark) ? cell.slice(emptyMark.length) : cell;
  }
}

/** In SQLite's own form, in which CURRENT_TIMESTAMP is: in UTC without saying so, a fraction only where there is one. */
function ownTime(cell: string): string {
  return cell.replace(/(?:\.0+|(\.\d*?[1-9])0*)?Z$/, "$1");
}

/** Nanoseconds since 1970 of a time of a row; undefined for what is none. A day begins at midnight, UTC where no offset is said. */
export function instantOf(text: string): bigint | undefined {
  const form = /^(\d{4}-\d\d-\d\d)(?:[ T](\d\d:\d\d(?::\d\d)?)(?:(?<=:\d\d:\d\d)\.(\d+))?\s*(Z|[+-]\d\d:\d\d)?)?$/i;
  const [, day, time = "00:00", fraction = "", offset = "Z"] = form.exec(text) ?? [];
  const midnight = new Date(`${day}T00:00Z`);
  const instant = Date.parse(`${day}T${time}${offset.toUpperCase()}`);
  // A day that no month has would be one of the next month.
  if (Number.isNaN(instant) || midnight.toISOString().slice(0, 10) !== day) return undefined;
  return BigInt(instant) * 1_000_000n + BigInt(fraction.slice(0, 9).padEnd(9, "0"));
}

/** What a row holds, as a cell. */
export function cellOf(name: string, kind: ColumnClass, value: SqliteValue): string | null {
  if (value === null) return null;
  if (name === idColumn || name === versionColumn || name === parentColumn) return readValue(name, "any", value);
  switch (kind) {
    case "integer":
    case "real":
    case "numeric":
      if (typeof value === "bigint") return String(value);
      return typeof value === "number" && Number.isFinite(value) ? writeDouble(value) : showValue(value);
    case "boolean":
      return value === 1n ? "true" : value === 0n ? "false" : showValue(value);
    case "datetime":
      return typeof value === "string" ? inIso(value) : showValue(value);
    case "time":
      return typeof value === "string" && /\d$/.test(value) ? `${value}Z` : showValue(value);
    case "date":
      return typeof value === "string" ? value : showValue(value);
    default:
      return typeof value === "string" ? markCell(value) : `${clearCell}${showValue(value)}`;
  }
}

/** Without a zone it is in UTC. */
function inIso(text: string): string {
  return /^\d{4}-\d\d-\d\d[ T]\d\d:\d\d(:\d\d(\.\d+)?)?$/.test(text) ? `${text.replace(" ", "T")}Z` : text;
}
