// The shape of an entry of `tests`.

import { z } from "zod";
import { closedMap, text } from "./schema-parts.ts";

const row = z.record(z.string(), z.unknown());

export const jobTest = closedMap({
  name: text.describe("What the test shows."),
  stream: text.describe("The stream it tests."),
  given: z.array(row).describe("Source rows."),
  expect: z.array(row).describe("Mapped rows that come out.").optional(),
  expect_rejects: z.array(row).describe("Rejects that come out.").optional(),
});
