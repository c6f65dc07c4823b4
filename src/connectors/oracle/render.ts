// How Oracle stores a value. Must hold: a time that is finer than its column is refused, for the server would round it; so is an
// empty text, of which it makes NULL.

import type { RenderedField } from "../../contract/values.ts";
import type { FieldSchema } from "../../core/model.ts";
import { literal } from "../../core/sql.ts";
import type { DayRange } from "../../values/instant.ts";
import { writtenText } from "../../values/text.ts";
import type { Reading } from "../../values/value.ts";
import { type RenderLimits, renderSqlField } from "../sql/render.ts";
import { asFineAs, renderLocal } from "../sql/times.ts";

const days: DayRange = {
  first: "0001-01-01",
  last: "9999-12-31",
  lastInstant: "9999-12-31T23:59:59.999999Z",
  holder: "Oracle",
  secondDigits: 6,
};

const limits: RenderLimits = {
  days,
  nearest: ({ vendorType }) => (vendorType === "BINARY_DOUBLE" ? "DOUBLE" : undefined),
  isPadded: ({ vendorType }) => /^N?CHAR\(/.test(vendorType),
};

export function renderField(field: FieldSchema, value: string, type: string, reading: Reading): RenderedField {
  const { vendorType, kind } = field;
  const digits = Number(/^TIMESTAMP\((\d)\)/.exec(vendorType)?.[1] ?? 0);
  if (vendorType === "DATE") return renderLocal(days, 0, field, value, type);
  if (/^TIMESTAMP\(\d\)$/.test(vendorType)) return renderLocal(days, Math.min(digits, 6), field, value, type);
  const rendered = renderSqlField(limits, field, value, type, reading);
  if (kind === "datetime") return asFineAs(digits, field, value, type, rendered);
  if (kind !== "text" || reading.tellsEmpty !== true) return rendered;
  return {
    ...rendered,
    invalid: {
      condition: `coalesce(${writtenText(value, type)} = '', false)`,
      message: literal("an empty text: Oracle would store NULL; nullif(…, '') says that this is meant"),
    },
  };
}
