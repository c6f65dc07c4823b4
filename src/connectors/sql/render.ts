// How a database stores a value, as DuckDB's SQL: what is sent and what is compared is the same text. Must hold: equal text
// means an equal value; what the column can't hold exactly is told.

import type { RenderedField } from "../../contract/values.ts";
import { renderedName } from "../../core/columns.ts";
import type { FieldSchema } from "../../core/model.ts";
import { literal } from "../../core/sql.ts";
import { storeBoolean } from "../../values/boolean.ts";
import { storeDay } from "../../values/day.ts";
import { type DayRange, storeInstant } from "../../values/instant.ts";
import { decimalOf, type NumberLimits, numberText, storeNumber } from "../../values/number.ts";
import { settledJson } from "../../values/settled-json.ts";
import { writtenText } from "../../values/text.ts";
import { storeTime, timeOf } from "../../values/time.ts";
import { trimmed } from "../../values/trim.ts";
import { type MappedValue, type Reading, textOf } from "../../values/value.ts";
import { invalidUnless, renderAs } from "../kit/render-as.ts";
import { emptyMark, markText } from "./cells.ts";

/** Of a decimal without a precision: grammars of the engine count no further. */
const wholeDigitsMax = 1000;

/** What differs between systems. */
export interface RenderLimits {
  days: DayRange;
  /** Of numbers that are doubles, or singles. */
  nearest(field: FieldSchema): "FLOAT" | "DOUBLE" | undefined;
  /** Blanks at the end are no part of the value. */
  isPadded(field: FieldSchema): boolean;
}

/** `value` is a column, so it may stand several times in the result. */
export function renderSqlField(
  limits: RenderLimits,
  field: FieldSchema,
  value: string,
  type: string,
  reading: Reading,
): RenderedField {
  const { days } = limits;
  const mapped: MappedValue = { column: value, type };
  const rendered = renderedName(field.name);
  switch (field.kind) {
    case "number":
    case "integer":
      return renderNumber(limits, field, mapped, reading);
    case "boolean":
      return asItIs(mapped, renderAs(field, mapped, storeBoolean(mapped), "BOOLEAN"));
    case "date":
      return asItIs(mapped, renderAs(field, mapped, storeDay(mapped, days, reading), "DATE"));
    case "datetime":
      return asItIs(mapped, renderAs(field, mapped, storeInstant(mapped, days, reading), "TIMESTAMP WITH TIME ZONE"));
    case "time":
      return asItIs(mapped, {
        ...renderAs(field, mapped, storeTime(mapped, days.secondDigits), "TIME"),
        typed: timeOf(rendered),
      });
    default:
      if (field.vendorType === "uuid") return renderUuid(field, value);
      if (field.vendorType === "bytea") return renderBytes(field, value);
      if (field.vendorType === "jsonb") return renderText(field, settledJson(writtenText(value, type)), false, reading);
      return renderText(field, writtenText(value, type), limits.isPadded(field), reading);
  }
}

function renderNumber(
  { days, nearest: nearestOf }: RenderLimits,
  field: FieldSchema,
  mapped: MappedValue,
  { round }: Reading,
): RenderedField {
  const { scale = 0, range, wholeDigits } = field;
  const nearest = nearestOf(field);
  const isExact = field.kind === "integer" || wholeDigits !== undefined;
  const limits: NumberLimits = {
    holder: days.holder,
    wholeMax: range === undefined ? (wholeDigits ?? wholeDigitsMax) : range.max.length,
    decimalsShown: 0,
    ...(isExact || round !== undefined ? { decimalsMax: scale } : {}),
    ...(range === undefined ? {} : { range: [range.min, range.max] as const }),
    ...(nearest === undefined ? {} : { nearest }),
  };
  const number = renderAs(field, mapped, storeNumber(mapped, limits, round), "DECIMAL(38, 0)");
  const typed = field.kind === "integer" ? number.typed : decimalOf(renderedName(field.name));
  return {
    ...number,
    typed,
    stored: `coalesce(${numberText(textOf(mapped))}, nullif(${trimmed(textOf(mapped))}, ''))`,
  };
}

/** A row may hold what loadline would not write: a day before Christ, a time finer than a millisecond. */
function asItIs(mapped: MappedValue, rendered: RenderedField): RenderedField {
  return { ...rendered, stored: `coalesce(${rendered.value}, nullif(${textOf(mapped)}, ''))` };
}

/** In the form in which servers give it back. */
function renderUuid(field: FieldSchema, value: string): RenderedField {
  const hex = `lower(replace(regexp_replace(${trimmed(value)}, '^\\{(.*)\\}$', '\\1'), '-', ''))`;
  const parts = [
    [1, 8],
    [9, 4],
    [13, 4],
    [17, 4],
    [21, 12],
  ].map(([from, length]) => `substr(${hex}, ${from}, ${length})`);
  return {
    value: `CASE WHEN regexp_full_match(${hex}, '[0-9a-f]{32}') THEN ${parts.join(" || '-' || ")} END`,
    invalid: invalidUnless(field, value, "a UUID"),
    typed: renderedName(field.name),
  };
}

/** As PostgreSQL gives them back: \x and two hexadecimal digits a byte. */
function renderBytes(field: FieldSchema, value: string): RenderedField {
  const digits = `lower(${trimmed(value)})`;
  return {
    value: `CASE WHEN regexp_full_match(${digits}, '\\\\x([0-9a-f]{2})*') THEN ${digits} END`,
    invalid: invalidUnless(field, value, "bytes: \\x and two hexadecimal digits for each"),
    typed: renderedName(field.name),
  };
}

/** Where the source does not tell nothing from an empty text, it is nothing. */
function renderText(field: FieldSchema, text: string, isPadded: boolean, { tellsEmpty }: Reading): RenderedField {
  const stored = isPadded ? `system.main.rtrim(${text})` : text;
  const rendered = renderedName(field.name);
  return {
    value: tellsEmpty === true ? markText(stored) : `nullif(${markText(stored)}, ${literal(emptyMark)})`,
    // Snapshots have the marks already.
    stored: `nullif(${stored}, '')`,
    typed: `CASE WHEN starts_with(${rendered}, ${literal(emptyMark)}) THEN substr(${rendered}, 2) ELSE ${rendered} END`,
  };
}
