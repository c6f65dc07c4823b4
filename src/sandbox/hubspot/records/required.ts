// What a record must have: HubSpot's own demands on new records, and those of the portal's admin.
// https://developers.hubspot.com/docs/guides/crm/using-object-apis

import type { ObjectType } from "../catalog/object-type.ts";
import { validationError } from "../errors.ts";
import type { Values } from "./stored-record.ts";

/** Properties that a new record must have; of a list, one is enough. */
const required: Readonly<Record<string, readonly (readonly string[])[]>> = {
  companies: [["name", "domain"]],
  deals: [["dealname"], ["dealstage"]],
  tickets: [["subject"], ["hs_pipeline_stage"]],
  notes: [["hs_timestamp"]],
  tasks: [["hs_timestamp"]],
  calls: [["hs_timestamp"]],
  meetings: [["hs_timestamp"]],
  emails: [["hs_timestamp"], ["hs_email_direction"]],
};

/** Throws where something is missing; with `before`, where this write takes something away. */
export function requireProperties(type: ObjectType, values: Values, strict: boolean, before?: Values): void {
  const demanded = before === undefined ? (required[type.name] ?? []) : [];
  const missing = demanded.filter((choice) => choice.every((name) => values[name] === undefined)).flat();
  const unset = type.requiredProperties.filter((name) => values[name] === undefined);
  // Custom objects name what they require when they are made; on other types it is an admin's wish, which only the
  // paths of 2026-09 hold.
  if (type.custom && !strict && before === undefined) missing.push(...unset);
  if (missing.length > 0)
    throw validationError(`Error creating ${type.singular.toUpperCase()}. Some required properties were not set.`, {
      context: { properties: missing },
    });
  const wanted = before === undefined ? unset : unset.filter((name) => before[name] !== undefined);
  if (!strict || wanted.length === 0) return;
  throw validationError(`Required properties are missing: ${wanted.join(", ")}`, {
    errors: wanted.map((name) => ({
      message: `The property "${name}" is required.`,
      code: "MISSING_REQUIRED_PROPERTY",
      context: { propertyName: [name] },
    })),
  });
}
