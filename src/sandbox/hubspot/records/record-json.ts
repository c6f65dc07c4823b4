// A record as the API shows it: ids, values and times are text.
// https://developers.hubspot.com/docs/api-reference/crm-objects-v3/guide

import type { ObjectType } from "../catalog/catalog.ts";
import { portalId } from "../portal.ts";
import type { StoredRecord } from "../store.ts";

export interface RecordJson {
  id: string;
  properties: Record<string, string | null>;
  createdAt: string;
  updatedAt: string;
  archived: boolean;
  archivedAt?: string;
  url?: string;
  [more: string]: unknown;
}

/** A record with the properties asked for (null where not set; names that are none are ignored), or the usual ones. */
export function recordJson(type: ObjectType, record: StoredRecord, names: readonly string[] = []): RecordJson {
  const properties: Record<string, string | null> = {};
  const always = ["hs_object_id", type.createdProperty, type.modifiedProperty];
  for (const name of names.length === 0 ? type.defaultProperties : [...names, ...always]) {
    if (properties[name] !== undefined || (!type.properties.has(name) && !always.includes(name))) continue;
    properties[name] = readValue(type, record, name) ?? null;
  }
  return {
    id: String(record.id),
    properties,
    createdAt: new Date(record.createdAt).toISOString(),
    updatedAt: new Date(record.updatedAt).toISOString(),
    archived: record.archived,
    ...(record.archivedAt === undefined ? {} : { archivedAt: new Date(record.archivedAt).toISOString() }),
    url: `https://app.hubspot.com/contacts/${portalId}/record/${type.typeId}/${record.id}`,
  };
}

/** All that is stored of a record, for the dump and for exports. */
export function allValues(type: ObjectType, record: StoredRecord): Record<string, string> {
  const shown: Record<string, string> = { ...record.values };
  for (const name of ["hs_object_id", type.createdProperty, type.modifiedProperty])
    shown[name] = readValue(type, record, name) ?? "";
  return shown;
}

/** A property's value, those that are kept as columns among them. */
export function readValue(type: ObjectType, record: StoredRecord, name: string): string | undefined {
  if (name === "hs_object_id") return String(record.id);
  if (name === type.modifiedProperty) return new Date(record.updatedAt).toISOString();
  if (name === type.createdProperty || name === "hs_createdate") return new Date(record.createdAt).toISOString();
  return record.values[name];
}
