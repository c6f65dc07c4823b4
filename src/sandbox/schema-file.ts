// The schema file: custom objects and fields that a rehearsal needs beside the standard ones, and the org's limits.
// In: YAML or JSON in the shape of docs/design.md §8. Out: the same, checked. A wrong key is a Failure that names it.

import { readFileSync } from "node:fs";
import { parse } from "yaml";
import { z } from "zod";
import { usageFailure } from "../core/errors.ts";

const salesforceField = z.strictObject({
  type: z.enum([
    "string",
    "textarea",
    "email",
    "phone",
    "url",
    "picklist",
    "multipicklist",
    "boolean",
    "int",
    "double",
    "currency",
    "percent",
    "date",
    "datetime",
    "reference",
  ]),
  label: z.string().optional(),
  /** Characters, for the text types. */
  length: z.int().positive().max(131_072).optional(),
  externalId: z.boolean().optional(),
  unique: z.boolean().optional(),
  caseSensitive: z.boolean().optional(),
  /** All digits, and those behind the point. */
  precision: z.int().positive().max(18).optional(),
  scale: z.int().nonnegative().max(17).optional(),
  values: z.array(z.string()).optional(),
  restricted: z.boolean().optional(),
  required: z.boolean().optional(),
  /** The object that a reference points to. */
  to: z.string().optional(),
  relationshipName: z.string().optional(),
});

const salesforceObject = z.strictObject({
  custom: z.boolean().optional(),
  label: z.string().optional(),
  fields: z.record(z.string(), salesforceField).default({}),
});

const schemaFile = z.strictObject({
  salesforce: z.record(z.string(), salesforceObject).default({}),
  hubspot: z.record(z.string(), z.unknown()).default({}),
  /** Daily limits of the Salesforce org by their name in /limits, for example DailyApiRequests. */
  limits: z.record(z.string(), z.int().nonnegative()).default({}),
});

export type SalesforceFieldDefinition = z.infer<typeof salesforceField>;
export type SchemaFile = z.infer<typeof schemaFile>;

/** The schema of a file, or the empty one without a file. Throws a Failure (exit 2) naming what is wrong. */
export function readSchemaFile(path: string | undefined): SchemaFile {
  const parsed = schemaFile.safeParse(path === undefined ? {} : readYaml(path));
  if (parsed.success) return parsed.data;
  throw usageFailure("the schema file is wrong", {
    ...(path === undefined ? {} : { where: { file: path } }),
    why: z.prettifyError(parsed.error),
  });
}

function readYaml(path: string): unknown {
  try {
    return parse(readFileSync(path, "utf8")) ?? {};
  } catch (error) {
    throw usageFailure("the schema file cannot be read", {
      where: { file: path },
      why: error instanceof Error ? error.message : String(error),
      cause: error,
    });
  }
}
