// What reads may ask for in their query string.

import type { ApiRequest } from "../api.ts";
import { validationError } from "../errors.ts";
import type { Portal } from "../portal.ts";
import type { Wanted } from "../records/record-json.ts";

/** Names given as one comma list, as a repeated parameter, or both. */
function namesOf(request: ApiRequest, param: string): string[] {
  return request.query
    .getAll(param)
    .flatMap((text) => text.split(","))
    .map((name) => name.trim())
    .filter((name) => name !== "");
}

export function wantedOf(portal: Portal, request: ApiRequest): Wanted {
  return {
    properties: namesOf(request, "properties"),
    history: namesOf(request, "propertiesWithHistory"),
    associations: namesOf(request, "associations").flatMap((name) => portal.catalog.objectType(name) ?? []),
  };
}

/** A whole number of the query string between 1 and a maximum. */
export function limitOf(request: ApiRequest, usual: number, max: number): number {
  const text = request.query.get("limit");
  const limit = text === null || text === "" ? usual : Number(text);
  if (Number.isInteger(limit) && limit >= 1 && limit <= max) return limit;
  throw validationError(`limit must be between 1 and ${max}, it is ${text}`);
}

/** In any case of letters: HubSpot's client for Python writes `True`, and gets what is archived. */
export function isWanted({ query }: Pick<ApiRequest, "query">, name: string): boolean {
  const text = query.get(name)?.toLowerCase() ?? "";
  if (text === "" || text === "true" || text === "false") return text === "true";
  throw validationError(`${name} must be true or false, it is ${query.get(name)}`);
}
