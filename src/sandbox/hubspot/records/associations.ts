// Who belongs to whom. Each link is kept from both its ends, with the type that it has as seen from there.
// In: pairs of records and association types. Out: links, and the types that two object types have between them.
// Must hold: a labelled link is an unlabelled one too; a contact, deal or ticket has one primary company at most.
// https://developers.hubspot.com/docs/guides/api/crm/associations/associations-v4

import type { DatabaseSync } from "../../../core/sqlite.ts";
import type { ObjectType } from "../catalog/catalog.ts";
import { hubspotDefined } from "./association-types.ts";

export type AssociationCategory = "HUBSPOT_DEFINED" | "USER_DEFINED";

export interface AssociationType {
  category: AssociationCategory;
  typeId: number;
  /** null: the plain association that every other one includes. */
  label: string | null;
}

/** One end of a link. */
export interface End {
  type: ObjectType;
  id: number;
}

export interface Link {
  toId: number;
  types: AssociationType[];
}

interface Definition extends AssociationType {
  inverse: Omit<Definition, "inverse">;
}

export interface Associations {
  /** All types from one object type to another, the plain one first. */
  types(from: ObjectType, to: ObjectType): AssociationType[];
  find(from: ObjectType, to: ObjectType, category: unknown, typeId: unknown): AssociationType | undefined;
  /** The labels' types in both directions. */
  addLabel(from: ObjectType, to: ObjectType, label: string, inverseLabel: string): AssociationType[];
  /** Links two records. Labels that are not given are gone afterwards. */
  link(from: End, to: End, types: readonly AssociationType[]): void;
  /** Takes types away from a link; without types, or with the plain one, all of it. */
  unlink(from: End, to: End, types?: readonly AssociationType[]): void;
  /** Links of a record to records of a type, in the order of their ids, beginning with an id. */
  linksOf(from: End, to: ObjectType, first?: number): Link[];
  isLinked(from: End, to: End): boolean;
  /** Forgets all links of a record. */
  forget(end: End): void;
  clear(): void;
}

