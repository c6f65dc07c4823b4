// A record as the API shows it: ids, values and times are text.
// https://developers.hubspot.com/docs/api-reference/crm-objects-v3/guide

import type { ObjectType } from "../catalog/object-type.ts";
import type { Portal } from "../portal.ts";
import { portalId } from "../portal-id.ts";
import type { StoredRecord, Version } from "./stored-record.ts";

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

/** What a read asks for. Names that are none are ignored. */
export interface Wanted {
  /** Empty: the usual ones of the type. */
  properties: readonly string[];
  history: readonly string[];
  /** Object types whose links come along. */
  associations: readonly ObjectType[];
}

/** A record with all that a read asks for. */
export function wantedJson(portal: Portal, type: ObjectType, record: StoredRecord, wanted: Wanted): RecordJson {
  const shown = recordJson(type, record, wanted.properties);
  if (wanted.history.length > 0) shown["propertiesWithHistory"] = historyOf(portal, type, record, wanted.history);
  const linked = wanted.associations.flatMap((to) => {
    const results = portal.associations
      .linksOf({ type, id: record.id }, to)
      .flatMap((link) => link.types.map((one) => ({ id: String(link.toId), type: typeName(type, to, one.label) })));
    return results.length === 0 ? [] : [[to.name, { results }] as const];
  });
  if (linked.length > 0) shown["associations"] = Object.fromEntries(linked);
  return shown;
}

/** A record with these properties (null where not set), or the usual ones. */
export function recordJson(type: ObjectType, record: StoredRecord, names: readonly string[] = []): RecordJson {
  const properties: Record<string, string | null> = {};
  for (const name of names.length === 0 ? type.defaultProperties : names)
    if (type.properties.get(name)?.archived === false) properties[name] = storedValue(type, record, name) ?? null;
  for (const name of ["hs_object_id", type.createdProperty, type.modifiedProperty])
    properties[name] ??= storedValue(type, record, name) ?? null;
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
    shown[name] = storedValue(type, record, name) ?? "";
  return shown;
}

/** A property's value, those that are kept as columns among them. */
export function storedValue(type: ObjectType, record: StoredRecord, name: string): string | undefined {
  if (name === "hs_object_id") return String(record.id);
  if (name === type.modifiedProperty || name === "hs_lastmodifieddate") return new Date(record.updatedAt).toISOString();
  if (name === type.createdProperty || name === "hs_createdate") return new Date(record.createdAt).toISOString();
  return record.values[name];
}

/** Each property's values with the time that they were set, the one that it has first. */
function historyOf(
  portal: Portal,
  type: ObjectType,
  record: StoredRecord,
  names: readonly string[],
): Record<string, unknown[]> {
  const entries = names
    .filter((name) => type.properties.has(name))
    .map((name) => {
      const shown = versionsOf(portal, type, record, name).map(({ value, at }) => ({
        value,
        timestamp: new Date(at).toISOString(),
        sourceType: "INTEGRATION",
        sourceId: String(portalId),
      }));
      return [name, shown] as const;
    });
  return Object.fromEntries(entries);
}

/** The values of a property, the one that it has first: those of the records that were merged into this one too. */
export function versionsOf(portal: Portal, type: ObjectType, record: StoredRecord, name: string): Version[] {
  const versions: Version[] = [];
  let value = storedValue(type, record, name);
  for (const { at, before } of portal.store.changes(type, record.id)) {
    if (before[name] === undefined) continue;
    versions.push({ value: value ?? "", at });
    value = before[name] ?? undefined;
  }
  const past = portal.store.past(type, record.id)[name] ?? [];
  if (value !== undefined && past.length === 0) versions.push({ value, at: record.createdAt });
  return [...versions, ...past];
}

// Where there is a primary association, the plain one says so.
function typeName(from: ObjectType, to: ObjectType, label: string | null): string {
  const plain = `${from.singular}_to_${to.singular}`;
  if (label === "Primary") return plain;
  if (label !== null) return label.toLowerCase().replaceAll(/\W+/g, "_");
  const primaries = new Set(["contact_to_company", "company_to_contact", "deal_to_company", "company_to_deal"]);
  return primaries.has(plain) ? `${plain}_unlabeled` : plain;
}
