// The frame around every call of the API: its paths in each version, a valid token, the rate limits, a JSON body.
// In: what an endpoint is called below its family of paths. Out: one route a path that HubSpot has for it.
// https://developers.hubspot.com/docs/developer-tooling/platform/versioning

import { isObject } from "../json-object.ts";
import { readText } from "../request-body.ts";
import type { Answer, Method, Route, SandboxRequest } from "../routes.ts";
import { admit } from "./access/admission.ts";
import type { ObjectType } from "./catalog/object-type.ts";
import { ApiError, answerError, notFound } from "./errors.ts";
import type { Portal } from "./portal.ts";

/** "v3" also stands for the v4 associations: what was there before versions became dates. */
type ApiVersion = "v3" | "2026-03" | "2026-09";

export interface ApiRequest extends SandboxRequest {
  version: ApiVersion;
}

/** The paths that a family of endpoints has: those with a number, and the one with a date. */
const families = {
  objects: { numbered: ["/crm/v3/objects"], dated: "/crm/objects/{date}" },
  objectAssociations: { numbered: ["/crm/v4/objects"], dated: "/crm/objects/{date}" },
  properties: { numbered: ["/crm/v3/properties"], dated: "/crm/properties/{date}" },
  schemas: {
    numbered: ["/crm-object-schemas/v3/schemas", "/crm/v3/schemas"],
    dated: "/crm-object-schemas/{date}/schemas",
  },
  associations: { numbered: ["/crm/v4/associations"], dated: "/crm/associations/{date}" },
  owners: { numbered: ["/crm/v3/owners"], dated: "/crm/owners/{date}" },
  pipelines: { numbered: ["/crm/v3/pipelines"], dated: "/crm/pipelines/{date}" },
  imports: { numbered: ["/crm/v3/imports"], dated: "/crm/imports/{date}" },
  exports: { numbered: ["/crm/v3/exports"], dated: "/crm/exports/{date}" },
  limits: { numbered: ["/crm/v3/limits"], dated: "/crm/limits/{date}" },
  accountInfo: { numbered: ["/account-info/v3"], dated: "/account-info/{date}" },
} as const;

export type Family = keyof typeof families;

/** The routes of one endpoint, in each version, behind a valid token. */
export function apiRoutes(
  portal: Portal,
  method: Method,
  family: Family,
  path: string,
  answer: (request: ApiRequest) => Answer | Promise<Answer>,
): Route[] {
  const { numbered, dated } = families[family];
  return [...numbered, dated].map((base) => ({
    method,
    template: base + path,
    answer(request) {
      const version = versionOf(request.params["date"]);
      // A search is exempt from the limit of ten seconds, and has one of its own.
      const kind = family === "objects" && path.endsWith("/search") ? "search" : "call";
      return admit(portal, request, kind, async () => {
        try {
          return await answer({ ...request, version });
        } catch (error) {
          return answerError(error);
        }
      });
    },
  }));
}

/** The object type that {objectType} of a path names: a name, an id such as 0-1, or p<portal>_<name>. */
export function objectTypeOf(portal: Portal, request: ApiRequest, param = "objectType"): ObjectType {
  const name = request.params[param] ?? "";
  const type = portal.catalog.objectType(name);
  if (type !== undefined) return type;
  throw new ApiError(400, "VALIDATION_ERROR", `Unable to infer object type from: ${name}`);
}

/** The JSON body as an object; a list, where the endpoint takes one, as its `listName`. */
export async function readJson(request: SandboxRequest, listName?: string): Promise<Record<string, unknown>> {
  const text = await readText(request.body);
  try {
    const parsed: unknown = JSON.parse(text);
    if (isObject(parsed)) return parsed;
    if (Array.isArray(parsed) && listName !== undefined) return { [listName]: parsed };
  } catch {
    // Said below, in the vendor's words.
  }
  throw new ApiError(400, "VALIDATION_ERROR", "Invalid input JSON on line 1, column 1: the body must be a JSON object");
}

function versionOf(date: string | undefined): ApiVersion {
  // The older numbers are served in the place of the date too: /crm/objects/v3/contacts.
  if (date === undefined || date === "v3" || date === "v4") return "v3";
  if (date === "2026-03" || date === "2026-09") return date;
  throw notFound();
}
