// Who belongs to whom. Each link is kept from both its ends, with the type that it has as seen from there.
// In: pairs of records and association types. Out: links.
// Must hold: a labelled link is an unlabelled one too; a contact, deal or ticket has one primary company at most.
// https://developers.hubspot.com/docs/guides/api/crm/associations/associations-v4

import type { DatabaseSync } from "../../../core/sqlite.ts";
import type { ObjectType } from "../catalog/object-type.ts";
import {
  type AssociationLabels,
  type AssociationType,
  type Definition,
  openAssociationLabels,
} from "./association-labels.ts";

/** One end of a link. */
export interface End {
  type: ObjectType;
  id: number;
}

export interface Link {
  toId: number;
  types: AssociationType[];
}

export interface Associations {
  labels: AssociationLabels;
  /** All types from one object type to another, the plain one first. */
  types(from: ObjectType, to: ObjectType): AssociationType[];
  find(from: ObjectType, to: ObjectType, category: unknown, typeId: unknown): AssociationType | undefined;
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
  database.exec(
    `CREATE TABLE IF NOT EXISTS association (from_type TEXT, from_id INTEGER, to_type TEXT, to_id INTEGER, category TEXT,
      type_id INTEGER, PRIMARY KEY (from_type, from_id, to_type, to_id, category, type_id)) WITHOUT ROWID`,
  );
  const labels = openAssociationLabels(database);
  const table = prepareTable(database);
  const { link, unlink } = linking(table, labels);
  return {
    labels,
    link,
    unlink,
    types(from, to) {
      labels.ensurePlain(from, to);
      return labels.between(from, to).map(({ category, typeId, label }) => ({ category, typeId, label }));
    },
    find: (from, to, category, typeId) =>
      labels.between(from, to).find((type) => type.category === category && type.typeId === typeId),
    linksOf(from, to, first = 0) {
      const known = labels.between(from.type, to);
      const links: Link[] = [];
      for (const row of table.select.all(from.type.typeId, from.id, to.typeId, first)) {
        const type = known.find((one) => one.category === row["category"] && one.typeId === row["type_id"]);
        if (type === undefined) continue;
        const { category, typeId, label } = type;
        const last = links.at(-1);
        if (last !== undefined && last.toId === row["to_id"]) last.types.push({ category, typeId, label });
        else links.push({ toId: Number(row["to_id"]), types: [{ category, typeId, label }] });
      }
      return links;
    },
    isLinked: (from, to) => table.some.get(...endsOf(from, to)) !== undefined,
    forget({ type, id }) {
      for (const row of table.others.all(type.typeId, id)) {
        const [otherType, otherId] = [String(row["to_type"]), Number(row["to_id"])];
        table.removeAll.run(type.typeId, id, otherType, otherId);
        table.removeAll.run(otherType, otherId, type.typeId, id);
      }
    },
    clear: () => database.exec("DELETE FROM association"),
  };
}

type Table = ReturnType<typeof prepareTable>;

function prepareTable(database: DatabaseSync) {
  const between = "from_type = ? AND from_id = ? AND to_type = ? AND to_id = ?";
  return {
    insert: database.prepare("INSERT OR IGNORE INTO association VALUES (?, ?, ?, ?, ?, ?)"),
    remove: database.prepare(`DELETE FROM association WHERE ${between} AND category = ? AND type_id = ?`),
    removeAll: database.prepare(`DELETE FROM association WHERE ${between}`),
    removeLabels: database.prepare(`DELETE FROM association WHERE ${between} AND category = 'USER_DEFINED'`),
    select: database.prepare(
      "SELECT to_id, category, type_id FROM association WHERE from_type = ? AND from_id = ? AND to_type = ? AND to_id >= ? ORDER BY to_id",
    ),
    some: database.prepare(`SELECT 1 FROM association WHERE ${between} LIMIT 1`),
    others: database.prepare("SELECT DISTINCT to_type, to_id FROM association WHERE from_type = ? AND from_id = ?"),
    holders: database.prepare(
      "SELECT to_id FROM association WHERE from_type = ? AND from_id = ? AND to_type = ? AND category = ? AND type_id = ?",
    ),
  };
}

function linking(table: Table, labels: AssociationLabels): Pick<Associations, "link" | "unlink"> {
  const definitionOf = (from: End, to: End, { category, typeId }: AssociationType): Definition | undefined =>
    labels.between(from.type, to.type).find((type) => type.category === category && type.typeId === typeId);

  function unlinkOne(from: End, to: End, wanted: AssociationType): void {
    const type = definitionOf(from, to, wanted);
    if (type === undefined) return;
    table.remove.run(...endsOf(from, to), type.category, type.typeId);
    table.remove.run(...endsOf(to, from), type.inverse.category, type.inverse.typeId);
  }

  // A record that has a primary company already loses it to the new one.
  function freePrimary(from: End, to: End, type: Definition): void {
    const [single, company, own] =
      from.type.name === "companies" ? ([to, from, type.inverse] as const) : ([from, to, type] as const);
    const holders = table.holders.all(single.type.typeId, single.id, company.type.typeId, own.category, own.typeId);
    for (const row of holders) unlinkOne(single, { type: company.type, id: Number(row["to_id"]) }, own);
  }

  return {
    link(from, to, types) {
      table.removeLabels.run(...endsOf(from, to));
      table.removeLabels.run(...endsOf(to, from));
      labels.ensurePlain(from.type, to.type);
      const plain = labels.between(from.type, to.type).find((type) => type.label === null);
      for (const wanted of plain === undefined ? types : [plain, ...types]) {
        const type = definitionOf(from, to, wanted);
        if (type === undefined) continue;
        if (type.category === "HUBSPOT_DEFINED" && type.label === "Primary") freePrimary(from, to, type);
        table.insert.run(...endsOf(from, to), type.category, type.typeId);
        table.insert.run(...endsOf(to, from), type.inverse.category, type.inverse.typeId);
      }
    },
    unlink(from, to, types) {
      if (types?.every((type) => type.label !== null)) {
        for (const type of types) unlinkOne(from, to, type);
        return;
      }
      table.removeAll.run(...endsOf(from, to));
      table.removeAll.run(...endsOf(to, from));
    },
  };
}

function endsOf(from: End, to: End): [string, number, string, number] {
  return [from.type.typeId, from.id, to.type.typeId, to.id];
}
