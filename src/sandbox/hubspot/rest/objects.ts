// Single records and lists of them.
// https://developers.hubspot.com/docs/api-reference/crm-objects-v3/guide

import type { Answer, Route } from "../../routes.ts";
import { type ApiRequest, apiRoutes, isObject, objectTypeOf, readJson } from "../api.ts";
import { hubspotJson, notFound, validationError } from "../errors.ts";
import type { Portal } from "../portal.ts";
import { recordJson } from "../records/record-json.ts";
import { createRecord } from "../records/writer.ts";

const listMax = 100;

export function objectRoutes(portal: Portal): Route[] {
  return [
    ...apiRoutes(portal, "GET", "objects", "/{objectType}", (request) => list(portal, request)),
    ...apiRoutes(portal, "POST", "objects", "/{objectType}", (request) => create(portal, request)),
    ...apiRoutes(portal, "GET", "objects", "/{objectType}/{id}", (request) => read(portal, request)),
  ];
}

function list(portal: Portal, request: ApiRequest): Answer {
  const type = objectTypeOf(portal, request);
  const limit = Number(request.query.get("limit") ?? 10);
  if (!Number.isInteger(limit) || limit < 1 || limit > listMax)
    throw validationError(`The limit parameter must be between 1 and ${listMax}`);
  const found = portal.store.list(
    type,
    Number(request.query.get("after") ?? 0),
    limit + 1,
    request.query.get("archived") === "true",
  );
  const next = found[limit];
  return hubspotJson(200, {
    results: found.slice(0, limit).map((record) => recordJson(type, record, namesOf(request, "properties"))),
    ...(next === undefined ? {} : { paging: { next: { after: String(next.id) } } }),
  });
}

async function create(portal: Portal, request: ApiRequest): Promise<Answer> {
  const type = objectTypeOf(portal, request);
  const { properties } = await readJson(request);
  if (!isObject(properties)) throw validationError("properties are missing");
  const record = portal.store.transact(() => createRecord(portal, type, properties, portal.store.tick()));
  return hubspotJson(201, recordJson(type, record, Object.keys(properties)));
}

function read(portal: Portal, request: ApiRequest): Answer {
  const type = objectTypeOf(portal, request);
  const record = portal.store.get(type, Number(request.params["id"]));
  if (record === undefined || record.archived) throw notFound();
  return hubspotJson(200, recordJson(type, record, namesOf(request, "properties")));
}

/** Names given as one comma list, as a repeated parameter, or both. */
function namesOf(request: ApiRequest, param: string): string[] {
  return request.query
    .getAll(param)
    .flatMap((text) => text.split(","))
    .map((name) => name.trim())
    .filter((name) => name !== "");
}
