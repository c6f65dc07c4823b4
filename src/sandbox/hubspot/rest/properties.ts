// Definitions of properties and of their groups.
// https://developers.hubspot.com/docs/api-reference/crm-properties-v3/guide

import { now } from "../../clock.ts";
import { isObject } from "../../json-object.ts";
import type { Answer, Route } from "../../routes.ts";
import { type ApiRequest, apiRoutes, objectTypeOf, readJson } from "../api.ts";
import type { ObjectType } from "../catalog/object-type.ts";
import type { Property } from "../catalog/property.ts";
import { ApiError, batchError, hubspotJson, validationError } from "../errors.ts";
import type { Portal } from "../portal.ts";
import { isWanted } from "./parameters.ts";
import { changedProperty, createdProperty } from "./property-input.ts";

const customMax = 1_000;
const uniqueMax = 10;

export function propertyRoutes(portal: Portal): Route[] {
  const one = "/{objectType}/{name}";
  const batch = "/{objectType}/batch";
  return [
    ...apiRoutes(portal, "GET", "properties", "/{objectType}", (request) => list(portal, request)),
    ...apiRoutes(portal, "POST", "properties", "/{objectType}", (request) => create(portal, request)),
    ...apiRoutes(portal, "POST", "properties", `${batch}/read`, (request) => batchRead(portal, request)),
    ...apiRoutes(portal, "POST", "properties", `${batch}/create`, (request) => batchCreate(portal, request)),
    ...apiRoutes(portal, "POST", "properties", `${batch}/archive`, (request) => batchArchive(portal, request)),
    ...apiRoutes(portal, "GET", "properties", one, (request) =>
      hubspotJson(200, propertyOf(objectTypeOf(portal, request), request, isWanted(request, "archived"))),
    ),
    ...apiRoutes(portal, "PATCH", "properties", one, (request) => update(portal, request)),
    ...apiRoutes(portal, "DELETE", "properties", one, (request) => {
      archive(portal, objectTypeOf(portal, request), request.params["name"] ?? "");
      return { status: 204 };
    }),
  ];
}

function list(portal: Portal, request: ApiRequest): Answer {
  const archived = isWanted(request, "archived");
  const { properties } = objectTypeOf(portal, request);
  return hubspotJson(200, { results: [...properties.values()].filter((property) => property.archived === archived) });
}

async function create(portal: Portal, request: ApiRequest): Promise<Answer> {
  const type = objectTypeOf(portal, request);
  const body = await readJson(request);
  return hubspotJson(
    201,
    portal.store.transact(() => createProperty(portal, type, body)),
  );
}

async function update(portal: Portal, request: ApiRequest): Promise<Answer> {
  const type = objectTypeOf(portal, request);
  const property = propertyOf(type, request, false);
  const body = await readJson(request);
  if (property.hubspotDefined && property.modificationMetadata.readOnlyDefinition)
    throw validationError(`Property ${property.name} is defined by HubSpot and can't be changed`);
  const changed = changedProperty(property, body);
  portal.store.transact(() => portal.catalog.saveProperty(type, changed));
  return hubspotJson(200, changed);
}

async function batchRead(portal: Portal, request: ApiRequest): Promise<Answer> {
  const type = objectTypeOf(portal, request);
  const { inputs, archived } = await readJson(request);
  const results: Property[] = [];
  const errors: unknown[] = [];
  for (const name of namesIn(inputs)) {
    const property = type.properties.get(name);
    if (property?.archived === (archived === true)) results.push(property);
    else errors.push(batchError(unknownProperty(type, name), { name: [name] }));
  }
  return batchAnswer(200, results, errors);
}

async function batchCreate(portal: Portal, request: ApiRequest): Promise<Answer> {
  const type = objectTypeOf(portal, request);
  const { inputs } = await readJson(request);
  const results: Property[] = [];
  const errors: unknown[] = [];
  for (const input of Array.isArray(inputs) ? inputs : []) {
    try {
      results.push(portal.store.transact(() => createProperty(portal, type, isObject(input) ? input : {})));
    } catch (error) {
      if (!(error instanceof ApiError)) throw error;
      errors.push(batchError(error));
    }
  }
  return batchAnswer(201, results, errors);
}

async function batchArchive(portal: Portal, request: ApiRequest): Promise<Answer> {
  const type = objectTypeOf(portal, request);
  const { inputs } = await readJson(request);
  for (const name of namesIn(inputs)) archive(portal, type, name);
  return { status: 204 };
}

/** Adds a property, or brings back an archived one of that name. */
export function createProperty(portal: Portal, type: ObjectType, body: Record<string, unknown>): Property {
  const property = createdProperty(type, body);
  const present = type.properties.get(property.name);
  if (present !== undefined && !present.archived)
    throw new ApiError(409, "OBJECT_ALREADY_EXISTS", `A property named '${property.name}' already exists.`, {
      subCategory: "Properties.PROPERTY_WITH_NAME_EXISTS",
    });
  if (!portal.catalog.groups(type).some((group) => group.name === property.groupName && !group.archived))
    throw validationError(`Property group ${property.groupName} does not exist`);
  const custom = [...type.properties.values()].filter((one) => !one.hubspotDefined && !one.archived);
  if (custom.length >= customMax) throw validationError(`There are ${customMax} custom properties already`);
  if (property.hasUniqueValue && custom.filter((one) => one.hasUniqueValue).length >= uniqueMax)
    throw validationError(`There are ${uniqueMax} properties with unique values already`);
  const restored = present === undefined ? property : { ...present, archived: false, updatedAt: property.updatedAt };
  portal.catalog.saveProperty(type, restored);
  return restored;
}

function archive(portal: Portal, type: ObjectType, name: string): void {
  const property = type.properties.get(name);
  if (property === undefined || property.archived) throw unknownProperty(type, name);
  if (!property.modificationMetadata.archivable)
    throw validationError(`Property ${name} is defined by HubSpot and can't be archived`);
  const archived = { ...property, archived: true, updatedAt: now().toISOString() };
  portal.store.transact(() => portal.catalog.saveProperty(type, archived));
}

function propertyOf(type: ObjectType, request: ApiRequest, archived: boolean): Property {
  const name = request.params["name"] ?? "";
  const property = type.properties.get(name);
  if (property === undefined || property.archived !== archived) throw unknownProperty(type, name);
  return property;
}

function unknownProperty(type: ObjectType, name: string): ApiError {
  return new ApiError(404, "OBJECT_NOT_FOUND", `Unable to find property '${name}' on object type ${type.typeId}`);
}

function namesIn(inputs: unknown): string[] {
  if (!Array.isArray(inputs)) throw validationError("Some required fields were not set: [inputs]");
  return inputs.map((input: unknown) => (isObject(input) ? String(input["name"]) : ""));
}

/** Definitions are a 207 where some failed, in every version. */
function batchAnswer(success: number, results: unknown[], errors: unknown[]): Answer {
  const time = now().toISOString();
  return hubspotJson(errors.length === 0 ? success : 207, {
    status: "COMPLETE",
    results,
    ...(errors.length === 0 ? {} : { numErrors: errors.length, errors }),
    startedAt: time,
    completedAt: time,
  });
}
