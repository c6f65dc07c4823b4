// Associations between records, one at a time and in batches, and the labels that they may carry.
// https://developers.hubspot.com/docs/guides/api/crm/associations/associations-v4

import type { Answer, Route } from "../../routes.ts";
import { type ApiRequest, apiRoutes, objectTypeOf, readJson } from "../api.ts";
import type { ObjectType } from "../catalog/object-type.ts";
import { hubspotJson, notFound, validationError } from "../errors.ts";
import type { Portal } from "../portal.ts";
import type { End, Link } from "../records/associations.ts";
import { parseId } from "../records/find.ts";
import { existingEnd, readTypes } from "../records/links.ts";
import { limitOf } from "./parameters.ts";

const pageMax = 500;

export function associationRoutes(portal: Portal): Route[] {
  const many = "/{objectType}/{id}/associations/{to}";
  const usual = "/{objectType}/{id}/associations/default/{to}/{toId}";
  const labels = "/{from}/{to}/labels";
  return [
    ...apiRoutes(portal, "GET", "objectAssociations", many, (request) => list(portal, request)),
    ...apiRoutes(portal, "PUT", "objectAssociations", `${many}/{toId}`, (request) => put(portal, request)),
    ...apiRoutes(portal, "DELETE", "objectAssociations", `${many}/{toId}`, (request) => remove(portal, request)),
    ...apiRoutes(portal, "PUT", "objectAssociations", usual, (request) => putDefault(portal, request)),
    ...apiRoutes(portal, "GET", "associations", labels, (request) => {
      const { from, to } = typesOf(portal, request);
      return hubspotJson(200, { results: portal.associations.types(from, to) });
    }),
    ...apiRoutes(portal, "POST", "associations", labels, (request) => addLabel(portal, request)),
    ...apiRoutes(portal, "PUT", "associations", labels, (request) => renameLabel(portal, request)),
    ...apiRoutes(portal, "DELETE", "associations", `${labels}/{typeId}`, (request) => {
      const { from, to } = typesOf(portal, request);
      if (!portal.associations.labels.remove(from, to, Number(request.params["typeId"]))) throw notFound();
      return { status: 204 };
    }),
  ];
}

/** A page of links, beginning with the id that `after` names. */
export function pageOf(links: readonly Link[], limit: number): { shown: unknown[]; next: string | undefined } {
  const shown = links.slice(0, limit).map(({ toId, types }) => ({ toObjectId: toId, associationTypes: types }));
  const next = links[limit];
  return { shown, next: next === undefined ? undefined : String(next.toId) };
}

export function labelsOf(types: Link["types"]): string[] {
  return types.flatMap(({ label }) => label ?? []);
}

export function typesOf(portal: Portal, request: ApiRequest): { from: ObjectType; to: ObjectType } {
  return { from: objectTypeOf(portal, request, "from"), to: objectTypeOf(portal, request, "to") };
}

function list(portal: Portal, request: ApiRequest): Answer {
  const from = endOf(portal, request, "objectType", "id");
  const limit = limitOf(request, pageMax, pageMax);
  const after = parseId(request.query.get("after") || "0");
  if (after === undefined) throw validationError("after is not a cursor of this list");
  const { shown, next } = pageOf(portal.associations.linksOf(from, objectTypeOf(portal, request, "to"), after), limit);
  return hubspotJson(200, { results: shown, ...(next === undefined ? {} : { paging: { next: { after: next } } }) });
}

async function put(portal: Portal, request: ApiRequest): Promise<Answer> {
  const [from, to] = [endOf(portal, request, "objectType", "id"), endOf(portal, request, "to", "toId")];
  const { specs } = await readJson(request, "specs");
  const types = readTypes(portal, from.type, to.type, specs);
  portal.store.transact(() => portal.associations.link(from, to, types));
  return hubspotJson(201, {
    fromObjectTypeId: from.type.typeId,
    fromObjectId: from.id,
    toObjectTypeId: to.type.typeId,
    toObjectId: to.id,
    labels: labelsOf(types),
  });
}

function putDefault(portal: Portal, request: ApiRequest): Answer {
  const [from, to] = [endOf(portal, request, "objectType", "id"), endOf(portal, request, "to", "toId")];
  portal.store.transact(() => portal.associations.link(from, to, []));
  return hubspotJson(200, {
    status: "COMPLETE",
    results: defaultResults(portal, from, to),
    startedAt: new Date(portal.store.tick()).toISOString(),
    completedAt: new Date(portal.store.tick()).toISOString(),
  });
}

/** What a default association answers with: the plain type as seen from both ends. */
export function defaultResults(portal: Portal, from: End, to: End): unknown[] {
  return [
    [from, to],
    [to, from],
  ].flatMap(([one, other]) => {
    if (one === undefined || other === undefined) return [];
    const plain = portal.associations.types(one.type, other.type).find((type) => type.label === null);
    const associationSpec = { associationCategory: plain?.category, associationTypeId: plain?.typeId };
    return [{ from: { id: String(one.id) }, to: { id: String(other.id) }, associationSpec }];
  });
}

function remove(portal: Portal, request: ApiRequest): Answer {
  const [from, to] = [endOf(portal, request, "objectType", "id"), endOf(portal, request, "to", "toId")];
  portal.store.transact(() => portal.associations.unlink(from, to));
  return { status: 204 };
}

async function addLabel(portal: Portal, request: ApiRequest): Promise<Answer> {
  const { from, to } = typesOf(portal, request);
  const { label, inverseLabel } = await readJson(request);
  if (typeof label !== "string" || label === "") throw validationError("Some required fields were not set: [label]");
  const inverse = typeof inverseLabel === "string" ? inverseLabel : label;
  return hubspotJson(200, {
    results: portal.store.transact(() => portal.associations.labels.add(from, to, label, inverse)),
  });
}

async function renameLabel(portal: Portal, request: ApiRequest): Promise<Answer> {
  const { from, to } = typesOf(portal, request);
  const { associationTypeId, label, inverseLabel } = await readJson(request);
  const inverse = typeof inverseLabel === "string" ? inverseLabel : undefined;
  if (!portal.associations.labels.rename(from, to, Number(associationTypeId), String(label), inverse)) throw notFound();
  return { status: 204 };
}

function endOf(portal: Portal, request: ApiRequest, typeParam: string, idParam: string): End {
  return existingEnd(portal, objectTypeOf(portal, request, typeParam), request.params[idParam]);
}
