// What a simulated system answers to: routes, requests and answers, free of sockets. The HTTP server feeds it.
// In: a method and a path. Out: the route whose template fits, with the values of its {placeholders}.
// Must hold: duplicate leading slashes and one trailing slash never matter (real clients send both).

import type { IncomingHttpHeaders } from "node:http";

export type Method = "GET" | "POST" | "PUT" | "PATCH" | "DELETE";

export interface SandboxRequest {
  /** Values of the template's placeholders, URL-decoded. */
  params: Record<string, string>;
  query: URLSearchParams;
  headers: IncomingHttpHeaders;
  /** The body, with a gzip Content-Encoding already undone. */
  body: AsyncIterable<Buffer>;
  /** Of a request with several parts: it counts as a whole. */
  isPart?: true;
}

/** What goes back. A stream is sent as it comes; `close` runs once the answer is sent or given up. */
export interface Answer {
  status: number;
  headers?: Record<string, string>;
  body?: string | Buffer | AsyncIterable<string | Buffer>;
}

export interface Route {
  method: Method;
  /** A path with placeholders, for example /services/data/{version}/query. */
  template: string;
  answer(request: SandboxRequest): Answer | Promise<Answer>;
}

export interface RouteMatch {
  route: Route;
  params: Record<string, string>;
}

/** The route for a request; `pathKnown` tells "no such path" from "not with this method". */
export function findRoute(
  routes: readonly Route[],
  method: string | undefined,
  path: string,
): { match: RouteMatch | undefined; pathKnown: boolean } {
  const segments = segmentsOf(path);
  let pathKnown = false;
  for (const route of routes) {
    const params = matchTemplate(route.template, segments);
    if (params === undefined) continue;
    pathKnown = true;
    if (route.method === method) return { match: { route, params }, pathKnown };
  }
  return { match: undefined, pathKnown };
}

/** A path as it is compared: no duplicate slashes, no trailing slash. */
export function normalisePath(path: string): string {
  return `/${segmentsOf(path).join("/")}`;
}

export function json(status: number, value: unknown, headers: Record<string, string> = {}): Answer {
  return {
    status,
    headers: { "Content-Type": "application/json;charset=UTF-8", ...headers },
    body: JSON.stringify(value),
  };
}

function matchTemplate(template: string, segments: readonly string[]): Record<string, string> | undefined {
  const wanted = segmentsOf(template);
  if (wanted.length !== segments.length) return undefined;
  const params: Record<string, string> = {};
  for (const [index, pattern] of wanted.entries()) {
    const segment = segments[index] ?? "";
    if (pattern.startsWith("{")) params[pattern.slice(1, -1)] = decode(segment);
    else if (pattern.toLowerCase() !== segment.toLowerCase()) return undefined;
  }
  return params;
}

function decode(segment: string): string {
  try {
    return decodeURIComponent(segment);
  } catch {
    return segment;
  }
}

function segmentsOf(path: string): string[] {
  return path.split("/").filter((segment) => segment !== "");
}
