// Owners: a list in pages, and one by its id or its user's.
// https://developers.hubspot.com/docs/api-reference/latest/crm/owners/guide

import type { Answer, Route } from "../../routes.ts";
import { type ApiRequest, apiRoutes } from "../api.ts";
import { type Owner, owners } from "../catalog/owners.ts";
import { hubspotJson, notFound, validationError } from "../errors.ts";
import type { Portal } from "../portal.ts";
import { isWanted } from "./parameters.ts";

const limitDefault = 100;
const limitMax = 500;
const longAgo = "2024-01-01T00:00:00.000Z";

export function ownerRoutes(portal: Portal): Route[] {
  return [
    ...apiRoutes(portal, "GET", "owners", "", (request) => list(request)),
    ...apiRoutes(portal, "GET", "owners", "/{ownerId}", (request) => read(request)),
  ];
}

function list(request: ApiRequest): Answer {
  const { query } = request;
  const limit = Number(query.get("limit") ?? limitDefault);
  if (!Number.isInteger(limit) || limit < 1 || limit > limitMax)
    throw validationError(`The limit parameter must be between 1 and ${limitMax}`);
  const archived = isWanted(request, "archived");
  const email = query.get("email")?.toLowerCase();
  const after = query.get("after") ?? "";
  const found = owners
    .filter((owner) => owner.archived === archived)
    .filter((owner) => email === undefined || owner.email === email)
    .filter((owner) => after === "" || Number(owner.id) > Number(after));
  const page = found.slice(0, limit);
  const last = page.at(-1);
  const next = found.length > page.length && last !== undefined ? { paging: { next: { after: last.id } } } : {};
  return hubspotJson(200, { results: page.map(ownerJson), ...next });
}

function read(request: ApiRequest): Answer {
  const { params, query } = request;
  const wanted = params["ownerId"] ?? "";
  const archived = isWanted(request, "archived");
  const byUser = query.get("idProperty") === "userId";
  const owner = owners.find((one) => one.archived === archived && wanted === (byUser ? String(one.userId) : one.id));
  if (owner === undefined) throw notFound();
  return hubspotJson(200, ownerJson(owner));
}

function ownerJson(owner: Owner): Record<string, unknown> {
  const { userId, email, archived, ...rest } = owner;
  return {
    ...rest,
    ...(email === "" ? {} : { email }),
    // Who left keeps only the id that includes the inactive.
    ...(archived || owner.type === "QUEUE" ? {} : { userId }),
    userIdIncludingInactive: userId,
    createdAt: longAgo,
    updatedAt: longAgo,
    archived,
  };
}
