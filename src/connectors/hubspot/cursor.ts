// The property that tells when a record changed.

import { usageFailure } from "../../core/errors.ts";
import type { ObjectSchema } from "../../core/model.ts";
import type { ObjectSource } from "../../job/job.ts";

/** What HubSpot itself sets in every record; any other property may have no value. */
const neverEmpty = ["lastmodifieddate", "hs_lastmodifieddate", "createdate", "hs_createdate"];

/**
 * Throws a Failure (2) for one that is no time, or may be empty.
 * https://developers.hubspot.com/docs/api-reference/2026-03/crm/search-the-crm (default properties by object)
 */
export function cursorOf({ incremental, object }: ObjectSource, schema: ObjectSchema): string {
  const usual = object === "contacts" ? "lastmodifieddate" : "hs_lastmodifieddate";
  const cursor = incremental?.cursor ?? usual;
  const isTime = schema.fields.get(cursor)?.kind === "datetime";
  if (isTime && (cursor === usual || neverEmpty.includes(cursor))) return cursor;
  const where = incremental === undefined ? {} : { where: incremental.place };
  const next = `leave it out, and ${usual} is taken`;
  if (!isTime)
    throw usageFailure(`${object} has no datetime property ${cursor} (incremental.cursor)`, { ...where, next });
  throw usageFailure(`${object}.${cursor} may be empty, so it can't tell when a record changed (incremental.cursor)`, {
    ...where,
    why: "a record without a value is in no window and would never be taken",
    next,
  });
}
