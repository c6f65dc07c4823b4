// Salesforce's describe as an ObjectSchema, and names such as `Account.Ext__c` resolved through it.
// https://developer.salesforce.com/docs/atlas.en-us.api_rest.meta/api_rest/resources_sobject_describe.htm

import { usageFailure } from "../../core/errors.ts";
import type { FieldKind, FieldSchema, ObjectSchema, ObjectSummary } from "../../core/model.ts";
import { CallFault } from "../../http/outcome.ts";
import { hasForm } from "../kit/answer-form.ts";
import { fieldOf } from "../kit/field.ts";
import type { SalesforceClient } from "./client.ts";
import { explainFault } from "./errors.ts";
import { explainFixed, explainOwnName, explainRelation, type NameProblem } from "./nearly-right.ts";

interface DescribedObject {
  name: string;
  label: string;
  createable: boolean;
  updateable: boolean;
  deletable: boolean;
  undeletable?: boolean;
  /** What its ids begin with; objects of setup may have none. */
  keyPrefix?: string | null;
  recordTypeInfos?: {
    active: boolean;
    available: boolean;
    master: boolean;
    developerName: string;
    recordTypeId: string;
  }[];
  fields: DescribedField[];
  childRelationships?: { childSObject: string; field: string; cascadeDelete: boolean; deprecatedAndHidden?: boolean }[];
}

