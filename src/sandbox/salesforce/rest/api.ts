// The frame around every call of the data API: a valid token, a served version, the daily allowance.
// In: a route of its own. Out: the same route, counted, with Sforce-Limit-Info on the answer.
// https://developer.salesforce.com/docs/atlas.en-us.api_rest.meta/api_rest/headers_api_usage.htm

import { readText } from "../../request-body.ts";
import { type Answer, json, type Method, type Route, type SandboxRequest } from "../../routes.ts";
import type { SalesforceObject } from "../catalog/object.ts";
import { ApiError, notFound, RowError } from "../errors.ts";
import { newestVersion, type Org, oldestVersion } from "../org.ts";
import { apiDisabled } from "../permissions.ts";
import { requireToken } from "./sign-in.ts";

/** A request to the data API, with the version from its path. */
export interface ApiRequest extends SandboxRequest {
  version: number;
}

const firstVersion = 20;

/** A route under /services/data/vXX.0. */
export function apiRoute(
  org: Org,
  method: Method,
  path: string,
  answer: (request: ApiRequest) => Answer | Promise<Answer>,
): Route {
  return {
    method,
    template: `/services/data/{version}${path}`,
    async answer(request) {
      const version = versionOf(request.params["version"] ?? "");
      requireToken(org, request);
      if (!org.permissions.apiEnabled) throw apiDisabled();
      if (request.isPart !== true) org.limits.countCall();
      let answered: Answer;
      try {
        answered = await answer({ ...request, version });
      } catch (error) {
        answered = answerError(error);
      }
      return { ...answered, headers: { "Sforce-Limit-Info": org.limits.info(), ...answered.headers } };
    },
  };
}

/** The object that a path names, or 404. */
export function objectOf(org: Org, request: ApiRequest): SalesforceObject {
  const object = org.catalog.object(request.params["object"] ?? "");
  if (object === undefined) throw notFound();
  return object;
}

/** The JSON body as an object. */
export async function readJson(request: SandboxRequest): Promise<Record<string, unknown>> {
  const text = await readText(request.body);
  let parsed: unknown;
  try {
    parsed = JSON.parse(text);
  } catch (error) {
    throw new ApiError(400, "JSON_PARSER_ERROR", error instanceof Error ? error.message : "unreadable JSON");
  }
  if (isObject(parsed)) return parsed;
  throw new ApiError(400, "JSON_PARSER_ERROR", "The HTTP entity body must be a JSON object");
}

export function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

/** What went wrong as Salesforce's array of errors. Anything unforeseen is 500 UNKNOWN_EXCEPTION. */
export function answerError(error: unknown): Answer {
  if (error instanceof RowError)
    return json(400, [{ message: error.message, errorCode: error.code, fields: error.fields }]);
  if (!(error instanceof ApiError)) {
    const message = error instanceof Error ? error.message : String(error);
    return json(500, [{ message, errorCode: "UNKNOWN_EXCEPTION" }]);
  }
  const fields = error.fields === undefined ? {} : { fields: error.fields };
  return json(error.status, [{ message: error.message, errorCode: error.code, ...fields }]);
}

const usualErrors: Readonly<Record<number, readonly [code: string, message: string]>> = {
  401: ["INVALID_SESSION_ID", "Session expired or invalid"],
  403: ["REQUEST_LIMIT_EXCEEDED", "TotalRequests Limit exceeded."],
  404: ["NOT_FOUND", "The requested resource does not exist"],
  405: ["METHOD_NOT_ALLOWED", "HTTP Method not allowed."],
  429: ["REQUEST_LIMIT_EXCEEDED", "ConcurrentRequests (Concurrent API Requests) Limit exceeded."],
  503: ["SERVER_UNAVAILABLE", "The server is temporarily unavailable. Try again later."],
};

/** Salesforce's usual answer with a status: what a fault sends when it does not say. */
export function answerStatus(status: number): Answer {
  const [errorCode, message] = usualErrors[status] ?? ["UNKNOWN_EXCEPTION", "An unexpected error occurred."];
  return status < 400 ? { status } : json(status, [{ message, errorCode }]);
}

function versionOf(segment: string): number {
  const version = Number(/^v(?<number>\d+)\.0$/.exec(segment)?.groups?.["number"]);
  if (version >= oldestVersion && version <= newestVersion) return version;
  if (version > firstVersion && version < oldestVersion)
    throw new ApiError(410, "UNSUPPORTED_API_VERSION", "The requested API version is no longer supported");
  throw notFound();
}
