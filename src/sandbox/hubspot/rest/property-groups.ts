// Groups of properties.

import type { Answer, Route } from "../../routes.ts";
import { type ApiRequest, apiRoutes, objectTypeOf, readJson } from "../api.ts";
import type { PropertyGroup } from "../catalog/object-type.ts";
import { ApiError, hubspotJson, validationError } from "../errors.ts";
import type { Portal } from "../portal.ts";

export function propertyGroupRoutes(portal: Portal): Route[] {
  const all = "/{objectType}/groups";
  const one = `${all}/{name}`;
  return [
    ...apiRoutes(portal, "GET", "properties", all, (request) => {
      const groups = portal.catalog.groups(objectTypeOf(portal, request));
      return hubspotJson(200, { results: groups.filter((group) => !group.archived) });
    }),
    ...apiRoutes(portal, "POST", "properties", all, (request) => create(portal, request)),
    ...apiRoutes(portal, "GET", "properties", one, (request) => hubspotJson(200, groupOf(portal, request))),
    ...apiRoutes(portal, "PATCH", "properties", one, (request) => update(portal, request)),
    ...apiRoutes(portal, "DELETE", "properties", one, (request) => {
      const group = { ...groupOf(portal, request), archived: true };
      portal.store.transact(() => portal.catalog.saveGroup(objectTypeOf(portal, request), group));
      return { status: 204 };
    }),
  ];
}

async function create(portal: Portal, request: ApiRequest): Promise<Answer> {
  const type = objectTypeOf(portal, request);
  const { name, label, displayOrder } = await readJson(request);
  if (typeof name !== "string" || typeof label !== "string")
    throw validationError("Some required fields were not set: [name, label]");
  if (portal.catalog.groups(type).some((group) => group.name === name && !group.archived))
    throw new ApiError(409, "OBJECT_ALREADY_EXISTS", `A property group named '${name}' already exists.`);
  const group = { name, label, displayOrder: typeof displayOrder === "number" ? displayOrder : -1, archived: false };
  portal.store.transact(() => portal.catalog.saveGroup(type, group));
  return hubspotJson(201, group);
}

async function update(portal: Portal, request: ApiRequest): Promise<Answer> {
  const { label, displayOrder } = await readJson(request);
  const group = {
    ...groupOf(portal, request),
    ...(typeof label === "string" ? { label } : {}),
    ...(typeof displayOrder === "number" ? { displayOrder } : {}),
  };
  portal.store.transact(() => portal.catalog.saveGroup(objectTypeOf(portal, request), group));
  return hubspotJson(200, group);
}

function groupOf(portal: Portal, request: ApiRequest): PropertyGroup {
  const name = request.params["name"];
  const groups = portal.catalog.groups(objectTypeOf(portal, request));
  const found = groups.find((group) => group.name === name && !group.archived);
  if (found === undefined) throw new ApiError(404, "OBJECT_NOT_FOUND", `Property group ${name} does not exist`);
  return found;
}
