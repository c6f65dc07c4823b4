// Values, as the memory CRM stores them: text as it is, numbers to their scale, instants to the millisecond. In: a field and
// a mapped value as SQL. Out: SQL of what is stored, and of what can't be.

import { fieldOf } from "../../../src/connectors/kit/field.ts";
import { renderAs } from "../../../src/connectors/kit/render-as.ts";
import type { RenderedField } from "../../../src/contract/values.ts";
import { renderedName } from "../../../src/core/columns.ts";
import type { FieldSchema } from "../../../src/core/model.ts";
import { storeBoolean } from "../../../src/values/boolean.ts";
import { storeDay } from "../../../src/values/day.ts";
import { type DayRange, storeInstant } from "../../../src/values/instant.ts";
import { decimalOf, storeNumber } from "../../../src/values/number.ts";
import { type MappedValue, type Reading, textOf } from "../../../src/values/value.ts";
import type { MemoryField, MemoryRecord } from "./server.ts";

export const idColumn = "id";
export const versionColumn = "changed";
/** No text of a person. */
export const clearCell = "␀";

const days: DayRange = {
  first: "0001-01-01",
  last: "9999-12-31",
  lastInstant: "9999-12-31T23:59:59Z",
  holder: "the memory CRM",
};

export function schemaOf({ name, type, unique = false, required = false, maxLength, scale }: MemoryField): FieldSchema {
  return fieldOf({
    name,
    kind: type,
    vendorType: type,
    ...(maxLength === undefined ? {} : { maxLength }),
    ...(scale === undefined ? {} : { scale }),
    createable: type !== "id",
    updateable: type !== "id",
    nillable: !required,
    externalId: unique,
    unique,
    caseSensitive: true,
  });
}

/** `value` is a column, so it may stand several times in the result. */
export function renderField(field: FieldSchema, value: string, type: string, reading: Reading): RenderedField {
  const mapped: MappedValue = { column: value, type };
  const { scale = 0 } = field;
  switch (field.kind) {
    case "number": {
      const limits = { wholeMax: 18 - scale, decimalsMax: scale, decimalsShown: scale, holder: "the memory CRM" };
      const rendered = renderAs(field, mapped, storeNumber(mapped, limits, reading.round), "DECIMAL(18, 0)");
      return { ...rendered, typed: decimalOf(renderedName(field.name), scale) };
    }
    case "boolean":
      return renderAs(field, mapped, storeBoolean(mapped), "BOOLEAN");
    case "date":
      return renderAs(field, mapped, storeDay(mapped, days, reading), "DATE");
    case "datetime":
      return renderAs(field, mapped, storeInstant(mapped, days, reading), "TIMESTAMP WITH TIME ZONE");
    default:
      return { value: `nullif(${textOf(mapped)}, '')`, typed: renderedName(field.name) };
  }
}

/** A record's cells, by the names of the columns. */
export function cellsOf(record: MemoryRecord, columns: readonly string[]): string[] {
  const { id, changed, deleted, mergedInto, values } = record;
  const gone = { deleted: String(deleted), merged_into: mergedInto };
  const own: Record<string, string> = { [idColumn]: id, [versionColumn]: changed, ...gone };
  return columns.map((name) => own[name] ?? values[name] ?? "");
}
