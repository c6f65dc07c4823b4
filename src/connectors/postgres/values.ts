// How PostgreSQL stores a value, as SQL: what is sent and what is compared is the same text. NULL and the empty text are two
// values; in files of ours an empty cell says nothing at all, so that both have marks.

import type { RenderedField } from "../../contract/values.ts";
import { renderedName } from "../../core/columns.ts";
import type { FieldSchema } from "../../core/model.ts";
import { literal } from "../../core/sql.ts";
import { storeBoolean } from "../../values/boolean.ts";
import { storeDay } from "../../values/day.ts";
import { type DayRange, storeInstant } from "../../values/instant.ts";
import { decimalOf, type NumberLimits, numberText, storeNumber } from "../../values/number.ts";
import { writtenText } from "../../values/text.ts";
import { storeTime, timeOf } from "../../values/time.ts";
import { trimmed } from "../../values/trim.ts";
import { type MappedValue, type Reading, textOf } from "../../values/value.ts";
import { invalidUnless, renderAs } from "../kit/render-as.ts";

/** NULL, in a cell of a batch. */
export const clearCell = "␀";
/** The empty text. A text that begins with one of the two marks has one more of these before it. */
const emptyMark = "∅";

const holder = "PostgreSQL";
const days: DayRange = {
  first: "0001-01-01",
  last: "9999-12-31",
  lastInstant: "9999-12-31T23:59:59.999999Z",
  holder,
  secondDigits: 6,
};

/** Of numeric without a precision, which takes more: grammars of the engine count no further. */
const wholeDigitsMax = 1000;

/** `value` is a column, so it may stand several times in the result. */
export function renderField(field: FieldSchema, value: string, type: string, reading: Reading): RenderedField {
  const mapped: MappedValue = { column: value, type };
  const rendered = renderedName(field.name);
  switch (field.kind) {
    case "number":
    case "integer":
      return renderNumber(field, mapped, reading);
    case "boolean":
      return asItIs(mapped, renderAs(field, mapped, storeBoolean(mapped), "BOOLEAN"));
    case "date":
      return asItIs(mapped, renderAs(field, mapped, storeDay(mapped, days, reading), "DATE"));
    case "datetime":
      return asItIs(mapped, renderAs(field, mapped, storeInstant(mapped, days, reading), "TIMESTAMP WITH TIME ZONE"));
    case "time":
      return asItIs(mapped, { ...renderAs(field, mapped, storeTime(mapped), "TIME"), typed: timeOf(rendered) });
    default:
      if (field.vendorType === "uuid") return renderUuid(field, value);
      return renderText(field, writtenText(value, type), reading);
  }
}

function renderNumber(field: FieldSchema, mapped: MappedValue, { round }: Reading): RenderedField {
  const { scale = 0, range, wholeDigits } = field;
  const isExact = field.kind === "integer" || wholeDigits !== undefined;
  const limits: NumberLimits = {
    holder,
    wholeMax: range === undefined ? (wholeDigits ?? wholeDigitsMax) : range.max.length,
    decimalsShown: 0,
    ...(isExact || round !== undefined ? { decimalsMax: scale } : {}),
    ...(range === undefined ? {} : { range: [range.min, range.max] as const }),
    ...(field.vendorType === "double precision" ? { isDouble: true as const } : {}),
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

/** In the form in which the server gives it back. */
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

/** Where the source does not tell nothing from an empty text, it is nothing. */
function renderText(field: FieldSchema, text: string, { tellsEmpty }: Reading): RenderedField {
  // Blanks at the end of character(n) are no part of the value.
  const stored = field.vendorType.startsWith("character(") ? `system.main.rtrim(${text})` : text;
  const rendered = renderedName(field.name);
  return {
    value: tellsEmpty === true ? markText(stored) : `nullif(${markText(stored)}, ${literal(emptyMark)})`,
    // Snapshots have the marks already.
    stored: `nullif(${stored}, '')`,
    typed: `CASE WHEN starts_with(${rendered}, ${literal(emptyMark)}) THEN substr(${rendered}, 2) ELSE ${rendered} END`,
  };
}

/** The same in DuckDB and in PostgreSQL. */
export function markText(text: string): string {
  return `CASE WHEN ${text} = '' OR starts_with(${text}, ${literal(emptyMark)}) OR starts_with(${text}, ${literal(clearCell)})
    THEN ${literal(emptyMark)} || ${text} ELSE ${text} END`;
}

/** In PostgreSQL: the text that a cell means. */
export function unmarkText(cell: string): string {
  return `CASE WHEN starts_with(${cell}, ${literal(emptyMark)}) THEN substr(${cell}, 2) ELSE ${cell} END`;
}
