// Searches: records in the order of their ids, from the last one seen, so that neither many records of one moment nor
// HubSpot's limit of 10,000 results can lose one or turn in a circle.
// https://developers.hubspot.com/docs/api-reference/2026-03/crm/search-the-crm

import { Failure, type Place, usageFailure } from "../../core/errors.ts";
import { exitCode } from "../../core/exit-code.ts";
import { foldText } from "../../values/fold.ts";
import { followPages } from "../kit/pages.ts";
import type { HubSpotClient } from "./client.ts";
import { objectPath } from "./paths.ts";
import { idColumn } from "./properties.ts";
import type { HubSpotRecord } from "./records.ts";

export const searchRowsMax = 200;
/** What changed longer ago than this is in the index: a minute is what is told of it. */
export const indexLagMs = 15 * 60_000;
const groupsMax = 5;
const filtersPerGroupMax = 6;
const filtersMax = 18;

export interface Filter {
  propertyName: string;
  operator: string;
  value?: string;
  values?: string[];
  highValue?: string;
}

/** Records with one of these values. IN compares text with values in lower case only. */
export function anyOf(propertyName: string, values: readonly string[]): Filter {
  return { propertyName, operator: "IN", values: values.map(foldText) };
}

/** Groups of filters: all of a group must hold, of any group. */
export type FilterGroups = Filter[][];

/** A filter in HubSpot's own language, as JSON: a list of filters, `{"filters": […]}`, or `{"filterGroups": [{"filters": […]}]}`. */
export function readFilter(text: string, key: string, place: Place): FilterGroups {
  const wrong = (why: string) =>
    usageFailure(`${key} is no filter of HubSpot: ${why}`, {
      where: place,
      next: `e.g. '[{"propertyName": "lifecyclestage", "operator": "EQ", "value": "customer"}]'`,
    });
  let parsed: unknown;
  try {
    parsed = JSON.parse(text);
  } catch (error) {
    throw wrong((error as Error).message);
  }
  const { filters: bare, filterGroups } = (Array.isArray(parsed) ? { filters: parsed } : (parsed ?? {})) as {
    filters?: unknown;
    filterGroups?: unknown;
  };
  if (bare !== undefined && filterGroups !== undefined) throw wrong("it has filters beside filterGroups");
  const given = bare === undefined ? filterGroups : [{ filters: bare }];
  if (!Array.isArray(given) || given.length === 0) throw wrong("it has neither filters nor filterGroups");
  const groups = given.map((group) => (group as { filters?: unknown }).filters);
  for (const filters of groups) {
    const isList = Array.isArray(filters) && filters.length > 0;
    if (!isList || !filters.every((one) => typeof one?.propertyName === "string" && typeof one?.operator === "string"))
      throw wrong("each group wants filters with propertyName and operator");
  }
  return groups as FilterGroups;
}

/** Adds filters to each group; HubSpot takes 5 groups of 6 filters, 18 in all. Throws a Failure (2) beyond that. */
export function addFilters(groups: FilterGroups, added: readonly Filter[]): FilterGroups {
  const all = (groups.length === 0 ? [[]] : groups).map((filters) => [...filters, ...added]);
  const count = all.reduce((sum, filters) => sum + filters.length, 0);
  if (all.length <= groupsMax && count <= filtersMax && all.every((filters) => filters.length <= filtersPerGroupMax))
    return all;
  throw usageFailure(
    `a search takes ${groupsMax} groups of ${filtersPerGroupMax} filters, ${filtersMax} in all, of which loadline needs ${added.length} in each group`,
    { next: "filter less in HubSpot's language and more with `keep`" },
  );
}

export interface SearchRequest {
  object: string;
  properties: readonly string[];
  groups: FilterGroups;
  doing: string;
  signal: AbortSignal;
}

interface SearchAnswer {
  total: number;
  results: HubSpotRecord[];
  paging?: { next?: { after?: string } };
}

/** Records that match now, by estimate of HubSpot's index. Throws CallFault. */
export async function countMatches(client: HubSpotClient, request: Omit<SearchRequest, "properties">): Promise<number> {
  return (await search(client, { ...request, properties: [idColumn] }, { limit: 1 })).total;
}

/** Pages of matching records whose ids are greater than `after`. Throws CallFault. */
export async function* searchPages(
  client: HubSpotClient,
  request: SearchRequest,
  after = "0",
): AsyncGenerator<HubSpotRecord[]> {
  const readPage = async (at = after) => {
    const beyond: Filter = { propertyName: idColumn, operator: "GT", value: at };
    const groups = addFilters(request.groups, [beyond]);
    const { results, paging } = await search(client, { ...request, groups }, { limit: searchRowsMax, sorted: true });
    let last = BigInt(at);
    for (const { id } of results) {
      if (BigInt(id) <= last) throw unsorted(client, request.object);
      last = BigInt(id);
    }
    // A page may hold less than it could: only where HubSpot names no next one it was the last.
    const isLast = paging?.next?.after === undefined && results.length < searchRowsMax;
    return { results, next: isLast ? undefined : String(last) };
  };
  for await (const { results } of followPages(client, request.doing, readPage, after))
    if (results.length > 0) yield results;
}

async function search(
  client: HubSpotClient,
  { object, properties, groups, doing, signal }: SearchRequest,
  { limit, sorted }: { limit: number; sorted?: true },
): Promise<SearchAnswer> {
  const json = {
    filterGroups: groups.filter((filters) => filters.length > 0).map((filters) => ({ filters })),
    properties,
    limit,
    ...(sorted === true ? { sorts: [{ propertyName: idColumn, direction: "ASCENDING" }] } : {}),
  };
  return client.post(objectPath(object, "/search"), json, { doing, form: { results: "list", total: "name" }, signal });
}

function unsorted({ name }: HubSpotClient, object: string): Failure {
  return new Failure(exitCode.failed, `${name}: the search of ${object} does not answer in the order of the ids`, {
    why: "going on could lose records",
    next: "run again; nothing was written",
  });
}
