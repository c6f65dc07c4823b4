// Parts that the schemas of job and connection files share.

import { z } from "zod";
import { holdsOnlyReferences, parseReferences } from "./references.ts";
import { durationPattern, percentPattern } from "./units.ts";

// Files are read once: to compile their schemas takes longer than to read by them as they are (measured: 25 ms).
z.config({ jitless: true });

/** A map without unknown keys. The message of an unknown key is the list of the known ones, for the did-you-mean. */
export function closedMap<Shape extends z.ZodRawShape>(shape: Shape) {
  return z.strictObject(shape, {
    error: (issue) => (issue.code === "unrecognized_keys" ? Object.keys(shape).join(" ") : undefined),
  });
}

/** Names become folders, lock files and tables, so they are safe in all of these. */
export const name = z
  .string()
  .regex(
    /^[A-Za-z0-9][A-Za-z0-9_-]{0,63}$/,
    "a name is up to 64 letters, digits, - and _, the first a letter or digit",
  );

export const text = z.string().min(1, "expected text, got an empty one");

/** Salesforce session ids, HubSpot private app tokens, PEM keys, and credentials inside a URL. */
const secretLike = /^00D\w{9,15}!|^pat-\w+-|-----BEGIN |^[a-z]+:\/\/[^/@\s]*:[^/@\s$]+@/i;
const secretAdvice = `a literal secret: keep it in a variable or file and write a reference such as \${NAME} here`;

/** A text that may hold references. */
export const referencing = text.superRefine((value, context) => {
  const parsed = parseReferences(value);
  if ("problem" in parsed) context.addIssue(parsed.problem);
  else if (secretLike.test(value)) context.addIssue(secretAdvice);
});

/** A credential: a reference and nothing else. */
export const secret = referencing.refine(holdsOnlyReferences, secretAdvice).meta({ pattern: "\\$\\{[^}]+\\}" });

export const percent = z
  .string()
  .regex(percentPattern, { error: "expected a percentage such as 20%", abort: true })
  .refine((value) => Number.parseFloat(value) <= 100, "a percentage is at most 100%");

export const duration = z.string().regex(durationPattern, "expected a duration such as 30s, 10m, 12h or 14d");

export const count = z.int("expected a whole number").min(0, "expected 0 or more");

export const threshold = z.union([count, percent], "expected a number of rows, or a percentage such as 20%");

export const version = z.literal(1).describe("Version of the file format: 1.");

/** Numbers, booleans and null are taken as they are written: `01234` stays `01234`. */
export const expression = z
  .union(
    [z.string().regex(/\S/, "the expression is empty"), z.number(), z.boolean(), z.null()],
    "expected an SQL expression",
  )
  .meta({ title: "SQL expression", description: "A DuckDB scalar expression." });

export const atLeastOne = z.int("expected a whole number").min(1, "expected 1 or more");
export const atLeastOneName = z.array(text).min(1, "expected at least one name");

/** Of a file beside another one. */
export const fileName = z.string().regex(/^[^/\\*?]+$/, "expected the name of a file, without a folder");