export function openAssociations(database: DatabaseSync): Associations {
  database.exec(`
    CREATE TABLE IF NOT EXISTS association (from_type TEXT, from_id INTEGER, to_type TEXT, to_id INTEGER, category TEXT,
      type_id INTEGER, PRIMARY KEY (from_type, from_id, to_type, to_id, category, type_id)) WITHOUT ROWID;
    CREATE TABLE IF NOT EXISTS association_label (id INTEGER PRIMARY KEY, from_type TEXT, to_type TEXT, label TEXT,
      inverse INTEGER);
  `);
  const insert = database.prepare("INSERT OR IGNORE INTO association VALUES (?, ?, ?, ?, ?, ?)");
  const between = "from_type = ? AND from_id = ? AND to_type = ? AND to_id = ?";
  const remove = database.prepare(`DELETE FROM association WHERE ${between} AND category = ? AND type_id = ?`);
  const removeAll = database.prepare(`DELETE FROM association WHERE ${between}`);
  const removeLabels = database.prepare(`DELETE FROM association WHERE ${between} AND category = 'USER_DEFINED'`);
  const select = database.prepare(
    "SELECT to_id, category, type_id FROM association WHERE from_type = ? AND from_id = ? AND to_type = ? AND to_id >= ? ORDER BY to_id",
  );
  const some = database.prepare(`SELECT 1 FROM association WHERE ${between} LIMIT 1`);
  const holders = database.prepare(
    "SELECT to_id FROM association WHERE from_type = ? AND from_id = ? AND to_type = ? AND category = ? AND type_id = ?",
  );
  const ends = (from: End, to: End) => [from.type.typeId, from.id, to.type.typeId, to.id] as const;
  const labels = openLabels(database);

  const definitions = (from: ObjectType, to: ObjectType): Definition[] => [
    ...hubspotDefined(from.singular, to.singular),
    ...labels.between(from, to),
  ];

  // HubSpot makes the plain association of a custom object with the object; here it is made when it is first wanted.
  function plainOf(from: ObjectType, to: ObjectType): void {
    if (definitions(from, to).length === 0) labels.add(from, to, null, null);
  }

  function definitionOf(from: ObjectType, to: ObjectType, wanted: AssociationType): Definition | undefined {
    return definitions(from, to).find((type) => type.category === wanted.category && type.typeId === wanted.typeId);
  }

  // A record that has one primary already loses it to the new one.
  function takePrimary(from: End, to: End, type: Definition): void {
    const single =
      from.type.name === "companies" ? { end: to, other: from, type: type.inverse } : { end: from, other: to, type };
    const { category, typeId } = single.type;
    for (const row of holders.all(single.end.type.typeId, single.end.id, single.other.type.typeId, category, typeId))
      unlinkOne(single.end, { type: single.other.type, id: Number(row["to_id"]) }, { category, typeId, label: null });
  }

  function unlinkOne(from: End, to: End, wanted: AssociationType): void {
    const type = definitionOf(from.type, to.type, wanted);
    if (type === undefined) return;
    remove.run(...ends(from, to), type.category, type.typeId);
    remove.run(...ends(to, from), type.inverse.category, type.inverse.typeId);
  }

  const associations: Associations = {
    types(from, to) {
      plainOf(from, to);
      return definitions(from, to).map(({ category, typeId, label }) => ({ category, typeId, label }));
    },
    find: (from, to, category, typeId) =>
      definitions(from, to).find((type) => type.category === category && type.typeId === typeId),
    addLabel(from, to, label, inverseLabel) {
      plainOf(from, to);
      const id = labels.add(from, to, label, inverseLabel);
      return labels.between(from, to).filter((type) => type.typeId === id);
    },
    link(from, to, types) {
      removeLabels.run(...ends(from, to));
      removeLabels.run(...ends(to, from));
      plainOf(from.type, to.type);
      const plain = definitions(from.type, to.type).find((type) => type.label === null);
      for (const wanted of plain === undefined ? types : [plain, ...types]) {
        const type = definitionOf(from.type, to.type, wanted);
        if (type === undefined) continue;
        if (type.category === "HUBSPOT_DEFINED" && type.label === "Primary") takePrimary(from, to, type);
        insert.run(...ends(from, to), type.category, type.typeId);
        insert.run(...ends(to, from), type.inverse.category, type.inverse.typeId);
      }
    },
    unlink(from, to, types) {
      if (types === undefined || types.some((type) => type.label === null)) {
        removeAll.run(...ends(from, to));
        removeAll.run(...ends(to, from));
        return;
      }
      for (const type of types) unlinkOne(from, to, type);
    },
    linksOf(from, to, first = 0) {
      const known = definitions(from.type, to);
      const links: Link[] = [];
      for (const row of select.all(from.type.typeId, from.id, to.typeId, first)) {
        const type = known.find((one) => one.category === row["category"] && one.typeId === row["type_id"]);
        if (type === undefined) continue;
        const { category, typeId, label } = type;
        const last = links.at(-1);
        if (last !== undefined && last.toId === row["to_id"]) last.types.push({ category, typeId, label });
        else links.push({ toId: Number(row["to_id"]), types: [{ category, typeId, label }] });
      }
      return links;
    },
    isLinked: (from, to) => some.get(...ends(from, to)) !== undefined,
    forget({ type, id }) {
      const linked = database
        .prepare("SELECT DISTINCT to_type, to_id FROM association WHERE from_type = ? AND from_id = ?")
        .all(type.typeId, id);
      for (const row of linked) {
        const [otherType, otherId] = [String(row["to_type"]), Number(row["to_id"])];
        removeAll.run(type.typeId, id, otherType, otherId);
        removeAll.run(otherType, otherId, type.typeId, id);
      }
    },
    clear: () => database.exec("DELETE FROM association"),
  };
  return associations;
}

interface Labels {
  between(from: ObjectType, to: ObjectType): Definition[];
  /** Adds a pair of types and gives the id of the one from `from` to `to`. */
  add(from: ObjectType, to: ObjectType, label: string | null, inverseLabel: string | null): number;
}

function openLabels(database: DatabaseSync): Labels {
  const cached = new Map<string, Definition[]>();
  const select = database.prepare(
    `SELECT own.id, own.label, other.id AS other_id, other.label AS other_label FROM association_label own
     JOIN association_label other ON other.id = own.inverse WHERE own.from_type = ? AND own.to_type = ? ORDER BY own.id`,
  );
  const insert = database.prepare(
    "INSERT INTO association_label (from_type, to_type, label, inverse) VALUES (?, ?, ?, ?)",
  );
  return {
    between(from, to) {
      const key = `${from.typeId} ${to.typeId}`;
      const known = cached.get(key);
      if (known !== undefined) return known;
      const category = "USER_DEFINED";
      const label = (value: unknown): string | null => (value === null ? null : String(value));
      const found = select.all(from.typeId, to.typeId).map((row) => ({
        category,
        typeId: Number(row["id"]),
        label: label(row["label"]),
        inverse: { category, typeId: Number(row["other_id"]), label: label(row["other_label"]) },
      })) satisfies Definition[];
      cached.set(key, found);
      return found;
    },
    add(from, to, label, inverseLabel) {
      const id = Number(insert.run(from.typeId, to.typeId, label, null).lastInsertRowid);
      const inverse = Number(insert.run(to.typeId, from.typeId, inverseLabel, id).lastInsertRowid);
      database.prepare("UPDATE association_label SET inverse = ? WHERE id = ?").run(inverse, id);
      cached.clear();
      return id;
    },
  };
}
