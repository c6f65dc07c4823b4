// The shape of `dedupe` in a stream.

import { z } from "zod";
import { atLeastOneName, closedMap } from "./schema-parts.ts";

export const dedupe = closedMap({
  by: atLeastOneName.describe("Mapped fields: rows that agree in all of them are one record."),
  keep: z.enum(["first", "last"]).describe("Which row stays, in source order."),
});
