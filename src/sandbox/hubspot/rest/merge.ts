// Merging two records, and deleting one for good.
// https://developers.hubspot.com/docs/api-reference/legacy/crm/objects/contacts/merge-contacts

import type { Answer, Route } from "../../routes.ts";
import { type ApiRequest, apiRoutes, objectTypeOf, readJson } from "../api.ts";
import type { ObjectType } from "../catalog/object-type.ts";
import { ApiError, hubspotJson, validationError } from "../errors.ts";
import type { Portal } from "../portal.ts";
import { findRecord, missingMessage, requireUnique } from "../records/find.ts";
import { eraseRecord, mergeRecords } from "../records/merge.ts";
import { recordJson } from "../records/record-json.ts";
import type { StoredRecord } from "../records/stored-record.ts";

export function mergeRoutes(portal: Portal): Route[] {
  return [
    ...apiRoutes(portal, "POST", "objects", "/{objectType}/merge", (request) => merge(portal, request)),
    ...apiRoutes(portal, "POST", "objects", "/{objectType}/gdpr-delete", (request) => erase(portal, request)),
  ];
}

async function merge(portal: Portal, request: ApiRequest): Promise<Answer> {
  const type = objectTypeOf(portal, request);
  const { primaryObjectId, objectIdToMerge } = await readJson(request);
  const survivor = portal.store.transact(() => {
    const primary = existing(portal, type, primaryObjectId, "primaryObjectId");
    const merged = existing(portal, type, objectIdToMerge, "objectIdToMerge");
    if (primary.id === merged.id) throw validationError("A record cannot be merged with itself");
    return mergeRecords(portal, type, primary, merged, portal.store.tick());
  });
  return hubspotJson(200, recordJson(type, survivor));
}

function existing(portal: Portal, type: ObjectType, id: unknown, name: string): StoredRecord {
  if (typeof id !== "string" && typeof id !== "number")
    throw validationError(`Some required fields were not set: [${name}]`);
  const record = findRecord(portal, type, String(id), undefined);
  if (record === undefined) throw new ApiError(404, "OBJECT_NOT_FOUND", missingMessage(type));
  return record;
}

/** Answers the same whether there was such a record or not. */
async function erase(portal: Portal, request: ApiRequest): Promise<Answer> {
  const type = objectTypeOf(portal, request);
  const { objectId, idProperty } = await readJson(request);
  if (typeof objectId !== "string") throw validationError("Some required fields were not set: [objectId]");
  const property = typeof idProperty === "string" && idProperty !== "" ? idProperty : undefined;
  requireUnique(type, property);
  portal.store.transact(() => {
    const record = findRecord(portal, type, objectId, property);
    if (record !== undefined) eraseRecord(portal, type, record, portal.store.tick());
  });
  return { status: 204 };
}
