// Single records and lists of them.
// https://developers.hubspot.com/docs/api-reference/crm-objects-v3/guide

import { isObject } from "../../json-object.ts";
import type { Answer, Route } from "../../routes.ts";
import { type ApiRequest, apiRoutes, objectTypeOf, readJson } from "../api.ts";
import type { ObjectType } from "../catalog/object-type.ts";
import { hubspotJson, notFound, validationError } from "../errors.ts";
import type { Portal } from "../portal.ts";
import { findRecord, parseId, requireUnique } from "../records/find.ts";
import { readInlineLinks } from "../records/links.ts";
import { recordJson, wantedJson } from "../records/record-json.ts";
import type { StoredRecord } from "../records/stored-record.ts";
import { archiveRecord, createRecord, updateRecord } from "../records/writer.ts";
import { isWanted, limitOf, wantedOf } from "./parameters.ts";

const listMax = 100;
/** "maximum number of inputs supported in a batch request for property histories is 50": lists hold to it too. */
export const historyMax = 50;

export function objectRoutes(portal: Portal): Route[] {
  const one = "/{objectType}/{id}";
  return [
    ...apiRoutes(portal, "GET", "objects", "/{objectType}", (request) => list(portal, request)),
    ...apiRoutes(portal, "POST", "objects", "/{objectType}", (request) => create(portal, request)),
    ...apiRoutes(portal, "GET", "objects", one, (request) => read(portal, request)),
    ...apiRoutes(portal, "PATCH", "objects", one, (request) => update(portal, request)),
    ...apiRoutes(portal, "DELETE", "objects", one, (request) => archive(portal, request)),
  ];
}

function list(portal: Portal, request: ApiRequest): Answer {
  const type = objectTypeOf(portal, request);
  const wanted = wantedOf(portal, request);
  const limit = limitOf(request, 10, wanted.history.length > 0 ? historyMax : listMax);
  const after = request.query.get("after") || "0";
  const from = parseId(after);
  if (from === undefined) throw validationError(`after is not a cursor of this list: ${after}`);
  const found = portal.store.list(type, from, limit + 1, isWanted(request, "archived"));
  return hubspotJson(200, {
    results: found.slice(0, limit).map((record) => wantedJson(portal, type, record, wanted)),
    ...nextPage(portal, request, found[limit]),
  });
}

function nextPage(portal: Portal, request: ApiRequest, next: StoredRecord | undefined): Record<string, unknown> {
  if (next === undefined) return {};
  const query = new URLSearchParams(request.query);
  query.set("after", String(next.id));
  const path = request.version === "v3" ? "/crm/v3/objects" : `/crm/objects/${request.version}`;
  const link = `${portal.origin}${path}/${request.params["objectType"]}?${query}`;
  return { paging: { next: { after: String(next.id), link } } };
}

async function create(portal: Portal, request: ApiRequest): Promise<Answer> {
  const type = objectTypeOf(portal, request);
  const { properties, associations } = await readJson(request);
  if (!isObject(properties)) throw validationError("Some required fields were not set: [properties]");
  const record = portal.store.transact(() => {
    const links = readInlineLinks(portal, type, associations);
    const created = createRecord(portal, type, properties, portal.store.tick(), isStrict(request));
    for (const { to, types } of links) portal.associations.link({ type, id: created.id }, to, types);
    return created;
  });
  return hubspotJson(201, recordJson(type, record, Object.keys(properties)));
}

function read(portal: Portal, request: ApiRequest): Answer {
  const type = objectTypeOf(portal, request);
  const record = isWanted(request, "archived") ? archivedOf(portal, type, request) : liveOf(portal, type, request);
  return hubspotJson(200, wantedJson(portal, type, record, wantedOf(portal, request)));
}

async function update(portal: Portal, request: ApiRequest): Promise<Answer> {
  const type = objectTypeOf(portal, request);
  const { properties } = await readJson(request);
  if (!isObject(properties)) throw validationError("Some required fields were not set: [properties]");
  const record = portal.store.transact(() =>
    updateRecord(portal, type, liveOf(portal, type, request), properties, portal.store.tick(), isStrict(request)),
  );
  return hubspotJson(200, recordJson(type, record, Object.keys(properties)));
}

function archive(portal: Portal, request: ApiRequest): Answer {
  const type = objectTypeOf(portal, request);
  const id = parseId(request.params["id"] ?? "");
  const record = id === undefined ? undefined : portal.store.get(type, id);
  if (record === undefined) throw notFound();
  if (!record.archived) portal.store.transact(() => archiveRecord(portal, type, record, portal.store.tick()));
  return { status: 204 };
}

/** Whether the paths of this version hold what an admin demands of records. */
export function isStrict(request: ApiRequest): boolean {
  return request.version === "2026-09";
}

function liveOf(portal: Portal, type: ObjectType, request: ApiRequest): StoredRecord {
  const idProperty = request.query.get("idProperty") || undefined;
  requireUnique(type, idProperty);
  const record = findRecord(portal, type, request.params["id"] ?? "", idProperty);
  if (record === undefined) throw notFound();
  return record;
}

function archivedOf(portal: Portal, type: ObjectType, request: ApiRequest): StoredRecord {
  const id = parseId(request.params["id"] ?? "");
  const record = id === undefined ? undefined : portal.store.get(type, id);
  if (record?.archived !== true) throw notFound();
  return record;
}
