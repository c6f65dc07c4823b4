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
    "time",
    "encryptedstring",
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
  /** The reference is one to a master; `fixed`: a record stays with the one that it was created under. */
  masterDetail: z.enum(["fixed", "reparentable"]).optional(),
  relationshipName: z.string().optional(),
  /** What the parent calls these records; by default the object's name with s__r. */
  childRelationshipName: z.string().optional(),
});

const recordType = z.strictObject({
  label: z.string().optional(),
  active: z.boolean().default(true),
  /** False: the signed-in user's profile does not offer it. */
  available: z.boolean().default(true),
  default: z.boolean().default(false),
});

const salesforceObject = z.strictObject({
  custom: z.boolean().optional(),
  label: z.string().optional(),
  /** What the signed-in user may do; `readable: false` hides the object altogether. */
  permissions: z
    .strictObject({
      readable: z.boolean().default(true),
      queryable: z.boolean().default(true),
      createable: z.boolean().default(true),
      updateable: z.boolean().default(true),
      deletable: z.boolean().default(true),
    })
    .optional(),
  /** Fields that the signed-in user cannot see, and those that it cannot write. */
  hidden: z.array(z.string()).default([]),
  readonly: z.array(z.string()).default([]),
  /** By developer name. */
  recordTypes: z.record(z.string().regex(/^[A-Za-z]\w*$/), recordType).default({}),
  fields: z.record(z.string(), salesforceField).default({}),
});

const hubspotProperty = z.strictObject({
  type: z.enum(["bool", "date", "datetime", "enumeration", "number", "phone_number", "string"]),
  fieldType: z.string().optional(),
  label: z.string().optional(),
  groupName: z.string().optional(),
  description: z.string().optional(),
  /** Of an enumeration; a text is its own label. */
  options: z.array(z.union([z.string(), z.strictObject({ value: z.string(), label: z.string() })])).optional(),
  hasUniqueValue: z.boolean().optional(),
  calculated: z.boolean().optional(),
});

const hubspotObject = z.strictObject({
  custom: z.boolean().optional(),
  label: z.string().optional(),
  primaryDisplayProperty: z.string().optional(),
  /** What a new record must have, on the paths of 2026-09. */
  requiredProperties: z.array(z.string()).default([]),
  properties: z.record(z.string().regex(/^[a-z][a-z0-9_]*$/, "a name is lower case"), hubspotProperty).default({}),
});

/** What a HubSpot portal allows; what is not said is as in a Professional account. */
const hubspotLimits = z.strictObject({
  /** Calls in any ten seconds, of each app. */
  tenSecondly: z.int().positive().optional(),
  /** Searches in any second, of the whole account. */
  searchPerSecond: z.int().positive().optional(),
  /** Calls with tokens (not OAuth) from midnight to midnight in the account's time zone. */
  daily: z.int().positive().optional(),
  /** How long an OAuth access token holds. */
  tokenSeconds: z.int().positive().optional(),
  /** Exports in any 24 hours. */
  exportsDaily: z.int().positive().optional(),
  importFileRows: z.int().positive().optional(),
  /** Rows of imports in any 24 hours. */
  importDailyRows: z.int().positive().optional(),
});

/** Permissions of the Salesforce user over the whole org. */
const permissions = z.strictObject({
  /** "API Enabled": without it signing in works and no call does. */
  apiEnabled: z.boolean().default(true),
  /** "Bulk API Hard Delete". */
  bulkHardDelete: z.boolean().default(false),
  /** "View Setup and Configuration": without it /limits is refused. */
  viewSetup: z.boolean().default(true),
  /** "View All Data": all records are seen, whoever owns them. */
  viewAllData: z.boolean().default(true),
});

const schemaFile = z.strictObject({
  salesforce: z.record(z.string(), salesforceObject).default({}),
  hubspot: z.record(z.string(), hubspotObject).default({}),
  /** HubSpot's search sees records as they were that long ago. */
  hubspotSearchLagMs: z.int().nonnegative().default(0),
  hubspotLimits: hubspotLimits.prefault({}),
  hubspotTimeZone: z
    .string()
    .refine((zone) => isTimeZone(zone), "must be a time zone such as Europe/Berlin")
    .default("US/Eastern"),
  /** A merge keeps the primary record's id, in place of making a new record (a beta of HubSpot). */
  hubspotPrimaryIdPreserved: z.boolean().default(false),
  /** Daily limits of the Salesforce org by their name in /limits, for example DailyApiRequests. */
  limits: z.record(z.string(), z.int().nonnegative()).default({}),
  permissions: permissions.prefault({}),
  /** Records in a page of bulk query results, where the client does not ask for fewer. */
  bulkQueryPageRows: z.int().positive().default(250_000),
});

/** The names of the permissions, for changing some of them. */
export const permissionNames = Object.keys(permissions.shape) as (keyof Permissions)[];
export type Permissions = z.infer<typeof permissions>;
export type RecordTypeDefinition = z.infer<typeof recordType>;
export type SalesforceObjectDefinition = z.infer<typeof salesforceObject>;
export type SalesforceFieldDefinition = z.infer<typeof salesforceField>;
export type HubspotLimits = z.infer<typeof hubspotLimits>;
export type HubspotObjectDefinition = z.infer<typeof hubspotObject>;
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

/** Some of the HubSpot portal's limits, as a control endpoint takes them. Throws a Failure (exit 2). */
export function readHubspotLimits(given: unknown): HubspotLimits {
  const parsed = hubspotLimits.safeParse(given);
  if (parsed.success) return parsed.data;
  throw usageFailure("the limits are wrong", { why: z.prettifyError(parsed.error) });
}

function isTimeZone(zone: string): boolean {
  try {
    return new Intl.DateTimeFormat("en", { timeZone: zone }).resolvedOptions().timeZone !== "";
  } catch {
    return false;
  }
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
