// Object schemas: the custom objects, and what there is of any object.
// https://developers.hubspot.com/docs/api-reference/crm-schemas-v3/guide

import { now } from "../../clock.ts";
import { isObject } from "../../json-object.ts";
import type { Answer, Route } from "../../routes.ts";
import { type ApiRequest, apiRoutes, objectTypeOf, readJson } from "../api.ts";
import type { CustomType } from "../catalog/catalog.ts";
import type { ObjectType } from "../catalog/object-type.ts";
import { ApiError, hubspotJson, validationError } from "../errors.ts";
import type { Portal } from "../portal.ts";
import { portalId } from "../portal-id.ts";
import { nameList } from "./batch-inputs.ts";
import { isWanted } from "./parameters.ts";
import { createProperty } from "./properties.ts";

export function schemaRoutes(portal: Portal): Route[] {
  const one = "/{objectType}";
  return [
    ...apiRoutes(portal, "GET", "schemas", "", (request) => list(portal, request)),
    ...apiRoutes(portal, "POST", "schemas", "", (request) => create(portal, request)),
    ...apiRoutes(portal, "GET", "schemas", one, (request) =>
      hubspotJson(200, schemaJson(portal, objectTypeOf(portal, request))),
    ),
    ...apiRoutes(portal, "PATCH", "schemas", one, (request) => update(portal, request)),
    ...apiRoutes(portal, "DELETE", "schemas", one, (request) => remove(portal, request)),
    ...apiRoutes(portal, "POST", "schemas", "/batch/read", (request) => batchRead(portal, request)),
    ...apiRoutes(portal, "POST", "schemas", `${one}/associations`, (request) => associate(portal, request)),
    // What goes is the permission to link anew: the plain association of a pair that has links stays.
    ...apiRoutes(portal, "DELETE", "schemas", `${one}/associations/{typeId}`, () => ({ status: 204 })),
  ];
}

function list(portal: Portal, request: ApiRequest): Answer {
  const shown = isWanted(request, "archived") ? [] : portal.catalog.types.filter((type) => type.custom);
  return hubspotJson(200, { results: shown.map((type) => schemaJson(portal, type)) });
}

async function create(portal: Portal, request: ApiRequest): Promise<Answer> {
  const body = await readJson(request);
  const definition = readDefinition(body);
  if (portal.catalog.objectType(definition.name) !== undefined)
    throw new ApiError(409, "OBJECT_ALREADY_EXISTS", `An object type named '${definition.name}' already exists.`);
  const properties: unknown[] = Array.isArray(body["properties"]) ? body["properties"] : [];
  const named = new Set(properties.map((property) => (isObject(property) ? property["name"] : undefined)));
  const unknown = [definition.primaryDisplayProperty, ...definition.requiredProperties].find(
    (name) => !named.has(name),
  );
  if (unknown !== undefined) throw validationError(`Property ${unknown} is named, but not among the properties`);
  const type = addType(portal, definition, properties, nameList(body["associatedObjects"]));
  portal.store.table(type);
  return hubspotJson(201, schemaJson(portal, type));
}

function addType(
  portal: Portal,
  definition: CustomType,
  properties: readonly unknown[],
  associated: readonly string[],
): ObjectType {
  try {
    return portal.store.transact(() => {
      const created = portal.catalog.saveObjectType(definition);
      for (const property of properties) createProperty(portal, created, isObject(property) ? property : {});
      for (const name of associated) {
        const to = portal.catalog.objectType(name);
        if (to === undefined) throw validationError(`Unable to infer object type from: ${name}`);
        portal.associations.types(created, to);
      }
      return created;
    });
  } catch (error) {
    // The database forgot it; the catalog has to be told.
    const half = portal.catalog.objectType(definition.name);
    if (half !== undefined) portal.catalog.removeObjectType(half);
    throw error;
  }
}

async function update(portal: Portal, request: ApiRequest): Promise<Answer> {
  const type = customOf(portal, request);
  const body = await readJson(request);
  const { name, labels, primaryDisplayProperty, secondaryDisplayProperties, searchableProperties, requiredProperties } =
    type;
  const kept = { labels, primaryDisplayProperty, secondaryDisplayProperties, searchableProperties, requiredProperties };
  const given = Object.fromEntries(Object.entries(body).filter(([key]) => key in kept));
  const definition = readDefinition({ ...kept, ...given, name });
  portal.store.transact(() => portal.catalog.saveObjectType(definition));
  return hubspotJson(200, schemaJson(portal, type));
}

