// Deleting a record: it goes to the recycle bin (IsDeleted), or for good; its children go with it or lose their
// reference. In: an id. Out: nothing, or a RowError. Must hold: every record that goes is in the delete log.
// Callers hold the transaction.

import { identifier } from "../../../core/sql.ts";
import type { Field } from "../catalog/field.ts";
import type { SalesforceObject } from "../catalog/object.ts";
import { RowError } from "../errors.ts";
import { canonicalId } from "../ids.ts";
import type { Org } from "../org.ts";
import { prepareRows } from "../store.ts";
import { refuseWithout } from "./access.ts";
import { requireLive } from "./checks.ts";
import { salesforceNow } from "./writer.ts";

interface Child {
  object: SalesforceObject;
  field: Field;
}

/** Where deleted records go: the recycle bin, or nowhere. */
export type Deletion = "recycle" | "purge";

/** A function that deletes records of an object by id. It throws a RowError for an id that is not a live record. */
export function rowDeleter(org: Org, object: SalesforceObject, deletion: Deletion = "recycle"): (id: string) => string {
  refuseWithout(object, "delete");
  const refuseLost = requireLive(org, object);
  const remove = remover(org, object, deletion, []);
  return (given) => {
    const id = canonicalId(given.trim());
    if (id === undefined || org.catalog.objectOfId(id)?.name !== object.name)
      throw new RowError("MALFORMED_ID", `malformed id ${given}`);
    refuseLost(id);
    remove(id, salesforceNow());
    return id;
  };
}

type Remove = (id: string, timestamp: string) => void;

function remover(
  org: Org,
  object: SalesforceObject,
  deletion: Deletion,
  ancestors: readonly SalesforceObject[],
): Remove {
  const mark = marker(org, object, deletion);
  // An object that is its own ancestor (a hierarchy) only loses the reference, as in Salesforce.
  const children = childrenOf(org, object).map(({ object: child, field }) =>
    field.onParentDelete === "delete" && !ancestors.includes(child)
      ? deleteChildren(org, child, field, remover(org, child, deletion, [...ancestors, object]))
      : clearChildren(org, child, field),
  );
  return (id, timestamp) => {
    mark(id, timestamp);
    org.deleteLog.add(object.name, id, timestamp);
    for (const settle of children) settle(id, timestamp);
  };
}

function marker(org: Org, object: SalesforceObject, deletion: Deletion): Remove {
  if (deletion === "purge") return org.store.forget(object);
  const table = identifier(object.name);
  const mark = org.store.database.prepare(
    `UPDATE ${table} SET "IsDeleted" = 1, "LastModifiedDate" = ?, "SystemModstamp" = ? WHERE "Id" = ? AND "IsDeleted" = 0`,
  );
  return (id, timestamp) => void mark.run(timestamp, timestamp, id);
}

function deleteChildren(org: Org, child: SalesforceObject, field: Field, remove: Remove): Remove {
  const find = prepareRows<[string]>(
    org.store.database,
    `SELECT "Id" FROM ${identifier(child.name)} WHERE ${identifier(field.name)} = ? AND "IsDeleted" = 0`,
  );
  const isDetail = !field.nillable;
  const findBinned = prepareRows<[string]>(
    org.store.database,
    `SELECT "Id" FROM ${identifier(child.name)} WHERE ${identifier(field.name)} = ? AND "IsDeleted" = 1`,
  );
  return (id, timestamp) => {
    if (isDetail) for (const [childId] of findBinned.all(id)) org.deleteLog.lose(childId);
    for (const [childId] of find.all(id)) {
      remove(childId, timestamp);
      org.deleteLog.addChild(id, { object: child.name, id: childId, field: field.name, wentAlong: true });
    }
  };
}

function clearChildren(org: Org, child: SalesforceObject, field: Field): Remove {
  const column = identifier(field.name);
  const clear = org.store.database.prepare(
    `UPDATE ${identifier(child.name)} SET ${column} = NULL, "SystemModstamp" = coalesce(?, "SystemModstamp") WHERE ${column} = ? AND "IsDeleted" = 0`,
  );
  const find = prepareRows<[string]>(
    org.store.database,
    `SELECT "Id" FROM ${identifier(child.name)} WHERE ${column} = ? AND "IsDeleted" = 0`,
  );
  return (id, timestamp) => {
    const lost = find.all(id);
    if (lost.length === 0) return;
    for (const [childId] of lost)
      org.deleteLog.addChild(id, { object: child.name, id: childId, field: field.name, wentAlong: false });
    clear.run(org.movesChildren ? timestamp : null, id);
  };
}

/** The lookups of all objects that point to this one and that a person can set. */
export function childrenOf(org: Org, object: SalesforceObject): Child[] {
  return org.catalog.stored.flatMap((candidate) =>
    candidate.fields
      .filter(
        (field) =>
          field.type === "reference" &&
          field.updateable &&
          field.name !== "OwnerId" &&
          field.referenceTo.includes(object.name),
      )
      .map((field) => ({ object: candidate, field })),
  );
}
