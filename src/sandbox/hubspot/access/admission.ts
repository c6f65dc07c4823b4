// Who calls, and whether the call is let in: the token first, then the rate limits.
// In: a request of the API. Out: the app that it counts for, or HubSpot's refusal.
// https://developers.hubspot.com/docs/api-reference/error-handling

import { now } from "../../clock.ts";
import type { Answer, SandboxRequest } from "../../routes.ts";
import { ApiError, answerStatus, rateLimited } from "../errors.ts";
import type { Portal } from "../portal.ts";
import type { App } from "./rate-limits.ts";
import { fixedToken } from "./tokens.ts";

/** Lets a call of the API in and counts it, or refuses it; puts the rate limit headers onto the answer. */
export async function admit(
  portal: Portal,
  request: SandboxRequest,
  kind: "call" | "search",
  answer: () => Promise<Answer>,
): Promise<Answer> {
  const app = appOf(portal, request);
  if (app === undefined) return answerStatus(401);
  const refused = portal.rates.take(app, kind);
  const given = refused === undefined ? await answer() : rateLimited(refused);
  return kind === "search" ? given : { ...given, headers: { ...given.headers, ...portal.rates.headers(app) } };
}

/** The app whose token the request carries; undefined where it carries none that is known. */
function appOf(portal: Portal, request: SandboxRequest): App | undefined {
  const bearer = /^Bearer (?<token>.+)$/i.exec(request.headers.authorization ?? "")?.groups?.["token"] ?? "";
  if (bearer === fixedToken) return "private";
  const token = portal.tokens.find(bearer);
  if (token === undefined || token.kind === "refresh") return undefined;
  if (token.expiresAt === undefined || token.expiresAt > now().getTime()) return "oauth";
  const ago = Math.round((now().getTime() - token.expiresAt) / 1000);
  throw new ApiError(
    401,
    "EXPIRED_AUTHENTICATION",
    `The OAuth token used to make this call expired ${ago} second(s) ago.`,
    { context: { "expire time": [new Date(token.expiresAt).toISOString()] } },
  );
}
