// Merging duplicates as a person does it in Salesforce, and emptying the recycle bin.
// In: the ids of live records of one object. Out: the merged ones deleted with MasterRecordId set, their children under
// the master. Must hold: SystemModstamp moves on every row that is touched, so that a replica hears of all of it
// (on children unless a test has it otherwise: of them nothing is documented).
// https://developer.salesforce.com/docs/atlas.en-us.api.meta/api/sforce_api_calls_merge.htm

import { identifier } from "../../../core/sql.ts";
import type { SalesforceObject } from "../catalog/object.ts";
import { ApiError } from "../errors.ts";
import type { Org } from "../org.ts";
import { prepareRows } from "../store.ts";
import { requireLive } from "./checks.ts";
import { childrenOf } from "./delete.ts";
import { salesforceNow } from "./writer.ts";

export interface Merge {
  master: string;
  merged: readonly string[];
}

/** Merges records into the master. Throws a RowError for an id that is not a live record. Callers hold the transaction. */
export function mergeRecords(org: Org, object: SalesforceObject, { master, merged }: Merge): void {
  const { database } = org.store;
  if (object.field("MasterRecordId") === undefined)
    throw new ApiError(400, "INVALID_TYPE", `${object.name} records cannot be merged`);
  if (merged.includes(master))
    throw new ApiError(400, "INVALID_ID_FIELD", "the master record is among the merged records");
  const refuseLost = requireLive(org, object);
  for (const id of [master, ...merged]) refuseLost(id);
  const table = identifier(object.name);
  const timestamp = salesforceNow();
  for (const id of merged) {
    database
      .prepare(
        `UPDATE ${table} SET "IsDeleted" = 1, "MasterRecordId" = ?, "LastModifiedDate" = ?, "SystemModstamp" = ? WHERE "Id" = ?`,
      )
      .run(master, timestamp, timestamp, id);
    org.deleteLog.add(object.name, id, timestamp);
    for (const child of childrenOf(org, object)) {
      const column = identifier(child.field.name);
      database
        .prepare(
          `UPDATE ${identifier(child.object.name)} SET ${column} = nullif(?, "Id"), "SystemModstamp" = coalesce(?, "SystemModstamp") WHERE ${column} = ? AND "IsDeleted" = 0`,
        )
        .run(master, org.movesChildren ? timestamp : null, id);
    }
  }
  database
    .prepare(`UPDATE ${table} SET "LastModifiedDate" = ?, "SystemModstamp" = ? WHERE "Id" = ?`)
    .run(timestamp, timestamp, master);
}

/** Takes deleted records out of the recycle bin for good. Throws an ApiError for one that is not in it. */
export function purgeRecords(org: Org, object: SalesforceObject, ids: readonly string[]): void {
  const table = identifier(object.name);
  const deleted = prepareRows<[number]>(org.store.database, `SELECT "IsDeleted" FROM ${table} WHERE "Id" = ?`);
  const purge = org.store.forget(object);
  for (const id of ids) {
    if (deleted.get(id)?.[0] !== 1)
      throw new ApiError(400, "INVALID_ID_FIELD", `${id} is not a ${object.name} in the recycle bin`);
    purge(id);
  }
}
