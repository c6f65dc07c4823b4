// Bringing a record back from the recycle bin: what went with it comes back too. In: an id. Out: nothing, or a RowError. Must
// hold: what went with a parent comes back with the parent only; a detail that was deleted before its master is gone for good.
// Callers hold the transaction.
// https://developer.salesforce.com/docs/atlas.en-us.api.meta/api/sforce_api_calls_undelete.htm
// https://developer.salesforce.com/docs/atlas.en-us.apexcode.meta/apexcode/langCon_apex_dml_examples_undelete.htm

import { identifier } from "../../../core/sql.ts";
import { now } from "../../clock.ts";
import type { SalesforceObject } from "../catalog/object.ts";
import { RowError } from "../errors.ts";
import { canonicalId } from "../ids.ts";
import type { Org } from "../org.ts";
import { keyOf, prepareRows, type Stored } from "../store.ts";
import { keyLookup } from "./columns.ts";
import { salesforceNow } from "./writer.ts";

const keptDays = 15;
const dayMs = 86_400_000;

/** Brings a record back, of whatever object. Gives its id; throws a RowError for one that is not in the recycle bin. */
export function undeleteRecord(org: Org, given: string): string {
  const id = canonicalId(given.trim());
  const object = id === undefined ? undefined : org.catalog.objectOfId(id);
  if (id === undefined || object === undefined) throw new RowError("MALFORMED_ID", `malformed id ${given}`);
  const stored = org.catalog.storedObject(object.name);
  if (stored === undefined || !stored.access.deletable)
    throw new RowError("CANNOT_INSERT_UPDATE_ACTIVATE_ENTITY", "Entity type is not undeletable");
  if (!isInBin(org, stored, id)) throw new RowError("UNDELETE_FAILED", "Entity is not in the recycle bin");
  bringBack(org, stored, id, salesforceNow());
  return id;
}

function isInBin(org: Org, object: SalesforceObject, id: string): boolean {
  const { database } = org.store;
  const find = prepareRows<[number, string]>(
    database,
    `SELECT "IsDeleted", "SystemModstamp" FROM ${identifier(object.name)} WHERE "Id" = ?`,
  );
  const [isDeleted, at] = find.get(id) ?? [0, ""];
  const isOld = now().getTime() - Date.parse(at) > keptDays * dayMs;
  return isDeleted === 1 && !isOld && !org.deleteLog.isWithParent(id);
}

function bringBack(org: Org, object: SalesforceObject, id: string, timestamp: string): void {
  const { database } = org.store;
  refuseTaken(org, object, id);
  dropLostParents(org, object, id);
  const isMerged = object.field("MasterRecordId") !== undefined;
  database
    .prepare(
      `UPDATE ${identifier(object.name)} SET "IsDeleted" = 0, "LastModifiedDate" = ?, "SystemModstamp" = ?${isMerged ? ', "MasterRecordId" = NULL' : ""} WHERE "Id" = ?`,
    )
    .run(timestamp, timestamp, id);
  for (const child of org.deleteLog.bringBack(object.name, id)) {
    const of = org.catalog.storedObject(child.object);
    if (of === undefined) continue;
    if (child.wentAlong) bringBack(org, of, child.id, timestamp);
    else {
      const column = identifier(child.field);
      // Only what has not been given another parent since.
      database
        .prepare(
          `UPDATE ${identifier(of.name)} SET ${column} = ?, "SystemModstamp" = coalesce(?, "SystemModstamp") WHERE "Id" = ? AND ${column} IS NULL`,
        )
        .run(id, org.movesChildren ? timestamp : null, child.id);
    }
  }
}

/** What names a record that is not there names none. */
function dropLostParents(org: Org, object: SalesforceObject, id: string): void {
  const { database } = org.store;
  const table = identifier(object.name);
  for (const field of object.fields.filter(({ type, updateable }) => type === "reference" && updateable)) {
    const column = identifier(field.name);
    const parents = field.referenceTo.flatMap((name) => org.catalog.storedObject(name) ?? []);
    if (parents.length === 0) continue;
    const isThere = parents.map(
      ({ name }) => `EXISTS (SELECT 1 FROM ${identifier(name)} p WHERE p."Id" = c.${column} AND p."IsDeleted" = 0)`,
    );
    const lost = `"Id" = ? AND ${column} IS NOT NULL AND NOT (${isThere.join(" OR ")})`;
    const [parent] = prepareRows<[string]>(database, `SELECT ${column} FROM ${table} c WHERE ${lost}`).get(id) ?? [];
    if (parent === undefined) continue;
    if (!field.nillable) throw new RowError("UNDELETE_FAILED", "Entity is not in the recycle bin");
    // It gets it back with the parent.
    org.deleteLog.addChild(parent, { object: object.name, id, field: field.name, wentAlong: false });
    database.prepare(`UPDATE ${table} AS c SET ${column} = NULL WHERE ${lost}`).run(id);
  }
}

/** A unique value that another record has by now. */
function refuseTaken(org: Org, object: SalesforceObject, id: string): void {
  const unique = object.fields.filter((field) => field.unique);
  if (unique.length === 0) return;
  const names = unique.map(({ name }) => identifier(name)).join(", ");
  const values = prepareRows<Stored[]>(
    org.store.database,
    `SELECT ${names} FROM ${identifier(object.name)} WHERE "Id" = ?`,
  ).get(id);
  for (const [index, field] of unique.entries()) {
    const value = values?.[index] ?? null;
    const [other] = value === null ? [] : keyLookup(org, object, field).all(keyOf(field, value)).flat();
    if (other !== undefined)
      throw new RowError(
        "DUPLICATE_VALUE",
        `duplicate value found: ${field.name} duplicates value on record with id: ${other.slice(0, 15)}`,
      );
  }
}
