// POST /crm/v3/objects/{objectType}/search
// https://developers.hubspot.com/docs/api-reference/2026-03/crm/search-the-crm

import { isObject } from "../../json-object.ts";
import type { Answer, Route } from "../../routes.ts";
import { type ApiRequest, apiRoutes, objectTypeOf, readJson } from "../api.ts";
import { hubspotJson, validationError } from "../errors.ts";
import type { Portal } from "../portal.ts";
import { readFilter } from "../records/filters.ts";
import { recordJson } from "../records/record-json.ts";
import { type Counted, runSearch } from "../records/search.ts";
import type { Filter, Search } from "../records/search-request.ts";
import { nameList } from "./batch-inputs.ts";

const limitMax = 200;
const resultsMax = 10_000;
const groupsMax = 5;
const filtersOfGroupMax = 6;
const filtersMax = 18;
const queryLengthMax = 3_000;

export function searchRoutes(portal: Portal): Route[] {
  const counts = new Map<string, Counted>();
  return apiRoutes(portal, "POST", "objects", "/{objectType}/search", (request) => search(portal, request, counts));
}

async function search(portal: Portal, request: ApiRequest, counts: Map<string, Counted>): Promise<Answer> {
  const type = objectTypeOf(portal, request);
  const body = await readJson(request);
  const wanted: Search = {
    type,
    groups: readGroups(body),
    query: readQuery(body["query"]),
    sort: readSort(body["sorts"]),
    offset: readNumber(body["after"], "after", 0, 0, Number.MAX_SAFE_INTEGER),
    limit: readNumber(body["limit"], "limit", 10, 1, limitMax),
  };
  const end = wanted.offset + wanted.limit;
  if (end > resultsMax)
    throw validationError(`Search results are limited to ${resultsMax}: after and limit reach ${end}`);
  const { total, records } = runSearch(portal, wanted, counts);
  const names = nameList(body["properties"]);
  return hubspotJson(200, {
    total,
    results: records.map((record) => recordJson(type, record, names)),
    ...(end < total ? { paging: { next: { after: String(end) } } } : {}),
  });
}

export function readGroups(body: Record<string, unknown>): Filter[][] {
  const { filterGroups, filters } = body;
  const given: unknown[] = Array.isArray(filterGroups) ? filterGroups : [];
  // A bare list of filters is one group.
  if (Array.isArray(filters) && filters.length > 0) given.push({ filters });
  const groups = given.map((group) => {
    const list: unknown = isObject(group) ? group["filters"] : undefined;
    if (!Array.isArray(list)) throw validationError("a filter group needs filters");
    return list.map(readFilter);
  });
  if (groups.length > groupsMax) throw validationError(`${groups.length} filter groups, ${groupsMax} are allowed`);
  const most = Math.max(0, ...groups.map((group) => group.length));
  if (most > filtersOfGroupMax) throw validationError(`${most} filters in a group, ${filtersOfGroupMax} are allowed`);
  const all = groups.flat().length;
  if (all > filtersMax) throw validationError(`${all} filters, ${filtersMax} are allowed`);
  return groups.filter((group) => group.length > 0);
}

export function readQuery(query: unknown): string | undefined {
  if (query === undefined || query === null) return undefined;
  const text = String(query);
  if (text.length > queryLengthMax) throw validationError(`query has more than ${queryLengthMax} characters`);
  return text;
}

/** One rule: an object, or a name with a minus for the other direction. */
export function readSort(sorts: unknown): Search["sort"] {
  if (!Array.isArray(sorts) || sorts.length === 0) return undefined;
  if (sorts.length > 1) throw validationError(`${sorts.length} sorts, one is allowed`);
  const rule: unknown = sorts[0];
  if (typeof rule === "string") return { property: rule.replace(/^-/, ""), descending: rule.startsWith("-") };
  if (isObject(rule) && typeof rule["propertyName"] === "string")
    return { property: rule["propertyName"], descending: rule["direction"] === "DESCENDING" };
  throw validationError("a sort needs a propertyName");
}

function readNumber(given: unknown, name: string, usual: number, least: number, most: number): number {
  if (given === undefined || given === null || given === "") return usual;
  const value = Number(given);
  if (/^\d+$/.test(String(given)) && value >= least && value <= most) return value;
  throw validationError(`${name} must be a whole number between ${least} and ${most}, it is ${String(given)}`);
}
