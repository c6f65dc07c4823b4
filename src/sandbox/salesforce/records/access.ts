// What the signed-in user may do with an object's records, in the words in which Salesforce refuses.

import type { SalesforceObject } from "../catalog/object.ts";
import { RowError } from "../errors.ts";

/** Throws a RowError where the user lacks the object permission for an operation. */
export function refuseWithout(object: SalesforceObject, operation: "insert" | "update" | "delete"): void {
  if (operation === "insert" && !object.access.createable)
    throw new RowError("CANNOT_INSERT_UPDATE_ACTIVATE_ENTITY", `entity type cannot be inserted: ${object.label}`);
  if (operation === "update" && !object.access.updateable)
    throw new RowError("CANNOT_INSERT_UPDATE_ACTIVATE_ENTITY", `entity type cannot be updated: ${object.label}`);
  if (operation === "delete" && !object.access.deletable)
    throw new RowError("INSUFFICIENT_ACCESS_OR_READONLY", "insufficient access rights on object id");
}
