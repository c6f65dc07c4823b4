// How SQL Server stores a value. Must hold: a time that is finer than its column is refused: the server would round it.

import type { RenderedField } from "../../contract/values.ts";
import type { FieldSchema } from "../../core/model.ts";
import type { DayRange } from "../../values/instant.ts";
import type { Reading } from "../../values/value.ts";
import { type RenderLimits, renderSqlField } from "../sql/render.ts";
import { asFineAs, renderLocal, unless } from "../sql/times.ts";
import { readTypeName } from "./types.ts";

const days: DayRange = {
  first: "0001-01-01",
  last: "9999-12-31",
  lastInstant: "9999-12-31T23:59:59.999999Z",
  holder: "SQL Server",
  secondDigits: 6,
};

const limits: RenderLimits = {
  days,
  nearest: ({ vendorType }) => (vendorType === "float" ? "DOUBLE" : undefined),
  isPadded: ({ vendorType }) => /^n?char\(/.test(vendorType),
};

export function renderField(field: FieldSchema, value: string, type: string, reading: Reading): RenderedField {
  const { word, first } = readTypeName(field.vendorType);
  switch (word) {
    case "datetime2":
      return renderLocal(days, Math.min(first, 6), field, value, type);
    case "datetime": {
      const local = renderLocal({ ...days, first: "1753-01-01" }, 3, field, value, type);
      // It counts in three hundredths of a second.
      const isBetween = (text: string) => `NOT regexp_matches(${text}, '[.][0-9]{2}[037]0*$')`;
      return unless(
        isBetween,
        "is no time that a datetime holds: its milliseconds end with 0, 3 or 7",
        field,
        value,
        type,
        local,
      );
    }
    case "smalldatetime": {
      const local = renderLocal({ ...days, first: "1900-01-01", last: "2079-06-06" }, 0, field, value, type);
      const hasSeconds = (text: string) => `NOT regexp_matches(${text}, ':00([.]0*)?$')`;
      return unless(hasSeconds, "is finer than the minutes that the column holds", field, value, type, local);
    }
    case "uniqueidentifier":
      return renderSqlField(limits, { ...field, vendorType: "uuid" }, value, type, reading);
    default: {
      const rendered = renderSqlField(limits, field, value, type, reading);
      const isTime = word === "datetimeoffset" || word === "time";
      return isTime ? asFineAs(first, field, value, type, rendered) : rendered;
    }
  }
}
