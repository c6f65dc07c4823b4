// How MySQL stores a value. Must hold: a time that is finer than its column is refused: the server would round it; a column
// without a zone takes a local time as it stands, and no instant.

import type { RenderedField } from "../../contract/values.ts";
import type { FieldSchema } from "../../core/model.ts";
import type { DayRange } from "../../values/instant.ts";
import type { Reading } from "../../values/value.ts";
import { type RenderLimits, renderSqlField } from "../sql/render.ts";
import { asFineAs, renderLocal } from "../sql/times.ts";

/** https://dev.mysql.com/doc/refman/8.4/en/datetime.html */
const days: DayRange = {
  first: "1000-01-01",
  last: "9999-12-31",
  lastInstant: "9999-12-31T23:59:59.499999Z",
  holder: "MySQL",
  secondDigits: 6,
};

const timestamps: DayRange = {
  ...days,
  first: "1970-01-01",
  last: "2038-01-19",
  lastInstant: "2038-01-19T03:14:07.499999Z",
};

const limits: RenderLimits = {
  days,
  nearest: ({ vendorType }) => (vendorType.startsWith("double") ? "DOUBLE" : undefined),
  isPadded: ({ vendorType }) => vendorType.startsWith("char("),
};

export function renderField(field: FieldSchema, value: string, type: string, reading: Reading): RenderedField {
  const { vendorType } = field;
  if (vendorType.startsWith("datetime")) return renderLocal(days, digitsOf(field), field, value, type);
  const isTimestamp = vendorType.startsWith("timestamp");
  const rendered = renderSqlField(isTimestamp ? { ...limits, days: timestamps } : limits, field, value, type, reading);
  return isTimestamp || vendorType.startsWith("time")
    ? asFineAs(digitsOf(field), field, value, type, rendered)
    : rendered;
}

/** Digits of a second that a column holds. */
export function digitsOf({ vendorType }: FieldSchema): number {
  return Number(/\((\d)\)/.exec(vendorType)?.[1] ?? 0);
}
