// Writing records: every way in (single calls, batches, imports) goes through here.
// In: an object type and properties as a client gave them. Out: the stored record, or an error that says what is wrong.
// Must hold: nothing is stored that the checks refuse; callers wrap what belongs together in one transaction.

import type { ObjectType } from "../catalog/object-type.ts";
import { ApiError, validationError } from "../errors.ts";
import type { Portal } from "../portal.ts";
import { portalId } from "../portal-id.ts";
import { uniqueValues } from "../unique-values.ts";
import { deriveValues } from "./derived.ts";
import { requireProperties } from "./required.ts";
import type { StoredRecord, Values } from "./stored-record.ts";
import { isStepBack, parseTime, readValue, type ValueError, valuesError } from "./values.ts";

/** Properties as they come in a request. */
export type GivenProperties = Readonly<Record<string, unknown>>;

/** Checks and stores a new record. `strict` holds what an admin requires too, as the paths of 2026-09 do. */
export function createRecord(
  portal: Portal,
  type: ObjectType,
  given: GivenProperties,
  at: number,
  strict = false,
): StoredRecord {
  const values = checkedValues(type, {}, given);
  requireProperties(type, values, strict);
  for (const [property, value] of uniqueValues(type, values)) {
    const holder = portal.store.findUnique(type, property, value);
    if (holder === undefined) continue;
    if (property === "email") throw contactExists(holder);
    throw takenBy(type, property, value, "new record", holder);
  }
  return portal.store.insert(type, values, at, givenCreation(type, given));
}

/** Checks and stores changes of a live record; what is not given stays. */
export function updateRecord(
  portal: Portal,
  type: ObjectType,
  record: StoredRecord,
  given: GivenProperties,
  at: number,
  strict = false,
): StoredRecord {
  const values = checkedValues(type, record.values, given);
  if (strict) requireProperties(type, values, strict, record.values);
  for (const [property, value] of uniqueValues(type, values)) {
    const holder = portal.store.findUnique(type, property, value);
    if (holder !== undefined && holder !== record.id) throw takenBy(type, property, value, String(record.id), holder);
  }
  return portal.store.update(
    type,
    { ...record, createdAt: givenCreation(type, given) ?? record.createdAt },
    values,
    at,
  );
}

/** Archives a live record. Its associations go, and its unique values are free again. */
export function archiveRecord(portal: Portal, type: ObjectType, record: StoredRecord, at: number): void {
  portal.store.archive(type, record, at);
  portal.associations.forget({ type, id: record.id });
}

function checkedValues(type: ObjectType, before: Values, given: GivenProperties): Values {
  const values = { ...before };
  const errors: ValueError[] = [];
  for (const [name, value] of Object.entries(given)) {
    const refuse = (code: string, message: string) =>
      errors.push({ name, code, message, value: typeof value === "string" ? value : JSON.stringify(value ?? null) });
    const property = type.properties.get(name);
    if (property === undefined || property.archived) {
      refuse("PROPERTY_DOESNT_EXIST", `Property "${name}" does not exist`);
    } else if (property.modificationMetadata.readOnlyValue || property.calculated) {
      refuse("READ_ONLY_VALUE", `"${name}" is a read only property; its value cannot be set.`);
    } else {
      const read = readValue(property, value, before[name]);
      if ("code" in read) refuse(read.code, read.message);
      else if (read.value === undefined) delete values[name];
      else if (isStepBack(property, before[name], read.value)) continue;
      else if (name !== type.createdProperty) values[name] = read.value;
    }
  }
  if (errors.length > 0) throw valuesError(errors);
  return deriveValues(type, values);
}

// Deals and tickets may say when they came to be.
function givenCreation(type: ObjectType, given: GivenProperties): number | undefined {
  const text = given[type.createdProperty];
  return text === undefined || text === null || text === "" ? undefined : parseTime(String(text).trim());
}

function contactExists(id: number): ApiError {
  return new ApiError(409, "CONFLICT", `Contact already exists. Existing ID: ${id}`, {
    context: { existingId: [String(id)] },
  });
}

function takenBy(type: ObjectType, property: string, value: string, subject: string, holder: number): ApiError {
  const typeText = type.custom ? type.typeId : `ObjectTypeId{legacyObjectType=${type.singular.toUpperCase()}}`;
  const coordinates = `PropertyValueCoordinates{portalId=${portalId}, objectTypeId=${typeText}, propertyName=${property}, value=${value}}`;
  const message = `Cannot set ${coordinates} on ${subject}. ${holder} already has that value.`;
  return validationError(message, {
    errors: [{ message, code: "CONFLICTING_UNIQUE_VALUE", context: { propertyName: [property] } }],
  });
}
