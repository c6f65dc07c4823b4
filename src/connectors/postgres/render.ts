// How PostgreSQL stores a value. Must hold: a time that is finer than its column is refused: the server would round it; a
// column without a zone takes a local time as it stands, and no instant.

import type { RenderedField } from "../../contract/values.ts";
import type { FieldSchema } from "../../core/model.ts";
import type { DayRange } from "../../values/instant.ts";
import type { Reading } from "../../values/value.ts";
import { type RenderLimits, renderSqlField } from "../sql/render.ts";
import { asFineAs, renderLocal } from "../sql/times.ts";

const days: DayRange = {
  first: "0001-01-01",
  last: "9999-12-31",
  lastInstant: "9999-12-31T23:59:59.999999Z",
  holder: "PostgreSQL",
  secondDigits: 6,
};

const limits: RenderLimits = {
  days,
  nearest: ({ vendorType }) =>
    vendorType === "double precision" ? "DOUBLE" : vendorType === "real" ? "FLOAT" : undefined,
  isPadded: ({ vendorType }) => vendorType.startsWith("character(") || vendorType === "bpchar",
};

export function renderField(field: FieldSchema, value: string, type: string, reading: Reading): RenderedField {
  const { kind, vendorType } = field;
  if (kind === "datetime" && vendorType.endsWith("without time zone"))
    return renderLocal(days, digitsOf(field), field, value, type);
  const rendered = renderSqlField(limits, field, value, type, reading);
  return kind === "datetime" || kind === "time" ? asFineAs(digitsOf(field), field, value, type, rendered) : rendered;
}

/** Digits of a second that a column holds: six where `timestamp(3)` does not say it. */
export function digitsOf({ vendorType }: FieldSchema): number {
  return Number(/\((\d)\)/.exec(vendorType)?.[1] ?? 6);
}
