// What association types there are between two object types: HubSpot's own, and labels that a portal added.
// In: labels. Out: definitions, each with the one that the other end sees. Must hold: a label keeps its id for good.

import type { DatabaseSync } from "../../../core/sqlite.ts";
import type { ObjectType } from "../catalog/object-type.ts";
import { hubspotDefined } from "./association-types.ts";

type AssociationCategory = "HUBSPOT_DEFINED" | "USER_DEFINED";

export interface AssociationType {
  category: AssociationCategory;
  typeId: number;
  /** null: the plain association that every other one includes. */
  label: string | null;
}

/** A type with the same link's type as seen from the other end. */
export interface Definition extends AssociationType {
  inverse: AssociationType;
}

export interface AssociationLabels {
  /** All types from one object type to another, the plain one first where there is one. */
  between(from: ObjectType, to: ObjectType): Definition[];
  /** Sees to it that there is a plain association. HubSpot makes it with a custom object; here it comes when it is wanted. */
  ensurePlain(from: ObjectType, to: ObjectType): void;
  /** Adds a label in both directions and gives the types that it has. */
  add(from: ObjectType, to: ObjectType, label: string, inverseLabel: string): AssociationType[];
  /** False where there is no such label. */
  rename(from: ObjectType, to: ObjectType, typeId: number, label: string, inverseLabel: string | undefined): boolean;
  remove(from: ObjectType, to: ObjectType, typeId: number): boolean;
}

export function openAssociationLabels(database: DatabaseSync): AssociationLabels {
  database.exec(
    "CREATE TABLE IF NOT EXISTS association_label (id INTEGER PRIMARY KEY AUTOINCREMENT, from_type TEXT, to_type TEXT, label TEXT, inverse INTEGER)",
  );
  const cached = new Map<string, Definition[]>();
  const select = database.prepare(
    `SELECT own.id, own.label, other.id AS other_id, other.label AS other_label FROM association_label own
     JOIN association_label other ON other.id = own.inverse WHERE own.from_type = ? AND own.to_type = ? ORDER BY own.id`,
  );
  const insert = database.prepare("INSERT INTO association_label (from_type, to_type, label) VALUES (?, ?, ?)");
  const pair = database.prepare("UPDATE association_label SET inverse = ? WHERE id = ?");
  const relabel = database.prepare("UPDATE association_label SET label = ? WHERE id = ?");
  const remove = database.prepare("DELETE FROM association_label WHERE id IN (?, ?)");

  function userDefined(from: ObjectType, to: ObjectType): Definition[] {
    const key = `${from.typeId} ${to.typeId}`;
    const known = cached.get(key);
    if (known !== undefined) return known;
    const found = select.all(from.typeId, to.typeId).map((row) => ({
      ...labelType(row["id"], row["label"]),
      inverse: labelType(row["other_id"], row["other_label"]),
    }));
    cached.set(key, found);
    return found;
  }

  function addPair(from: ObjectType, to: ObjectType, label: string | null, inverseLabel: string | null): number {
    const id = Number(insert.run(from.typeId, to.typeId, label).lastInsertRowid);
    // The same label from both ends of one type is one type.
    const single = from === to && label === inverseLabel;
    const inverse = single ? id : Number(insert.run(to.typeId, from.typeId, inverseLabel).lastInsertRowid);
    pair.run(inverse, id);
    pair.run(id, inverse);
    cached.clear();
    return id;
  }

  const labels: AssociationLabels = {
    between: (from, to) => [...hubspotDefined(from.singular, to.singular), ...userDefined(from, to)],
    ensurePlain(from, to) {
      if (labels.between(from, to).length === 0) addPair(from, to, null, null);
    },
    add(from, to, label, inverseLabel) {
      labels.ensurePlain(from, to);
      const id = addPair(from, to, label, inverseLabel);
      return userDefined(from, to)
        .filter((type) => type.typeId === id)
        .flatMap(({ inverse, ...own }) => (own.typeId === inverse.typeId ? [own] : [own, inverse]));
    },
    rename(from, to, typeId, label, inverseLabel) {
      const type = userDefined(from, to).find((one) => one.typeId === typeId && one.label !== null);
      if (type === undefined) return false;
      relabel.run(label, typeId);
      if (inverseLabel !== undefined) relabel.run(inverseLabel, type.inverse.typeId);
      cached.clear();
      return true;
    },
    remove(from, to, typeId) {
      const type = userDefined(from, to).find((one) => one.typeId === typeId && one.label !== null);
      if (type === undefined) return false;
      remove.run(typeId, type.inverse.typeId);
      cached.clear();
      return true;
    },
  };
  return labels;
}

function labelType(id: unknown, label: unknown): AssociationType {
  return { category: "USER_DEFINED", typeId: Number(id), label: label === null ? null : String(label) };
}
