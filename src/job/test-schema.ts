// The shape of an entry of `tests`.

import { z } from "zod";
import { closedMap, text } from "./schema-parts.ts";

const row = z.record(z.string(), z.unknown());
const records = z.array(row);

const change = closedMap({
  action: z.enum(["create", "update", "delete", "unchanged"]).describe("What becomes of the record."),
  key: z.union([text, z.number()]).describe("Its key; the parts of several joined by a comma and a blank.").optional(),
  id: z.union([text, z.number()]).describe("Of the record that is there.").optional(),
  fields: z
    .record(z.string(), z.unknown())
    .describe("What is written: field to value, or to { before, after }. Other fields are not looked at.")
    .optional(),
});

export const jobTest = closedMap({
  name: text.describe("What the test shows."),
  stream: text.describe("The stream it tests."),
  given: z.array(row).describe("Source rows. A column that is left out is blank."),
  given_target: z
    .union([records, z.record(text, records)], "expected a list of records, or a map of object to such a list")
    .describe("What the target holds: records of the stream's object, or a map of object to records. Default: nothing.")
    .optional(),
  expect: z
    .array(row)
    .describe("All mapped rows that come out, in order; each is compared by the fields that it names.")
    .optional(),
  expect_rejects: z
    .array(
      closedMap({
        field: z.string().describe("The target field; empty where it is about the row.").optional(),
        rule: text.describe("Why: required, max_length, expr, type, unique_key, lookup, …").optional(),
        message: text.describe("A part of what the reject says.").optional(),
      }),
    )
    .describe("All rows that are rejected: one reject of each, by what is named of it.")
    .optional(),
  expect_plan: z
    .array(change)
    .describe("All that a plan would do, in the order of the source; each is compared by what it names.")
    .optional(),
});
