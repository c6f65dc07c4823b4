// What proves the rows of a call in a CRM that updates and deletes by id and knows unique keys.

import type { Proof } from "../../contract/write.ts";
import type { Operation } from "../../core/model.ts";

/** Without a unique key, a record that is created twice is there twice. */
export function proofOf(operation: Operation, externalId: string | null): Proof {
  if (operation === "insert") return externalId === null ? "nothing" : "key";
  return operation === "upsert" ? "key" : "same-end";
}
