// The shape of an entry of `validate`.

import { z } from "zod";
import { existing } from "./lookup-schema.ts";
import { atLeastOne, atLeastOneName, closedMap, expression, text } from "./schema-parts.ts";

/** A number, a date or a time, as it is typed. */
const limit = z.union([z.number(), text], "expected a number, a date or a time");

const choice = z.union([z.string(), z.number(), z.boolean()], "expected a text, a number or true or false");

/** What is asked of one field. */
const fieldChecks = [
  "required",
  "min_length",
  "max_length",
  "pattern",
  "min",
  "max",
  "one_of",
  "exists",
  "unique",
] as const;
/** One of these says what an entry is about. */
const subjects = ["field", "fields", "expr"] as const;

export const rule = closedMap({
  field: text.describe("The mapped field to check.").optional(),
  fields: atLeastOneName.describe("With `unique`: mapped fields that together are unique.").optional(),
  required: z.boolean().describe("It has a value.").optional(),
  min_length: atLeastOne.describe("Characters at least.").optional(),
  max_length: atLeastOne.describe("Characters at most.").optional(),
  pattern: text.describe("A regular expression (RE2) that the whole value matches.").optional(),
  min: limit.describe("The least value of a number, a date or a time.").optional(),
  max: limit.describe("The greatest value of a number, a date or a time.").optional(),
  one_of: z.array(choice).min(1, "expected at least one value").describe("The values that it may have.").optional(),
  unique: z.boolean().describe("No other row of the run has the value.").optional(),
  exists: closedMap({ lookup: existing.describe("Where it is looked for.") })
    .describe("It is found there.")
    .optional(),
  expr: expression
    .describe("SQL over the mapped fields that must be true; with `over: run`, over aggregates of them.")
    .optional(),
  over: z.literal("run", "expected run").describe("`expr` is over all rows of the run.").optional(),
  message: text.describe("What is said where the check fails.").optional(),
  severity: z
    .enum(["reject", "error", "warn", "fail"])
    .describe(
      "reject (also written error) rejects the row; warn loads it and tells; fail stops the run before anything is written. Default: reject, with `over: run` fail.",
    )
    .optional(),
})
  .meta({
    oneOf: subjects.map((subject) => ({ required: [subject] })),
    dependentRequired: {
      over: ["expr"],
      ...Object.fromEntries(fieldChecks.slice(0, -1).map((key) => [key, ["field"]])),
    },
  })
  .superRefine((entry, context) => {
    const found = subjects.filter((subject) => entry[subject] !== undefined);
    if (found.length !== 1) {
      context.addIssue("expected `field` or `expr`");
      return;
    }
    const checks = fieldChecks.filter((key) => entry[key] !== undefined);
    if (entry.expr !== undefined && checks.length > 0) {
      const named = checks.map((key) => `\`${key}\``).join(", ");
      context.addIssue(`${named} ${checks.length > 1 ? "go" : "goes"} with \`field\``);
    }
    if (entry.field !== undefined && checks.length === 0) {
      context.addIssue(`expected a check beside \`field\`: ${fieldChecks.join(", ")}`);
    }
    const others = checks.filter((key) => key !== "unique");
    if (entry.fields !== undefined && (others.length > 0 || checks.length === 0)) {
      const [other] = others;
      context.addIssue(other === undefined ? "`fields` goes with `unique` alone" : `\`${other}\` goes with \`field\``);
    }
    if (entry.over !== undefined && entry.expr === undefined) context.addIssue("`over` goes with `expr`");
    if (entry.over !== undefined && (entry.severity === "reject" || entry.severity === "error")) {
      context.addIssue("`over: run` is about no single row: its severity is `warn` or `fail`");
    }
  });