function remove(portal: Portal, request: ApiRequest): Answer {
  const type = customOf(portal, request);
  if (portal.store.list(type, 0, 1, false).length > 0)
    throw validationError(`Object type ${type.typeId} can't be deleted while there are records of it`);
  portal.store.transact(() => portal.catalog.removeObjectType(type));
  return { status: 204 };
}

async function associate(portal: Portal, request: ApiRequest): Promise<Answer> {
  const { fromObjectTypeId, toObjectTypeId, name } = await readJson(request);
  const from = portal.catalog.objectType(String(fromObjectTypeId));
  const to = portal.catalog.objectType(String(toObjectTypeId));
  if (from === undefined || to === undefined)
    throw validationError("fromObjectTypeId and toObjectTypeId must name object types");
  const [plain] = portal.associations.types(from, to);
  const label = typeof name === "string" ? name : `${from.name}_to_${to.name}`;
  return hubspotJson(201, associationJson(from, to, plain?.typeId ?? 0, label));
}

async function batchRead(portal: Portal, request: ApiRequest): Promise<Answer> {
  const { inputs } = await readJson(request);
  if (!Array.isArray(inputs)) throw validationError("Some required fields were not set: [inputs]");
  const types = inputs.flatMap(
    (input: unknown) =>
      portal.catalog.objectType(String(isObject(input) ? (input["name"] ?? input["id"]) : input)) ?? [],
  );
  const time = now().toISOString();
  const results = types.map((type) => schemaJson(portal, type));
  return hubspotJson(200, { status: "COMPLETE", results, startedAt: time, completedAt: time });
}

function schemaJson(portal: Portal, type: ObjectType): Record<string, unknown> {
  return {
    id: type.custom ? type.typeId.slice(2) : type.typeId,
    objectTypeId: type.typeId,
    name: type.custom ? type.name : type.singular.toUpperCase(),
    fullyQualifiedName: type.custom ? `p${portalId}_${type.name}` : type.singular.toUpperCase(),
    labels: type.labels,
    primaryDisplayProperty: type.primaryDisplayProperty,
    secondaryDisplayProperties: type.secondaryDisplayProperties,
    requiredProperties: type.requiredProperties,
    searchableProperties: type.searchableProperties,
    properties: [...type.properties.values()].filter((property) => !property.archived),
    associations: associationsOf(portal, type),
    archived: false,
    createdAt: type.createdAt,
    updatedAt: type.updatedAt,
  };
}

/** The plain associations that there are, from this type to others. */
function associationsOf(portal: Portal, type: ObjectType): unknown[] {
  return portal.catalog.types.flatMap((to) => {
    const plain = portal.associations.labels.between(type, to).find(({ label }) => label === null);
    return plain === undefined ? [] : [associationJson(type, to, plain.typeId, `${type.name}_to_${to.name}`)];
  });
}

function associationJson(from: ObjectType, to: ObjectType, id: number, name: string): Record<string, unknown> {
  return {
    id: String(id),
    fromObjectTypeId: from.typeId,
    toObjectTypeId: to.typeId,
    name,
    createdAt: from.createdAt,
    updatedAt: from.updatedAt,
  };
}

function readDefinition(body: Record<string, unknown>): CustomType {
  const { name, labels } = body;
  if (typeof name !== "string" || !/^[a-z][a-z0-9_]*$/i.test(name))
    throw validationError("Some required fields were not set: [name]");
  const { singular, plural } = isObject(labels) ? labels : {};
  return {
    name,
    labels: { singular: String(singular ?? name), plural: String(plural ?? name) },
    primaryDisplayProperty: String(body["primaryDisplayProperty"] ?? "hs_object_id"),
    secondaryDisplayProperties: nameList(body["secondaryDisplayProperties"]),
    searchableProperties: nameList(body["searchableProperties"]),
    requiredProperties: nameList(body["requiredProperties"]),
  };
}

function customOf(portal: Portal, request: ApiRequest): ObjectType {
  const type = objectTypeOf(portal, request);
  if (!type.custom) throw validationError(`Object type ${type.typeId} is HubSpot's own`);
  return type;
}
