// Record types: rows of the RecordType object, offered by describe, checked when a record names one.
// In: the schema file's record types. Out: their ids. Must hold: a record type keeps its id across restarts.
// https://developer.salesforce.com/docs/atlas.en-us.object_reference.meta/object_reference/sforce_api_objects_recordtype.htm

import type { SalesforceObject } from "../catalog/object.ts";
import { RowError } from "../errors.ts";
import type { Org } from "../org.ts";
import { prepareRows, type Stored } from "../store.ts";

export interface RecordType {
  id: string;
  developerName: string;
  name: string;
  active: boolean;
  available: boolean;
  default: boolean;
}

/** The record types of an object with their ids, in the order of the schema file. */
export function recordTypesOf(org: Org, object: SalesforceObject): RecordType[] {
  const definitions = Object.entries(object.recordTypes);
  if (definitions.length === 0) return [];
  const find = prepareRows<[string]>(
    org.store.database,
    `SELECT "Id" FROM "RecordType" WHERE "SobjectType" = ? AND "DeveloperName" = ?`,
  );
  return definitions.flatMap(([developerName, { label, ...definition }]) => {
    const row = find.get(object.name, developerName);
    return row === undefined ? [] : [{ ...definition, id: row[0], developerName, name: label ?? developerName }];
  });
}

/** What a record gets that names no record type: the default one, or none. */
export function defaultRecordType(org: Org, object: SalesforceObject): string | null {
  return recordTypesOf(org, object).find((type) => type.default)?.id ?? null;
}

/** Refuses an id that is not a record type of the object, or not one for this user. */
export function recordTypeCheck(org: Org, object: SalesforceObject): (id: Stored) => void {
  const offered = new Set(
    recordTypesOf(org, object)
      .filter((type) => type.active && type.available)
      .map((type) => type.id),
  );
  return (id) => {
    if (typeof id === "string" && !offered.has(id))
      throw new RowError(
        "INVALID_CROSS_REFERENCE_KEY",
        `Record Type ID: this ID value isn't valid for the user: ${id}`,
        ["RecordTypeId"],
      );
  };
}
