// Several calls in one: composite, whose parts can use what others gave and may all be taken back, and composite/batch,
// whose parts know nothing of each other. In: the parts. Out: their answers, in their order. What must hold: parts run in
// the order they came, and nothing else is written between them.
// https://developer.salesforce.com/docs/platform/api-rest/guide/requests-composite.html
// https://developer.salesforce.com/docs/atlas.en-us.api_rest.meta/api_rest/requests_composite_batch.htm

import type { IncomingHttpHeaders } from "node:http";
import { readText } from "../../request-body.ts";
import { type Answer, findRoute, json, type Method, type Route, type SandboxRequest } from "../../routes.ts";
import { ApiError } from "../errors.ts";
import type { Org } from "../org.ts";
import { type ApiRequest, apiRoute, isObject, readJson } from "./api.ts";
import { fillIn, MissingReference, type Outcome } from "./references.ts";

const mostParts = 25;
/** Queries and collections of one composite request. */
const mostHeavy = 5;
const methods: readonly string[] = ["GET", "POST", "PUT", "PATCH", "DELETE"];
/** What a part may ask for, below the version. */
const allowed = /^\/(?:sobjects|query|queryAll|limits|composite\/sobjects)(?:\/|$)/i;
const heavy = /^\/(?:query|queryAll|composite\/sobjects)(?:\/|$)/i;

interface Part {
  method: Method;
  url: string;
  referenceId: string;
  body: unknown;
  headers: IncomingHttpHeaders;
}

/** `routes` are those that parts may go to. */
export function compositeRoutes(org: Org, routes: readonly Route[]): Route[] {
  return [
    apiRoute(org, "POST", "/composite", (request) => runComposite(org, routes, request)),
    apiRoute(org, "POST", "/composite/batch", (request) => runBatch(org, routes, request)),
  ];
}

async function runComposite(org: Org, routes: readonly Route[], request: ApiRequest): Promise<Answer> {
  const { compositeRequest, allOrNone } = await readJson(request);
  const parts = readParts(compositeRequest, "compositeRequest", "body", request);
  refuseNames(parts);
  if (parts.filter(({ url }) => heavy.test(resourceOf(url))).length > mostHeavy) {
    throw badRequest("LIMIT_EXCEEDED", `At most ${mostHeavy} subrequests can be queries or sObject Collections`);
  }
  const { outcomes, isUndone } =
    allOrNone === true ? await runTogether(org, routes, request, parts) : await runEach(routes, request, parts);
  const answers = parts.map(({ referenceId }) => {
    const outcome = outcomes.get(referenceId) ?? rolledBack;
    const shown = isUndone && !isFailure(outcome) ? rolledBack : outcome;
    return { body: shown.body ?? null, httpHeaders: shown.headers, httpStatusCode: shown.status, referenceId };
  });
  return json(200, { compositeResponse: answers });
}

interface Ended {
  outcomes: Map<string, Outcome>;
  isUndone: boolean;
}

async function runEach(
  routes: readonly Route[],
  request: ApiRequest,
  parts: readonly Part[],
  isOver: (outcome: Outcome) => boolean = () => false,
): Promise<Ended> {
  const outcomes = new Map<string, Outcome>();
  for (const part of parts) {
    const outcome = await runPart(routes, request, part, outcomes);
    outcomes.set(part.referenceId, outcome);
    if (isOver(outcome)) break;
  }
  return { outcomes, isUndone: false };
}

/** In one transaction: the first part that fails takes the others back. */
async function runTogether(
  org: Org,
  routes: readonly Route[],
  request: ApiRequest,
  parts: readonly Part[],
): Promise<Ended> {
  const { database } = org.store;
  database.exec("BEGIN IMMEDIATE");
  let isUndone = true;
  try {
    const { outcomes } = await runEach(routes, request, parts, isFailure);
    isUndone = [...outcomes.values()].some(isFailure);
    return { outcomes, isUndone };
  } finally {
    database.exec(isUndone ? "ROLLBACK" : "COMMIT");
  }
}

const rolledBack: Outcome = {
  status: 400,
  headers: {},
  body: [
    {
      errorCode: "PROCESSING_HALTED",
      message: "The transaction was rolled back since another operation in the same transaction failed.",
    },
  ],
};

