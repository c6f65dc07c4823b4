// The property that tells when a record changed.

import type { ObjectSchema } from "../../core/model.ts";
import type { ObjectSource } from "../../job/job.ts";
import { cursorOf } from "../kit/cursor.ts";

/** What HubSpot itself sets in every record; any other property may have no value. */
const neverEmpty = ["lastmodifieddate", "hs_lastmodifieddate", "createdate", "hs_createdate"];

export function usualCursor(object: string): string {
  return object === "contacts" ? "lastmodifieddate" : "hs_lastmodifieddate";
}

/**
 * Throws a Failure (2) for one that is no time, or may be empty.
 * https://developers.hubspot.com/docs/api-reference/2026-03/crm/search-the-crm (default properties by object)
 */
export function cursorIn(source: ObjectSource, schema: ObjectSchema): string {
  return cursorOf(source, schema, {
    usual: usualCursor(source.object),
    noun: "property",
    isNeverEmpty: ({ name }) => neverEmpty.includes(name),
  });
}
