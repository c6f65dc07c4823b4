// From the names that a caller uses to what they write: a field, or a lookup named through its parent's key.
// In: column headers or JSON keys. Out: one column each, ready to read values. A name that leads nowhere is a
// ColumnError in the words that fail a bulk job.
// Forms: https://developer.salesforce.com/docs/atlas.en-us.api_asynch.meta/api_asynch/relationship_fields_in_a_header_row_2_0.htm

import { identifier } from "../../../core/sql.ts";
import { type Field, isStored } from "../catalog/field.ts";
import type { SalesforceObject } from "../catalog/object.ts";
import { RowError } from "../errors.ts";
import type { Org } from "../org.ts";
import { keyExpression, keyOf, prepareRows, type Rows } from "../store.ts";
import { type ReadValue, valueReader } from "./values.ts";

export interface Column {
  header: string;
  field: Field;
  read: ReadValue;
}

/** A column that the object does not have: it fails the whole job, not a row. */
export class ColumnError extends Error {}

/** The columns behind names. Throws a ColumnError for the first that leads nowhere. */
export function resolveColumns(org: Org, object: SalesforceObject, names: readonly string[]): Column[] {
  const columns = names.map((name) => {
    const path = /^(?:(?<type>[^:.]+):)?(?<relationship>[^:.]+)\.(?<key>[^:.]+)$/.exec(name)?.groups;
    return path === undefined
      ? plainColumn(object, name)
      : parentColumn(org, object, name, path["relationship"] ?? "", path["key"] ?? "", path["type"]);
  });
  const twice = columns.find((column, index) => columns.findIndex((other) => other.field === column.field) !== index);
  if (twice !== undefined) throw new ColumnError(`Field name duplicated : ${twice.header}`);
  return columns;
}

function plainColumn(object: SalesforceObject, header: string): Column {
  const field = object.field(header);
  if (field === undefined || !isStored(field)) throw new ColumnError(`Field name not found : ${header}`);
  return { header, field, read: valueReader(field) };
}

function parentColumn(
  org: Org,
  object: SalesforceObject,
  header: string,
  relationship: string,
  keyName: string,
  type: string | undefined,
): Column {
  const field = object.relationship(relationship);
  if (field === undefined) throw new ColumnError(`Unable to find relationship: ${relationship}`);
  const polymorphic = field.referenceTo.length > 1;
  if (type !== undefined && !polymorphic)
    throw new ColumnError(`type is not needed for non polymorphic foreign key references: ${relationship}`);
  const targetName = field.referenceTo.find((name) => !polymorphic || name.toLowerCase() === type?.toLowerCase());
  const target = targetName === undefined ? undefined : org.catalog.object(targetName);
  const key = target?.field(keyName);
  if (target === undefined || key === undefined || !(key.idLookup || key.externalId))
    throw new ColumnError(`Field name not found : ${header}`);
  const find = keyLookup(org, target, key);
  const readKey = valueReader(key);
  return { header, field, read: (text) => findParent(find, key, target, readKey(text)) };
}

/** Finds the ids of the live records with a key, three at most. */
export function keyLookup(org: Org, object: SalesforceObject, key: Field): Rows<[string]> {
  const column = identifier(key.name);
  return prepareRows<[string]>(
    org.store.database,
    `SELECT "Id" FROM ${identifier(object.name)} WHERE ${keyExpression(key, column)} = ? AND "IsDeleted" = 0 LIMIT 3`,
  );
}

function findParent(
  find: Rows<[string]>,
  key: Field,
  target: SalesforceObject,
  value: string | number | null,
): string | null {
  if (value === null) return null;
  const ids = find.all(keyOf(key, value)).map(([id]) => id);
  const [only] = ids;
  if (only !== undefined && ids.length === 1) return only;
  if (only === undefined)
    throw new RowError(
      "INVALID_FIELD",
      `Foreign key external ID: ${String(value).toLowerCase()} not found for field ${key.name} in entity ${target.name}`,
    );
  throw duplicateKey(key, ids);
}

export function duplicateKey(key: Field, ids: readonly string[]): RowError {
  return new RowError(
    "DUPLICATE_EXTERNAL_ID",
    `${key.name}: more than one record found for external id field: [${ids.join(", ")}]`,
    [key.name],
  );
}