async function runBatch(org: Org, routes: readonly Route[], request: ApiRequest): Promise<Answer> {
  const { batchRequests, haltOnError } = await readJson(request);
  const parts = readParts(batchRequests, "batchRequests", "richInput", request);
  const results: { statusCode: number; result: unknown }[] = [];
  for (const part of parts) {
    if (haltOnError === true && results.some(({ statusCode }) => statusCode >= 400)) {
      const message = "Batch processing halted per request, as an earlier subrequest failed";
      results.push({ statusCode: 412, result: [{ errorCode: "BATCH_PROCESSING_HALTED", message }] });
      continue;
    }
    // Unlike those of a composite request, each counts.
    org.limits.countCall();
    const { status, body } = await runPart(routes, request, part, new Map());
    results.push({ statusCode: status, result: body ?? null });
  }
  return json(200, { hasErrors: results.some(({ statusCode }) => statusCode >= 400), results });
}

function isFailure(outcome: Outcome | undefined): boolean {
  return outcome !== undefined && outcome.status >= 400;
}

async function runPart(
  routes: readonly Route[],
  request: ApiRequest,
  part: Part,
  outcomes: ReadonlyMap<string, Outcome>,
): Promise<Outcome> {
  let filled: { url: string; body: unknown };
  try {
    filled = fillIn({ url: part.url, body: part.body }, outcomes) as typeof filled;
  } catch (error) {
    if (!(error instanceof MissingReference)) throw error;
    return { status: 400, headers: {}, body: [{ errorCode: "PROCESSING_HALTED", message: error.message }] };
  }
  const url = new URL(filled.url, "http://sandbox");
  const { match } = findRoute(routes, part.method, url.pathname);
  if (match === undefined) {
    const message = "The requested resource does not exist";
    return { status: 404, headers: {}, body: [{ errorCode: "NOT_FOUND", message }] };
  }
  const asked: SandboxRequest = {
    params: match.params,
    query: url.searchParams,
    headers: { ...part.headers, authorization: request.headers.authorization },
    body: bodyOf(filled.body),
    isPart: true,
  };
  const answer = await match.route.answer(asked);
  const text = await textOf(answer);
  const { Location: location } = answer.headers ?? {};
  return {
    status: answer.status,
    headers: location === undefined ? {} : { Location: location },
    ...(text === "" ? {} : { body: JSON.parse(text) as unknown }),
  };
}

/** Read without waiting for the network, so that no other request comes between the parts. */
async function* bodyOf(value: unknown): AsyncGenerator<Buffer> {
  if (value !== undefined) yield Buffer.from(JSON.stringify(value));
}

async function textOf({ body }: Answer): Promise<string> {
  if (body === undefined || typeof body === "string") return body ?? "";
  if (Buffer.isBuffer(body)) return body.toString();
  return readText(body as AsyncIterable<Buffer>);
}

function readParts(list: unknown, name: string, bodyName: string, request: ApiRequest): Part[] {
  if (!Array.isArray(list) || list.length === 0 || !list.every(isObject)) {
    throw badRequest("JSON_PARSER_ERROR", `${name} must be a list of subrequests`);
  }
  if (list.length > mostParts) {
    throw badRequest("LIMIT_EXCEEDED", `Limit of ${mostParts} subrequests reached. Cannot process more.`);
  }
  return list.map((part): Part => {
    const { method, url, referenceId, httpHeaders } = part;
    const named = String(method).toUpperCase();
    if (!methods.includes(named)) throw badRequest("INVALID_HTTP_METHOD", `Invalid HTTP method: ${String(method)}`);
    // Those of a batch are written without what all URLs begin with.
    const path = String(url ?? "").replace(/^\/?(?=v\d+\.0\/)/, "/services/data/");
    if (!path.startsWith(`/services/data/v${request.version}.0/`) || !allowed.test(resourceOf(path))) {
      throw badRequest("INVALID_URL", `The subrequest url is not valid or not supported: ${String(url)}`);
    }
    const given = isObject(httpHeaders) ? Object.entries(httpHeaders) : [];
    const headers = Object.fromEntries(given.map(([key, value]) => [key.toLowerCase(), String(value)]));
    return {
      method: named as Method,
      url: path,
      referenceId: String(referenceId ?? ""),
      body: part[bodyName],
      headers,
    };
  });
}

function resourceOf(url: string): string {
  return url.replace(/^\/services\/data\/v\d+\.0/, "").replace(/[?#].*$/s, "");
}

/** Letters, digits and underscores, a letter first; each once. */
function refuseNames(parts: readonly Part[]): void {
  const seen = new Set<string>();
  for (const { referenceId } of parts) {
    if (!/^[A-Za-z]\w*$/.test(referenceId) || seen.has(referenceId)) {
      throw badRequest("INVALID_INPUT", `referenceId must be unique letters, digits and underscores: "${referenceId}"`);
    }
    seen.add(referenceId);
  }
}

function badRequest(code: string, message: string): ApiError {
  return new ApiError(400, code, message);
}
