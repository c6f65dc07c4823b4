// Salesforce's describe as an ObjectSchema, and names such as `Account.Ext__c` resolved through it.
// https://developer.salesforce.com/docs/atlas.en-us.api_rest.meta/api_rest/resources_sobject_describe.htm

import { usageFailure } from "../../core/errors.ts";
import type { FieldKind, FieldSchema, ObjectSchema } from "../../core/model.ts";
import type { RecordSchema } from "../../extract/source.ts";
import { CallFault } from "../../http/outcome.ts";
import type { SalesforceClient } from "./client.ts";
import { explainFault } from "./errors.ts";

interface DescribedField {
  name: string;
  label: string;
  type: string;
  length?: number;
  scale?: number;
  createable: boolean;
  updateable: boolean;
  nillable: boolean;
  defaultedOnCreate: boolean;
  externalId: boolean;
  idLookup: boolean;
  unique: boolean;
  caseSensitive: boolean;
  referenceTo?: string[] | null;
  relationshipName?: string | null;
  restrictedPicklist?: boolean;
  picklistValues?: { value: string; active: boolean }[] | null;
}

const kinds: Record<string, FieldKind> = {
  id: "id",
  reference: "reference",
  boolean: "boolean",
  int: "integer",
  long: "integer",
  double: "number",
  currency: "number",
  percent: "number",
  date: "date",
  datetime: "datetime",
  time: "time",
};

export async function describeObject(client: SalesforceClient, object: string): Promise<ObjectSchema> {
  const jsforce = await client.jsforce();
  let described: { name: string; fields: DescribedField[] };
  try {
    described = (await jsforce.describe(object)) as unknown as typeof described;
  } catch (error) {
    if (error instanceof CallFault) throw explainFault(error, client.name, `describing ${object}`);
    const { errorCode, message } = error as { errorCode?: string; message: string };
    if (errorCode === undefined) throw error;
    throw usageFailure(`${client.name} has no object ${object}, or this user can't see it`, {
      why: `${errorCode}: ${message}`,
      next: "check the object's API name and the integration user's access to it",
    });
  }
  const fields = described.fields.map((field): [string, FieldSchema] => [field.name, fieldSchema(field)]);
  return { object: described.name, fields: new Map(fields) };
}

function fieldSchema(field: DescribedField): FieldSchema {
  const kind = kinds[field.type] ?? "text";
  return {
    name: field.name,
    label: field.label,
    kind,
    vendorType: field.type,
    ...(kind === "text" && field.length ? { maxLength: field.length } : {}),
    ...(kind === "number" ? { scale: field.scale ?? 0 } : {}),
    ...(kind === "integer" ? { scale: 0 } : {}),
    createable: field.createable,
    updateable: field.updateable,
    nillable: field.nillable,
    defaultedOnCreate: field.defaultedOnCreate,
    externalId: field.externalId || field.idLookup,
    unique: field.unique,
    caseSensitive: field.caseSensitive,
    referenceTo: field.referenceTo ?? [],
    ...(field.relationshipName ? { relationshipName: field.relationshipName } : {}),
    ...(field.picklistValues?.length
      ? {
          picklist: {
            values: field.picklistValues.filter(({ active }) => active).map(({ value }) => value),
            restricted: field.restrictedPicklist === true,
          },
        }
      : {}),
  };
}

/** Kinds of fields that a query can't read, or only whole. */
const unreadable: Readonly<Record<string, string>> = {
  address: "is a compound field, which a bulk query can't read",
  location: "is a compound field, which a bulk query can't read",
  base64: "holds binary data, which a bulk query can't read",
  complexvalue: "holds a structure, which a bulk query can't read",
};

