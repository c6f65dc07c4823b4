// The shape of `dedupe` in a stream.

import { z } from "zod";
import { atLeastOneName, closedMap, text } from "./schema-parts.ts";

export const dedupe = closedMap({
  by: atLeastOneName.describe("Mapped fields: rows that agree in all of them are one record."),
  keep: z
    .enum(["first", "last", "newest", "most_complete"])
    .describe(
      "Which row stays: the first or last in source order, the newest by `newest_by`, or the one with most fields filled. Of rows that tie the last.",
    ),
  newest_by: text
    .describe("With `keep: newest`: the mapped field, a date, a time or a number, that tells it.")
    .optional(),
  merge: z
    .record(text, z.enum(["first_filled", "last_filled", "longest", "max", "min"]))
    .describe("Mapped field to the rule by which the row that stays gets a value of any of the rows.")
    .optional(),
}).refine(
  (entry) => (entry.keep === "newest") === (entry.newest_by !== undefined),
  "`keep: newest` and `newest_by` go together",
);
