// Names of Salesforce that are nearly right. In: an object as described, and a name that it has not or can't be written.
// Out: what is meant. Compound fields are read-only and written by their parts:
// https://developer.salesforce.com/docs/atlas.en-us.api.meta/api/compound_fields.htm

import type { FieldSchema, ObjectSchema } from "../../core/model.ts";

export interface NameProblem {
  message: string;
  suggestion?: string;
  next?: string;
}

const nameParts = ["Salutation", "FirstName", "MiddleName", "LastName", "Suffix"];
const addressParts = [
  "Street",
  "City",
  "State",
  "StateCode",
  "PostalCode",
  "Country",
  "CountryCode",
  "Latitude",
  "Longitude",
];

/** Undefined where nothing better than the nearest name can be said. */
export function explainOwnName(schema: ObjectSchema, name: string): NameProblem | undefined {
  const parts = findParts(schema, name);
  if (parts.length > 0) {
    const message = `${name} of ${schema.object} is made of other fields and can't be written itself`;
    return { message, next: `map ${parts.join(", ")}` };
  }
  const own = schema.fields.get(name);
  if (own !== undefined) return explainFixed(schema.object, own);
  const message = `${schema.object} has no field ${name}, or this user can't see it`;
  const folded = name.toLowerCase();
  const spaced = [...schema.fields.keys()].find(
    (field) => field.toLowerCase().replace(/^[a-z0-9_]+?__(?=.+__)/, "") === folded,
  );
  // A package's fields have its namespace in front.
  return spaced === undefined ? undefined : { message, suggestion: spaced };
}

/**
 * A detail stays with the master that it was created under, unless "Allow reparenting" is ticked: such a field is required,
 * createable and not updateable. https://help.salesforce.com/s/articleView?id=000385552
 */
export function explainFixed(object: string, field: FieldSchema): NameProblem | undefined {
  const { name, nillable, createable, updateable, referenceTo } = field;
  if (referenceTo.length === 0 || nillable || !createable || updateable) return undefined;
  return {
    message: `${object}.${name} can't be changed once a record is there: a detail stays with its master`,
    next: `give it policy: create_only (new records get their master, the others keep theirs), leave it out where none is created, or tick "Allow reparenting" in its definition`,
  };
}

function findParts(schema: ObjectSchema, name: string): string[] {
  const writable = (field: string) => {
    const { createable = false, updateable = false } = schema.fields.get(field) ?? {};
    return createable || updateable;
  };
  if (name.toLowerCase() === "name") {
    const parts = nameParts.filter(writable);
    return parts.includes("LastName") ? parts : [];
  }
  const custom = /^(.+)__c$/i.exec(name)?.[1];
  const standard = /^(.*)Address$/i.exec(name)?.[1];
  if (custom === undefined && standard === undefined) return [];
  const parts = addressParts.map((part) => (custom === undefined ? `${standard}${part}` : `${custom}__${part}__s`));
  const isCompound = schema.fields.get(name)?.vendorType === "address" || !schema.fields.has(name);
  return isCompound ? parts.filter(writable) : [];
}

/** `AccountId.Ext__c`: a parent is named by the relation, not by the field that holds its id. */
export function explainRelation(schema: ObjectSchema, relation: string, key: string): NameProblem | undefined {
  const folded = relation.toLowerCase();
  const isMeant = ({ name, relationshipName }: FieldSchema) =>
    relationshipName !== undefined && (name.toLowerCase() === folded || relationshipName.toLowerCase() === folded);
  const lookup = [...schema.fields.values()].find(isMeant);
  if (lookup?.relationshipName === undefined) return undefined;
  const [only = "", ...others] = lookup.referenceTo;
  const object = others.length > 0 ? `${only}:` : "";
  return {
    message: `${relation} is no relation of ${schema.object}: a parent is named by the lookup's relation`,
    suggestion: `${object}${lookup.relationshipName}.${key}`,
  };
}
