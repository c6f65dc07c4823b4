// Which record a client means: by its id, or by a property whose value no two records share.

import type { ObjectType } from "../catalog/object-type.ts";
import { validationError } from "../errors.ts";
import type { Portal } from "../portal.ts";
import type { StoredRecord } from "./stored-record.ts";

/** A live record by id, or by the value of a unique property. Email of contacts finds secondary addresses too. */
export function findRecord(
  portal: Portal,
  type: ObjectType,
  key: string,
  idProperty: string | undefined,
): StoredRecord | undefined {
  const id =
    idProperty === undefined ? parseId(key) : portal.store.findUnique(type, idProperty, key.trim().toLowerCase());
  if (id === undefined) return undefined;
  const record = portal.store.get(type, id);
  return record?.archived === true ? undefined : record;
}

/** Throws where records cannot be told apart by a property; the record id goes without naming it. */
export function requireUnique(type: ObjectType, idProperty: string | undefined): void {
  if (idProperty === undefined) return;
  const property = type.properties.get(idProperty);
  if (property === undefined) throw validationError(`Property "${idProperty}" does not exist`);
  if (property.hasUniqueValue) return;
  throw validationError(`Unable to perform update/upsert by non-unique ${type.typeId} property ${idProperty}`);
}

export function parseId(text: string): number | undefined {
  const id = Number(text);
  return /^\d+$/.test(text) && Number.isSafeInteger(id) ? id : undefined;
}

/** Ids that name no live record, in HubSpot's words. */
export function missingMessage(type: ObjectType): string {
  const name = type.custom ? type.name : type.singular.toUpperCase();
  return `Could not get some ${name} objects, they may be deleted or not exist. Check that ids are valid.`;
}
