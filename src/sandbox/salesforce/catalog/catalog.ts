// The org's metadata: the standard objects plus what the schema file adds.
// In: the schema file, the key prefixes that custom objects already have. Out: objects and fields, found by name in
// any case, as Salesforce does. Must hold: an object keeps its key prefix for as long as its data lives.

import { usageFailure } from "../../../core/errors.ts";
import { suggest } from "../../../core/suggest.ts";
import type { SalesforceFieldDefinition, SchemaFile } from "../../schema-file.ts";
import { type Field, field, owner, readOnly, recordTypeField, systemFields, text } from "./field.ts";
import type { SalesforceObject } from "./object.ts";
import { fullAccess, readAccess, restrict } from "./restrict.ts";
import { type StandardObject, standardObjects } from "./standard-objects.ts";

/**
 * Two views of the same objects: what the signed-in user may see and do, and what the org itself stores. A field that is
 * hidden from the user keeps its values and its defaults.
 */
export interface Catalog {
  /** What the user sees. */
  objects: readonly SalesforceObject[];
  /** What the user sees of an object, by its name in any case. */
  object(name: string): SalesforceObject | undefined;
  /** What is stored. */
  stored: readonly SalesforceObject[];
  storedObject(name: string): SalesforceObject | undefined;
  /** The object whose records have this id. */
  objectOfId(id: string): SalesforceObject | undefined;
}

/** Builds the catalog. `prefixes` maps custom objects to their key prefix and gets the new ones added. */
export function buildCatalog(schema: SchemaFile, prefixes: Map<string, string>): Catalog {
  const definitions = new Map(Object.entries(schema.salesforce));
  const objects: SalesforceObject[] = [];
  for (const standard of standardObjects) {
    const { fields: added = {}, recordTypes = {} } = definitions.get(standard.name) ?? {};
    definitions.delete(standard.name);
    const types = Object.keys(recordTypes).length === 0 ? [] : [recordTypeField()];
    const fields = [...standard.fields, ...types, ...customFields(standard.name, added)];
    objects.push(makeObject({ ...standard, fields, recordTypes }));
  }
  for (const [name, definition] of definitions) {
    if (definition.custom !== true || !name.endsWith("__c")) throw unknownObject(name);
    const label = definition.label ?? name.replace(/__c$/, "").replaceAll("_", " ");
    const { recordTypes } = definition;
    const types = Object.keys(recordTypes).length === 0 ? [] : [recordTypeField()];
    const fields = [...systemFields(), owner(), ...nameAndDates(), ...types, ...customFields(name, definition.fields)];
    const keyPrefix = prefixOf(name, prefixes);
    objects.push(makeObject({ name, label, labelPlural: `${label}s`, keyPrefix, fields, recordTypes, custom: true }));
  }
  const catalog = makeCatalog(objects, schema);
  refuseLostReferences(catalog, schema);
  return catalog;
}

function makeCatalog(stored: readonly SalesforceObject[], schema: SchemaFile): Catalog {
  const visible = stored.flatMap((object) => {
    const definition = schema.salesforce[object.name];
    const restricted = definition === undefined ? object : restrict(object, definition);
    return restricted.access.readable ? [restricted === object ? object : makeObject(restricted)] : [];
  });
  const byName = new Map(visible.map((object) => [object.name.toLowerCase(), object]));
  const byPrefix = new Map(visible.map((object) => [object.keyPrefix, object]));
  const storedByName = new Map(stored.map((object) => [object.name.toLowerCase(), object]));
  return {
    objects: visible,
    object: (name) => byName.get(name.toLowerCase()),
    stored,
    storedObject: (name) => storedByName.get(name.toLowerCase()),
    objectOfId: (id) => byPrefix.get(id.slice(0, 3)),
  };
}

/** What an object is made of: a standard one, one of the schema file, or one as a user sees it. */
type ObjectParts = StandardObject & Partial<Pick<SalesforceObject, "custom" | "access" | "recordTypes">>;