interface DescribedField {
  name: string;
  label: string;
  type: string;
  length?: number;
  /** All digits of a decimal number; of a whole one it is `digits`. */
  precision?: number;
  digits?: number;
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
  calculated?: boolean;
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

export async function listObjects(client: SalesforceClient): Promise<ObjectSummary[]> {
  return (await describeAll(client)).map(({ name, label, createable, updateable, deletable, queryable, custom }) => {
    return { name, label, createable, updateable, deletable, queryable, custom };
  });
}

/** What the ids of objects begin with, by the objects' names. */
export async function listPrefixes(client: SalesforceClient): Promise<Map<string, string>> {
  const listed = await describeAll(client);
  return new Map(listed.flatMap(({ name, keyPrefix }) => (keyPrefix ? [[name, keyPrefix] as const] : [])));
}

/** https://developer.salesforce.com/docs/atlas.en-us.api_rest.meta/api_rest/resources_describeGlobal.htm */
async function describeAll(client: SalesforceClient): Promise<(ObjectSummary & { keyPrefix?: string | null })[]> {
  const doing = "listing objects";
  const answer = await client.explain(doing, () => client.get("/sobjects", { doing, form: { sobjects: "list" } }));
  return answer["sobjects"] as (ObjectSummary & { keyPrefix?: string | null })[];
}

/** A lookup with what ids of its objects begin with, where that is known of all of them. */
export function withPrefixes(field: FieldSchema, prefixes: ReadonlyMap<string, string>): FieldSchema {
  const known = field.referenceTo.map((object) => prefixes.get(object));
  return known.length === 0 || known.includes(undefined)
    ? field
    : { ...field, idPrefixes: known.filter((prefix) => prefix !== undefined) };
}

export async function describeObject(client: SalesforceClient, object: string): Promise<ObjectSchema> {
  const jsforce = await client.jsforce();
  let described: DescribedObject;
  try {
    described = (await jsforce.describe(object)) as unknown as typeof described;
  } catch (error) {
    if (error instanceof CallFault) throw explainFault(error, client.name, `describing ${object}`);
    const { errorCode, message } = error as { errorCode?: string; message: string };
    if (errorCode === undefined) throw error;
    if (!isMissing(errorCode)) throw explainFault(faultOf(errorCode, message), client.name, `describing ${object}`);
    throw usageFailure(`${client.name} has no object ${object}, or this user can't see it`, {
      why: `${errorCode}: ${message}`,
      next: "check the object's API name and the integration user's access to it",
    });
  }
  if (!hasForm(described, { fields: "list", name: "name" }))
    throw explainFault(faultOf("STRANGE_ANSWER", "it is no description"), client.name, `describing ${object}`);
  const fields = described.fields.map((field): [string, FieldSchema] => [field.name, fieldSchema(field, described)]);
  const { name, label, createable, updateable, deletable } = described;
  const cascades = (described.childRelationships ?? [])
    .filter(({ cascadeDelete, deprecatedAndHidden }) => cascadeDelete && deprecatedAndHidden !== true)
    .map(({ childSObject, field }) => ({ object: childSObject, field }));
  const undeletable = described.undeletable === true ? { undeletable: true as const } : {};
  return { object: name, label, createable, updateable, deletable, ...undeletable, fields: new Map(fields), cascades };
}

function fieldSchema(
  field: DescribedField,
  { keyPrefix, recordTypeInfos = [] }: Pick<DescribedObject, "keyPrefix" | "recordTypeInfos">,
): FieldSchema {
  const kind = kinds[field.type] ?? "text";
  // Only those that this user may give to a record.
  const recordTypes = recordTypeInfos
    .filter(({ active, available, master }) => active && available && !master)
    .map((info) => [info.developerName, info.recordTypeId] as const);
  return {
    name: field.name,
    label: field.label,
    kind,
    vendorType: field.type,
    ...(kind === "text" && field.length && field.type !== "base64" ? { maxLength: field.length } : {}),
    ...(kind === "number" ? { scale: field.scale ?? 0 } : {}),
    ...(kind === "integer" ? { scale: 0 } : {}),
    ...rangeOf(field),
    // https://developer.salesforce.com/docs/atlas.en-us.object_reference.meta/object_reference/primitive_data_types.htm
    ...(kind === "datetime" ? { wholeSeconds: true as const } : {}),
    ...(field.type === "email" ? { isAddress: true as const } : {}),
    // Shown as stars to a user without "View Encrypted Data".
    ...(field.type === "encryptedstring" ? { readable: "blank" as const } : {}),
    ...(isClearable(field) ? {} : { clearable: false as const }),
    createable: field.createable,
    updateable: field.updateable,
    nillable: field.nillable,
    defaultedOnCreate: field.defaultedOnCreate,
    externalId: field.externalId || field.idLookup,
    unique: field.unique,
    caseSensitive: field.caseSensitive,
    referenceTo: field.referenceTo ?? [],
    ...(kind === "id" && keyPrefix ? { idPrefixes: [keyPrefix] } : {}),
    ...(field.name === "RecordTypeId" ? { recordTypes: new Map(recordTypes) } : {}),
    ...(field.calculated === true ? { derived: true as const } : {}),
    ...(field.relationshipName ? { relationshipName: field.relationshipName } : {}),
    ...(field.picklistValues?.length
      ? {
          picklist: {
            values: field.picklistValues.filter(({ active }) => active).map(({ value }) => value),
            inactive: field.picklistValues.filter(({ active }) => !active).map(({ value }) => value),
            restricted: field.restrictedPicklist === true,
            // https://help.salesforce.com/apex/HTViewSolution?id=000187910&language=en_US
            caseless: true,
          },
        }
      : {}),
  };
}

/** A checkbox that is emptied is false, and what the org fills in on creation has rules of its own. */
function isClearable({ nillable, defaultedOnCreate, type }: DescribedField): boolean {
  return nillable || defaultedOnCreate || type === "boolean";
}

const ranges: Readonly<Record<string, { min: string; max: string }>> = {
  int: { min: "-2147483648", max: "2147483647" },
  long: { min: "-9223372036854775808", max: "9223372036854775807" },
};

/**
 * "The API returns an error if an integer value exceeds the number of digits", and a fault "if the number has too many
 * digits to the left of the decimal point": precision less scale, at most.
 * https://developer.salesforce.com/docs/atlas.en-us.api.meta/api/sforce_api_calls_describesobjects_describesobjectresult.htm
 */
function rangeOf({ type, digits, precision, scale }: DescribedField): Pick<FieldSchema, "wholeDigits" | "range"> {
  const range = ranges[type];
  if (range !== undefined) return { range, ...(digits ? { wholeDigits: digits } : {}) };
  return precision ? { wholeDigits: precision - (scale ?? 0) } : {};
}

/** `Account.Ext__c`, or with the object in front where the lookup has several: `Lead:Who.Email`. */
const parentName = /^(?:(?<type>[^:.]+):)?(?<relation>[^:.]+)\.(?<key>[^:.]+)$/;

interface ParentName {
  type: string | undefined;
  relation: string;
  key: string;
  /** The lookup; undefined where the object has no such relation. */
  lookup: FieldSchema | undefined;
}

function readParentName(schema: ObjectSchema, name: string): ParentName | undefined {
  const groups = parentName.exec(name)?.groups;
  if (groups === undefined) return undefined;
  const { type, relation = "", key = "" } = groups;
  const lookup = [...schema.fields.values()].find(({ relationshipName }) => relationshipName === relation);
  return { type, relation, key, lookup };
}

/** A field by name (case as in describe), or a parent's external id, by which Salesforce resolves the parent by itself. */
export async function resolveField(
  schema: ObjectSchema,
  name: string,
  describe: (object: string) => Promise<ObjectSchema>,
): Promise<FieldSchema | undefined> {
  const named = readParentName(schema, name);
  if (named === undefined) return schema.fields.get(name);
  const { type, key, lookup } = named;
  if (lookup === undefined) return undefined;
  const isPolymorphic = lookup.referenceTo.length > 1;
  const parentObject = lookup.referenceTo.find((object) => !isPolymorphic || object === type);
  // The object in front is required for a lookup with several, and an error for one with a single object.
  // https://developer.salesforce.com/docs/atlas.en-us.api_asynch.meta/api_asynch/relationship_fields_in_a_header_row_2_0.htm
  if (parentObject === undefined || (type !== undefined && !isPolymorphic)) return undefined;
  if (parentObject === recordType) return key === developerName ? recordTypeField(schema, name, lookup) : undefined;
  const parent = (await describe(parentObject)).fields.get(key);
  if (parent?.externalId !== true) return undefined;
  const { createable, updateable, nillable, defaultedOnCreate } = lookup;
  const { clearable: _clearable, ...told } = parent;
  const ofLookup = lookup.clearable === undefined ? {} : { clearable: lookup.clearable };
  const may = { createable, updateable, nillable, defaultedOnCreate, ...ofLookup };
  const found = { object: parentObject, key };
  const field = { ...told, name, ...may, externalId: false, unique: false, lookup: found };
  // A query reaches only what all objects of the lookup have in common.
  return isPolymorphic ? { ...field, comparedBy: lookup.name } : field;
}

const recordType = "RecordType";
const developerName = "DeveloperName";

/**
 * A record type by its name within the org: ids differ between orgs. It is written by its id, for an upsert takes no
 * other field of RecordType than those marked idLookup.
 * https://developer.salesforce.com/docs/atlas.en-us.object_reference.meta/object_reference/sforce_api_objects_recordtype.htm
 */
function recordTypeField(schema: ObjectSchema, name: string, lookup: FieldSchema): FieldSchema {
  const ids = lookup.recordTypes ?? new Map<string, string>();
  const { label, createable, updateable, nillable, defaultedOnCreate } = lookup;
  return fieldOf({
    ...{ name, label, createable, updateable, nillable, defaultedOnCreate },
    vendorType: "record type",
    caseSensitive: true,
    referenceTo: [schema.object],
    picklist: { values: [...ids.keys()], restricted: true },
    written: { field: lookup.name, ids },
  });
}

/** What is wrong with the name of a parent's field, and how it is spelt; undefined where there is no such relation. */
export async function explainName(
  schema: ObjectSchema,
  name: string,
  describe: (object: string) => Promise<ObjectSchema>,
): Promise<NameProblem | undefined> {
  const named = readParentName(schema, name);
  if (named === undefined) return explainOwnName(schema, name);
  const { type, relation, key, lookup } = named;
  if (lookup === undefined) return explainRelation(schema, relation, key);
  const [only, ...others] = lookup.referenceTo;
  if (only === undefined) return undefined;
  const isPolymorphic = others.length > 0;
  if (type !== undefined && !isPolymorphic) {
    return {
      message: `${relation} of ${schema.object} is always ${only}, which is not said`,
      suggestion: `${relation}.${key}`,
    };
  }
  if (isPolymorphic && (type === undefined || !lookup.referenceTo.includes(type))) {
    const found = await findObjectWithKey(lookup.referenceTo, key, describe);
    const objects = lookup.referenceTo.join(", ");
    const message = `${relation} of ${schema.object} can be one of ${objects}: the name says which, ${only}:${relation}.${key} say`;
    return found === undefined ? { message } : { message, suggestion: `${found}:${relation}.${key}` };
  }
  const parent = await describe(type ?? only);
  if (parent.fields.get(key)?.externalId === true) return explainFixed(schema.object, { ...lookup, name });
  const message = `${type ?? only} has no external id ${key}, by which ${relation} of ${schema.object} could be found`;
  return only === recordType ? { message, suggestion: `${relation}.${developerName}` } : { message };
}

/** The first of a lookup's objects whose records this key finds. */
async function findObjectWithKey(
  objects: readonly string[],
  key: string,
  describe: (object: string) => Promise<ObjectSchema>,
): Promise<string | undefined> {
  for (const object of objects) {
    // Some a user may not see.
    const schema = await describe(object).catch(() => undefined);
    if (schema?.fields.get(key)?.externalId === true) return object;
  }
  return undefined;
}

function isMissing(code: string): boolean {
  return ["NOT_FOUND", "INVALID_TYPE", "INVALID_TYPE_FOR_OPERATION", "OBJECT_NOT_FOUND"].includes(code);
}

/** A refusal that jsforce made an error of, as a fault again. */
function faultOf(errorCode: string, message: string): CallFault {
  const body = JSON.stringify([{ errorCode, message }]);
  return new CallFault(message, { outcome: "refused", transient: false, body });
}
