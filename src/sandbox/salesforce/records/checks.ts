// What must hold of a row before it is written: required fields, what may be written, unique keys, live parents.
// In: the stored values of a row, in the order of its columns. Out: nothing, or a RowError in the vendor's words.

import { identifier } from "../../../core/sql.ts";
import type { Field } from "../catalog/field.ts";
import type { SalesforceObject } from "../catalog/object.ts";
import { RowError } from "../errors.ts";
import type { Org } from "../org.ts";
import { keyOf, prepareRows, type Rows, type Stored } from "../store.ts";
import { type Column, keyLookup } from "./columns.ts";
import { recordTypeCheck } from "./record-types.ts";

/** A row's values: undefined where none was given. */
export type StoredRow = readonly (Stored | undefined)[];

/** Refuses ids that are not live records of the object. */
export function requireLive(org: Org, object: SalesforceObject): (id: string) => void {
  const find = deletedFlag(org, object);
  return (id) => {
    const row = find.get(id);
    if (row === undefined) throw new RowError("INVALID_CROSS_REFERENCE_KEY", "invalid cross reference id");
    if (row[0] === 1) throw new RowError("ENTITY_IS_DELETED", "entity is deleted");
  };
}

function deletedFlag(org: Org, object: SalesforceObject): Rows<[number]> {
  return prepareRows<[number]>(org.store.database, `SELECT "IsDeleted" FROM ${identifier(object.name)} WHERE "Id" = ?`);
}

/** Throws a RowError; `id` is the record that the row updates, undefined where it creates one. */
export type Check = (stored: StoredRow, id: string | undefined) => void;

/** All checks of a row with these columns. */
export function rowCheck(org: Org, object: SalesforceObject, columns: readonly Column[]): Check {
  const places = new Map(columns.map((column, index) => [column.field, index]));
  const needed = object.fields.filter((field) => field.createable && !field.nillable && !field.defaultedOnCreate);
  const checks: Check[] = columns.flatMap((column, index) => columnChecks(org, object, column.field, index));
  return (stored, id) => {
    for (const check of checks) check(stored, id);
    const missing = needed.filter((field) => {
      const value = stored[places.get(field) ?? -1];
      return id === undefined ? value === undefined || value === null : value === null;
    });
    if (missing.length > 0) throw requiredMissing(missing);
  };
}

function columnChecks(org: Org, object: SalesforceObject, field: Field, index: number): Check[] {
  const checks: Check[] = [];
  if (field.name === "Id") {
    checks.push((stored, id) => {
      if (id === undefined && typeof stored[index] === "string")
        throw new RowError("INVALID_FIELD_FOR_INSERT_UPDATE", "cannot specify Id in an insert call", ["Id"]);
    });
    return checks;
  }
  if (!field.createable || !field.updateable)
    checks.push((stored, id) => {
      if (stored[index] !== undefined && !(id === undefined ? field.createable : field.updateable))
        throw notWritable(field);
    });
  if (field.type === "boolean")
    checks.push((stored) => {
      if (stored[index] === null)
        throw new RowError("INVALID_TYPE_ON_FIELD_IN_RECORD", `${field.label}: value not of required type: `, [
          field.name,
        ]);
    });
  if (field.unique) checks.push(uniqueCheck(org, object, field, index));
  if (field.name === "RecordTypeId") {
    const refuseOther = recordTypeCheck(org, object);
    checks.push((stored) => refuseOther(stored[index] ?? null));
  } else if (field.type === "reference") checks.push(referenceCheck(org, field, index));
  return checks;
}

function uniqueCheck(org: Org, object: SalesforceObject, field: Field, index: number): Check {
  const lookup = keyLookup(org, object, field);
  return (stored, id) => {
    const value = stored[index];
    if (value === undefined || value === null) return;
    for (const [other] of lookup.all(keyOf(field, value)))
      if (other !== id)
        throw new RowError(
          "DUPLICATE_VALUE",
          // The id in 15 characters: https://docs.gearset.com/en/articles/4002241
          `duplicate value found: ${field.name} duplicates value on record with id: ${other.slice(0, 15)}`,
        );
  };
}

function referenceCheck(org: Org, field: Field, index: number): Check {
  const finds = new Map<string, Rows<[number]>>();
  for (const name of field.referenceTo) {
    const target = org.catalog.storedObject(name);
    if (target !== undefined) finds.set(target.keyPrefix, deletedFlag(org, target));
  }
  return (stored) => {
    const value = stored[index];
    if (typeof value !== "string") return;
    const find = finds.get(value.slice(0, 3));
    if (find === undefined)
      throw new RowError("MALFORMED_ID", `${field.label}: id value of incorrect type: ${value}`, [field.name]);
    const row = find.get(value);
    if (row === undefined) throw new RowError("INVALID_CROSS_REFERENCE_KEY", "invalid cross reference id");
    if (row[0] === 1) throw new RowError("ENTITY_IS_DELETED", "entity is deleted");
  };
}

function requiredMissing(fields: readonly Field[]): RowError {
  const names = fields.map((field) => field.name);
  return new RowError("REQUIRED_FIELD_MISSING", `Required fields are missing: [${names.join(", ")}]`, names);
}

function notWritable(field: Field): RowError {
  return new RowError(
    "INVALID_FIELD_FOR_INSERT_UPDATE",
    `Unable to create/update fields: ${field.name}. Please check the security settings of this field and verify that it is read/write for your profile or permission set.`,
    [field.name],
  );
}
