// The shape of an entry of `map` that is more than an expression.

import { z } from "zod";
import { lookup } from "./lookup-schema.ts";
import { closedMap, expression, text } from "./schema-parts.ts";

export const mapping = closedMap({
  from: z
    .union([expression, z.array(expression).min(1, "expected at least one expression")], "expected an SQL expression")
    .describe("SQL expression over the source columns; of a parent known by several fields, a list with one for each.")
    .optional(),
  on_null: z
    .enum(["skip", "clear", "reject"])
    .describe(
      "What an empty value does: skip leaves the field alone, clear empties it, reject rejects the row. Default: skip.",
    )
    .optional(),
  policy: z
    .enum(["overwrite", "fill_empty", "create_only", "newest"])
    .describe(
      "When the field is written: always, only where the target's is empty, only in a new record, or only where the source's value is newer. Default: overwrite.",
    )
    .optional(),
  newest_by: expression
    .describe(
      "With policy newest: SQL expression over the source columns, the time that the value is from. Default, of an API: when the record changed.",
    )
    .optional(),
  round: z
    .enum(["half_even", "half_up", "down"])
    .describe(
      "How digits that a number field has no room for are rounded, which the plan counts. Without it such a row is a reject.",
    )
    .optional(),
  own: z
    .boolean()
    .describe(
      "false: the field is in no plan. It is mapped and checked, and may be used by rules, dedupe, adopt_by and as the key of mode update. Default: true.",
    )
    .optional(),
  parent: text.describe("A stream of this job: the field gets the id of its record whose key is `from`.").optional(),
  miss: z
    .enum(["reject", "later"])
    .describe(
      "What happens to a row whose parent is not there: it is rejected, or kept and taken up by the run that finds the parent. Default: reject.",
    )
    .optional(),
  mode: z
    .enum(["add", "replace"])
    .describe(
      "Of an association: it is added to those that the record has, or takes the place of all of them. Default: add.",
    )
    .optional(),
  lookup: lookup.describe("Take the value from where a key of the row finds it.").optional(),
})
  .meta({
    oneOf: [{ required: ["from"] }, { required: ["lookup"] }],
    dependentRequired: { parent: ["from"], miss: ["parent"] },
  })
  .refine((entry) => (entry.from === undefined) !== (entry.lookup === undefined), "expected `from` or `lookup`")
  .refine(
    (entry) => entry.own !== false || (entry.policy === undefined && entry.on_null !== "clear"),
    "policy and `on_null: clear` go with fields that are written, not with `own: false`",
  )
  .refine(
    (entry) => entry.newest_by === undefined || entry.policy === "newest",
    "`newest_by` goes with `policy: newest`",
  )
  .refine(
    (entry) => !Array.isArray(entry.from) || entry.parent !== undefined,
    "expected an SQL expression: a list goes with `parent`",
  )
  .refine((entry) => entry.parent === undefined || entry.lookup === undefined, "`parent` goes with `from`")
  .refine((entry) => entry.miss === undefined || entry.parent !== undefined, "`miss` goes with `parent`");
