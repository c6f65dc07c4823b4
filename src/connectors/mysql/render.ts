// How MySQL stores a value. Must hold: a time that is finer than its column is refused: the server would round it; a column
// without a zone takes a local time as it stands, and no instant.

import type { RenderedField } from "../../contract/values.ts";
import { renderedName } from "../../core/columns.ts";
import type { FieldSchema } from "../../core/model.ts";
import { literal } from "../../core/sql.ts";
import type { DayRange } from "../../values/instant.ts";
import { storeLocal } from "../../values/local.ts";
import { isBlank } from "../../values/trim.ts";
import { quoted, type Reading, textOf } from "../../values/value.ts";
import { renderAs } from "../kit/render-as.ts";
import { type RenderLimits, renderSqlField } from "../sql/render.ts";

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
  isDouble: ({ vendorType }) => vendorType.startsWith("double"),
  isPadded: ({ vendorType }) => vendorType.startsWith("char("),
};

export function renderField(field: FieldSchema, value: string, type: string, reading: Reading): RenderedField {
  const { vendorType } = field;
  if (vendorType.startsWith("datetime")) return renderLocal(field, value, type);
  const isTimestamp = vendorType.startsWith("timestamp");
  const rendered = renderSqlField(isTimestamp ? { ...limits, days: timestamps } : limits, field, value, type, reading);
  return isTimestamp || vendorType.startsWith("time") ? asFineAs(field, value, type, rendered) : rendered;
}

/** Digits of a second that a column holds. */
function digitsOf({ vendorType }: FieldSchema): number {
  return Number(/\((\d)\)/.exec(vendorType)?.[1] ?? 0);
}

function renderLocal(field: FieldSchema, value: string, type: string): RenderedField {
  const mapped = { column: value, type };
  const local = renderAs(field, mapped, storeLocal(mapped, days, digitsOf(field)), "TIMESTAMP");
  return { ...local, stored: `coalesce(${local.value}, nullif(${textOf(mapped)}, ''))` };
}

/** `12:00:00.500Z` in a column of whole seconds has a digit too many. */
function asFineAs(field: FieldSchema, value: string, type: string, rendered: RenderedField): RenderedField {
  const digits = digitsOf(field);
  if (digits === 6 || rendered.invalid === undefined) return rendered;
  const finer = (text: string) => `regexp_matches(${text}, '[.][0-9]{${digits}}[0-9]*[1-9][0-9]*Z$')`;
  const text = textOf({ column: value, type });
  const message = `${quoted(text)} || ${literal(` is finer than the ${digits === 0 ? "seconds" : `${digits} digits of a second`} that the column holds`)}`;
  return {
    ...rendered,
    value: `CASE WHEN NOT ${finer(rendered.value)} THEN ${rendered.value} END`,
    invalid: {
      condition: `${renderedName(field.name)} IS NULL AND NOT (${isBlank(text)})`,
      message: `CASE WHEN ${finer(rendered.value)} THEN ${message} ELSE ${rendered.invalid.message} END`,
    },
  };
}
