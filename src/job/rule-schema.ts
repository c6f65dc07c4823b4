// The shape of an entry of `validate`.

import { z } from "zod";
import { existing } from "./lookup-schema.ts";
import { closedMap, expression, text } from "./schema-parts.ts";

export const rule = closedMap({
  field: text.describe("The mapped field to check.").optional(),
  required: z.boolean().describe("It has a value.").optional(),
  max_length: z.int("expected a whole number").min(1, "expected 1 or more").describe("Characters at most.").optional(),
  exists: closedMap({ lookup: existing.describe("Where it is looked for.") })
    .describe("It is found there.")
    .optional(),
  expr: expression.describe("SQL over the mapped fields that must be true.").optional(),
  message: text.describe("What a reject says where `expr` is not true.").optional(),
  severity: z
    .enum(["error", "warn"])
    .describe("error rejects the row, warn only counts it. Default: error.")
    .optional(),
})
  .meta({
    oneOf: [{ required: ["field"] }, { required: ["expr"] }],
    dependentRequired: { required: ["field"], exists: ["field"], max_length: ["field"], message: ["expr"] },
  })
  .refine((entry) => (entry.field === undefined) !== (entry.expr === undefined), "expected `field` or `expr`")
  .refine(
    (entry) =>
      entry.field === undefined || [entry.required, entry.max_length, entry.exists].some((one) => one !== undefined),
    "expected `required`, `max_length` or `exists` beside `field`",
  )
  .refine(
    (entry) => entry.expr === undefined || (entry.required === undefined && entry.max_length === undefined),
    "`required` and `max_length` go with `field`",
  )
  .refine((entry) => entry.expr === undefined || entry.exists === undefined, "`exists` goes with `field`")
  .refine((entry) => entry.message === undefined || entry.expr !== undefined, "`message` goes with `expr`");