function makeObject(definition: ObjectParts): SalesforceObject {
  const byName = new Map(definition.fields.map((candidate) => [candidate.name.toLowerCase(), candidate]));
  const byRelationship = new Map<string, Field>();
  for (const candidate of definition.fields)
    if (candidate.relationshipName !== undefined)
      byRelationship.set(candidate.relationshipName.toLowerCase(), candidate);
  return {
    name: definition.name,
    label: definition.label,
    labelPlural: definition.labelPlural,
    keyPrefix: definition.keyPrefix,
    custom: definition.custom ?? false,
    readOnly: definition.readOnly ?? false,
    access: definition.access ?? (definition.readOnly === true ? readAccess : fullAccess),
    recordTypes: definition.recordTypes ?? {},
    fields: definition.fields,
    field: (name) => byName.get(name.toLowerCase()),
    relationship: (name) => byRelationship.get(name.toLowerCase()),
  };
}

function customFields(object: string, definitions: Readonly<Record<string, SalesforceFieldDefinition>>): Field[] {
  return Object.entries(definitions).map(([name, definition]) => {
    if (!/^[A-Za-z]\w*__(c|s|pc)$/.test(name)) {
      throw usageFailure(`the schema file names a field ${object}.${name} that cannot be a custom field`, {
        why: "a custom field's name starts with a letter and ends with __c, __s (a part of a place) or __pc (of a person)",
      });
    }
    return customField(object, name, definition);
  });
}

function customField(object: string, name: string, definition: SalesforceFieldDefinition): Field {
  const { to, required, masterDetail, relationshipName, childRelationshipName, ...attributes } = definition;
  const given = Object.fromEntries(Object.entries(attributes).filter(([, value]) => value !== undefined));
  const isText = definition.type === "string" || definition.type === "textarea";
  const made = field(name, definition.type, {
    custom: true,
    ...(isText ? { length: 255 } : {}),
    ...(definition.type === "multipicklist" ? { length: 4099 } : {}),
    ...(definition.type === "encryptedstring" ? { length: 175 } : {}),
    ...given,
    idLookup: definition.externalId ?? false,
    nillable: required !== true && masterDetail === undefined && definition.type !== "boolean",
    // A detail goes with its master, and to another one only where that was allowed.
    ...(masterDetail === undefined ? {} : { onParentDelete: "delete", updateable: masterDetail === "reparentable" }),
    ...(definition.type === "boolean" ? { defaultedOnCreate: true, defaultValue: 0 } : {}),
  });
  if (definition.type !== "reference") return made;
  if (to === undefined) {
    throw usageFailure(`the schema file's reference ${object}.${name} does not say what it points to`, {
      next: "add to: <object>",
    });
  }
  return {
    ...made,
    length: 18,
    referenceTo: [to],
    relationshipName: relationshipName ?? name.replace(/__c$/, "__r"),
    childRelationshipName: childRelationshipName ?? `${object.replace(/__c$/, "")}s__r`,
  };
}

function nameAndDates(): Field[] {
  return [
    text("Name", 80, { defaultedOnCreate: true, idLookup: true }),
    field("LastActivityDate", "date", readOnly),
    field("LastViewedDate", "datetime", readOnly),
    field("LastReferencedDate", "datetime", readOnly),
  ];
}

// Custom objects get a00, a01, …: Salesforce gives each new one the next prefix under "a".
function prefixOf(name: string, prefixes: Map<string, string>): string {
  const known = prefixes.get(name);
  if (known !== undefined) return known;
  const prefix = `a${prefixes.size.toString(36).padStart(2, "0")}`;
  prefixes.set(name, prefix);
  return prefix;
}

function refuseLostReferences(catalog: Catalog, schema: SchemaFile): void {
  for (const [object, definition] of Object.entries(schema.salesforce))
    for (const [name, { to }] of Object.entries(definition.fields))
      if (to !== undefined && catalog.storedObject(to) === undefined)
        throw usageFailure(`the schema file's ${object}.${name} points to an object that is not there: ${to}`);
}

function unknownObject(name: string): Error {
  const near = suggest(
    name,
    standardObjects.map((standard) => standard.name),
  );
  return usageFailure(`the schema file names an unknown object: ${name}`, {
    next:
      near === undefined
        ? "a new object's name ends with __c and it has custom: true"
        : `did you mean ${near}? A new object's name ends with __c and it has custom: true`,
  });
}