/** DuckDB's type of a field's values as they come in CSV. */
export function columnType({ kind, scale }: FieldSchema): string {
  if (kind === "number") return `DECIMAL(18, ${Math.min(scale ?? 0, 18)})`;
  const types = {
    integer: "BIGINT",
    boolean: "BOOLEAN",
    date: "DATE",
    datetime: "TIMESTAMP WITH TIME ZONE",
    time: "TIME",
  };
  return kind in types ? types[kind as keyof typeof types] : "VARCHAR";
}

/** What an object has for a source: columns by name, and what can't be read with what to read instead. */
export function readableColumns(schema: ObjectSchema): Pick<RecordSchema, "columns" | "refused"> {
  const columns = new Map<string, string>();
  const refused = new Map<string, { message: string; next: string }>();
  for (const field of schema.fields.values()) {
    const why = unreadable[field.vendorType];
    if (why === undefined) columns.set(field.name, columnType(field));
    else refused.set(field.name.toLowerCase(), { message: `${field.name} ${why}`, next: insteadOf(field, schema) });
  }
  return { columns, refused };
}

function insteadOf(field: FieldSchema, schema: ObjectSchema): string {
  const stem = field.name.endsWith("__c") ? field.name.slice(0, -1) : field.name.replace(/Address$/, "");
  const parts = [...schema.fields.keys()].filter((name) => name !== field.name && name.startsWith(stem));
  if (unreadable[field.vendorType]?.includes("compound") !== true || stem === "" || parts.length === 0)
    return "leave it out";
  return `use ${parts.join(", ")}`;
}

/** Fields of any record that a lookup with several kinds of parents can point to. */
const nameFields = ["Id", "Name", "FirstName", "LastName", "Email", "Phone", "Title", "Type", "Username", "Alias"];
const parentLevelsMax = 5;

/**
 * DuckDB's type of a parent's field, `Account.Owner.Name`; undefined where there is none.
 * https://developer.salesforce.com/docs/atlas.en-us.soql_sosl.meta/soql_sosl/sforce_api_calls_soql_relationships_query_limits.htm
 */
export async function resolveParentField(
  schema: ObjectSchema,
  path: string,
  describe: (object: string) => Promise<ObjectSchema>,
): Promise<string | undefined> {
  const relations = path.split(".");
  const name = relations.pop() ?? "";
  if (relations.length > parentLevelsMax) return undefined;
  let object = schema;
  for (const [index, relation] of relations.entries()) {
    const reference = [...object.fields.values()].find((field) => sameName(field.relationshipName, relation));
    const [parent, ...others] = reference?.referenceTo ?? [];
    if (parent === undefined) return undefined;
    if (others.length > 0) {
      return index === relations.length - 1 && nameFields.some((known) => sameName(known, name))
        ? "VARCHAR"
        : undefined;
    }
    object = await describe(parent);
  }
  const field = [...object.fields.values()].find((one) => sameName(one.name, name));
  return field === undefined || field.vendorType in unreadable ? undefined : columnType(field);
}

function sameName(left: string | undefined, right: string): boolean {
  return left?.toLowerCase() === right.toLowerCase();
}

/** A field by name (case as in describe), or `Relation.External_Id` of a parent that Salesforce resolves by itself. */
export async function resolveField(
  schema: ObjectSchema,
  name: string,
  describe: (object: string) => Promise<ObjectSchema>,
): Promise<FieldSchema | undefined> {
  if (!name.includes(".")) return schema.fields.get(name);
  const [relation, parentField, ...more] = name.split(".");
  if (parentField === undefined || more.length > 0) return undefined;
  const reference = [...schema.fields.values()].find(({ relationshipName }) => relationshipName === relation);
  const [parentObject, ...others] = reference?.referenceTo ?? [];
  if (reference === undefined || parentObject === undefined || others.length > 0) return undefined;
  const parent = (await describe(parentObject)).fields.get(parentField);
  if (parent?.externalId !== true) return undefined;
  const { createable, updateable, nillable } = reference;
  return { ...parent, name, createable, updateable, nillable, externalId: false, unique: false };
}
