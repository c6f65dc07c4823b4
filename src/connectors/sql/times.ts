// Times in columns that hold fewer digits of a second than others. Must hold: one that is finer than its column is refused: the
// server would round it; a column without a zone takes a local time as it stands, and no instant.

import type { RenderedField } from "../../contract/values.ts";
import { renderedName } from "../../core/columns.ts";
import type { FieldSchema } from "../../core/model.ts";
import { literal } from "../../core/sql.ts";
import type { DayRange } from "../../values/instant.ts";
import { storeLocal } from "../../values/local.ts";
import { isBlank } from "../../values/trim.ts";
import { quoted, textOf } from "../../values/value.ts";
import { renderAs } from "../kit/render-as.ts";

/** `digits`: of a second, that the column holds. */
export function renderLocal(
  days: DayRange,
  digits: number,
  field: FieldSchema,
  value: string,
  type: string,
): RenderedField {
  const mapped = { column: value, type };
  const local = renderAs(field, mapped, storeLocal(mapped, days, digits), "TIMESTAMP");
  return { ...local, stored: `coalesce(${local.value}, nullif(${textOf(mapped)}, ''))` };
}

/** `12:00:00.500Z` in a column of whole seconds has a digit too many. */
export function asFineAs(
  digits: number,
  field: FieldSchema,
  value: string,
  type: string,
  rendered: RenderedField,
): RenderedField {
  if (digits >= 6) return rendered;
  const finer = (text: string) => `regexp_matches(${text}, '[.][0-9]{${digits}}[0-9]*[1-9][0-9]*Z$')`;
  const holds =
    digits === 0 ? "the seconds that the column holds" : `the ${digits} digits of a second that the column holds`;
  return unless(finer, `is finer than ${holds}`, field, value, type, rendered);
}

/** Refuses texts that would be rendered, and why. `isWrong`: SQL of one. */
export function unless(
  isWrong: (text: string) => string,
  why: string,
  field: FieldSchema,
  value: string,
  type: string,
  rendered: RenderedField,
): RenderedField {
  if (rendered.invalid === undefined) return rendered;
  const text = textOf({ column: value, type });
  const wrong = isWrong(rendered.value);
  return {
    ...rendered,
    value: `CASE WHEN NOT ${wrong} THEN ${rendered.value} END`,
    invalid: {
      condition: `${renderedName(field.name)} IS NULL AND NOT (${isBlank(text)})`,
      message: `CASE WHEN ${wrong} THEN ${quoted(text)} || ${literal(` ${why}`)} ELSE ${rendered.invalid.message} END`,
    },
  };
}
