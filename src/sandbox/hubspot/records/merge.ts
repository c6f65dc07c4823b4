// Two records become one, and a record goes for good.
// In: a primary record and the one to merge into it. Out: the record that holds the values and links of both.
// Must hold: both old ids lead to it from then on; nothing is left of a record that privacy law has deleted.
// https://knowledge.hubspot.com/records/merge-records

import type { ObjectType } from "../catalog/object-type.ts";
import type { Portal } from "../portal.ts";
import { deriveValues } from "./derived.ts";
import { versionsOf } from "./record-json.ts";
import type { StoredRecord, Values, Version } from "./stored-record.ts";

/** Merges into a new record, or into the primary one where the portal preserves its id. */
export function mergeRecords(
  portal: Portal,
  type: ObjectType,
  primary: StoredRecord,
  merged: StoredRecord,
  at: number,
): StoredRecord {
  const { store, primaryIdPreserved } = portal;
  const gone = primaryIdPreserved ? [merged] : [primary, merged];
  const values = mergedValues(type, primary, merged, gone, at);
  const createdAt = Math.min(primary.createdAt, merged.createdAt);
  const past = pastOf(portal, type, [primary, merged]);
  // The losers go first: they hold unique values that the survivor takes over.
  for (const record of gone) removeRecord(portal, type, record, at);
  const survivor = primaryIdPreserved
    ? store.update(type, { ...primary, createdAt }, values, at)
    : store.insert(type, values, at, createdAt);
  if (!primaryIdPreserved) store.inherit(type, survivor.id, past);
  // The primary's links last: where only one can be primary, it is the one of the primary record.
  for (const record of [...gone].reverse()) {
    moveLinks(portal, type, record.id, survivor.id);
    store.redirect(type, record.id, survivor.id);
  }
  return survivor;
}

// "Property values from both objects will still be merged onto the new object", with their times:
// https://developers.hubspot.com/changelog/updated-merge-functionality-for-contacts-and-companies
function pastOf(portal: Portal, type: ObjectType, records: readonly StoredRecord[]): Record<string, Version[]> {
  const names = new Set(records.flatMap(({ values }) => Object.keys(values)));
  const past = [...names].map((name) => {
    const [first, ...others] = records.flatMap((record) => versionsOf(portal, type, record, name));
    return [name, first === undefined ? [] : [first, ...others.sort((one, other) => other.at - one.at)]] as const;
  });
  return Object.fromEntries(past);
}

/** Removes a record with all that refers to it. */
export function eraseRecord(portal: Portal, type: ObjectType, record: StoredRecord, at: number): void {
  removeRecord(portal, type, record, at);
  portal.associations.forget({ type, id: record.id });
}

// The search index sees it for as long as it lags.
function removeRecord(portal: Portal, type: ObjectType, record: StoredRecord, at: number): void {
  portal.store.images.keep(type, record.id, record, at);
  portal.store.forget(type, record);
}

function mergedValues(
  type: ObjectType,
  primary: StoredRecord,
  merged: StoredRecord,
  gone: readonly StoredRecord[],
  at: number,
): Values {
  const values: Values = { ...merged.values, ...primary.values };
  const lists = (name: string): string[] =>
    [primary, merged].flatMap((record) => (record.values[name] ?? "").split(";")).filter((entry) => entry !== "");
  const ids = [...lists("hs_merged_object_ids"), ...gone.map(({ id }) => String(id))];
  values["hs_merged_object_ids"] = [...new Set(ids)].join(";");
  if (type.name !== "contacts") return deriveValues(type, values);
  const vids = [...lists("hs_calculated_merged_vids"), ...gone.map(({ id }) => `${id}:${at}`)];
  values["hs_calculated_merged_vids"] = [...new Set(vids)].join(";");
  const emails = new Set([...lists("email"), ...lists("hs_additional_emails")]);
  emails.delete(values["email"] ?? "");
  if (emails.size > 0) values["hs_additional_emails"] = [...emails].join(";");
  return deriveValues(type, values);
}

function moveLinks(portal: Portal, type: ObjectType, from: number, to: number): void {
  for (const other of portal.catalog.types) {
    for (const { toId, types } of portal.associations.linksOf({ type, id: from }, other)) {
      const target = { type: other, id: toId };
      const own = { type, id: to };
      // A record is not linked to itself.
      if (other.typeId === type.typeId && toId === to) continue;
      const present = portal.associations.linksOf(own, other, toId).find((link) => link.toId === toId);
      portal.associations.link(own, target, [...(present?.types ?? []), ...types]);
    }
  }
  portal.associations.forget({ type, id: from });
}
