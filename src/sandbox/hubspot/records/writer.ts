// Writing records: every way in (single calls, batches, imports) goes through here.
// In: an object type and properties as a client gave them. Out: the stored record, or an error that says what is wrong.
// Must hold: nothing is stored that the checks refuse; callers wrap what belongs together in one transaction.

import type { ObjectType } from "../catalog/catalog.ts";
import { validationError } from "../errors.ts";
import type { Portal } from "../portal.ts";
import type { StoredRecord, Values } from "../store.ts";

/** Properties as they come in a request. */
export type GivenProperties = Readonly<Record<string, unknown>>;

/** Checks and stores a new record. */
export function createRecord(portal: Portal, type: ObjectType, given: GivenProperties, at: number): StoredRecord {
  return portal.store.insert(type, checkedValues(type, {}, given), at);
}

/** Checks and stores changes of a live record; what is not given stays. */
export function updateRecord(
  portal: Portal,
  type: ObjectType,
  record: StoredRecord,
  given: GivenProperties,
  at: number,
): StoredRecord {
  return portal.store.update(type, record, checkedValues(type, record.values, given), at);
}

function checkedValues(type: ObjectType, before: Values, given: GivenProperties): Values {
  const values = { ...before };
  for (const [name, value] of Object.entries(given)) {
    if (!type.properties.has(name)) throw validationError(`Property "${name}" does not exist`);
    if (value === "" || value === null) delete values[name];
    else values[name] = String(value);
  }
  return values;
}
