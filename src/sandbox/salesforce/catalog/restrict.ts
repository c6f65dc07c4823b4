// What the signed-in user sees of an object: its permissions on the object and on each field.
// In: an object as it is stored, and the schema file's permissions. Out: the same object without what is hidden, its
// flags turned off where the user may not write.
// https://help.salesforce.com/s/articleView?id=sf.admin_fls.htm&type=5

import { usageFailure } from "../../../core/errors.ts";
import { suggest } from "../../../core/suggest.ts";
import type { SalesforceObjectDefinition } from "../../schema-file.ts";
import type { Field } from "./field.ts";
import type { Access, SalesforceObject } from "./object.ts";

export const fullAccess: Access = {
  readable: true,
  queryable: true,
  createable: true,
  updateable: true,
  deletable: true,
};

export const readAccess: Access = { ...fullAccess, createable: false, updateable: false, deletable: false };

/** The object as the user sees it; the same one where nothing is restricted. */
export function restrict(object: SalesforceObject, definition: SalesforceObjectDefinition): SalesforceObject {
  const { hidden, readonly, permissions } = definition;
  if (hidden.length === 0 && readonly.length === 0 && permissions === undefined) return object;
  const isHidden = fieldTest(object, "hidden", hidden);
  const isReadonly = fieldTest(object, "readonly", readonly);
  return {
    ...object,
    access: restrictAccess(object, permissions),
    fields: object.fields
      .filter((field) => !isHidden(field))
      .map((field) => withoutParts(field, hidden))
      .map((field) => (isReadonly(field) ? { ...field, createable: false, updateable: false } : field)),
  };
}

// What only the org itself writes stays closed, whatever the schema file says.
function restrictAccess({ access, readOnly }: SalesforceObject, given: Access | undefined): Access {
  if (given === undefined) return access;
  return readOnly ? { ...readAccess, readable: given.readable, queryable: given.queryable } : given;
}

function withoutParts(field: Field, hidden: readonly string[]): Field {
  if (field.components === undefined) return field;
  const gone = new Set(hidden.map((name) => name.toLowerCase()));
  const parts = Object.entries(field.components).filter(([, name]) => !gone.has(name.toLowerCase()));
  return { ...field, components: Object.fromEntries(parts) };
}

// A field that every record must have is always visible and writable: Salesforce offers no permission for it.
function fieldTest(object: SalesforceObject, key: string, names: readonly string[]): (field: Field) => boolean {
  const found = new Set(
    names.map((name) => {
      const field = object.field(name);
      const where = `the schema file's ${object.name}.${key}`;
      if (field === undefined) {
        const near = suggest(
          name,
          object.fields.map((candidate) => candidate.name),
        );
        throw usageFailure(`${where} names a field that is not there: ${name}`, {
          ...(near === undefined ? {} : { next: `did you mean ${near}?` }),
        });
      }
      if (!field.nillable && field.type !== "boolean")
        throw usageFailure(`${where} names ${field.name}`, {
          why: "a field that every record must have has no field-level security",
        });
      return field;
    }),
  );
  return (field) => found.has(field);
}
