// OAuth 2.0: the flows by which an app gets a token, and what is known of one. The paths of v1 are those of the client
// libraries; they take the same form.
// https://developers.hubspot.com/docs/api-reference/latest/authentication/manage-oauth-tokens
// Errors: https://developers.hubspot.com/changelog/new-oauth-v3-api-endpoints-and-standardized-error-responses

import { now } from "../../clock.ts";
import { readText } from "../../request-body.ts";
import type { Answer, Route, SandboxRequest } from "../../routes.ts";
import { clientId, clientSecret, type Token } from "../access/tokens.ts";
import { hubspotJson, notFound } from "../errors.ts";
import type { Portal } from "../portal.ts";
import { portalId } from "../portal-id.ts";

const versions = ["v3", "2026-03", "2026-09"];
/** A code that the authorization page would have handed out. */
const authorizationCode = "sandbox";
const userId = 4_711;
const appId = 815;
const scopes = [
  "oauth",
  "crm.objects.contacts.read",
  "crm.objects.contacts.write",
  "crm.objects.companies.read",
  "crm.objects.companies.write",
  "crm.objects.deals.read",
  "crm.objects.deals.write",
  "crm.objects.custom.read",
  "crm.objects.custom.write",
  "crm.objects.owners.read",
  "crm.schemas.custom.read",
  "crm.import",
  "crm.export",
  "tickets",
];

/** RFC 6749's error with HubSpot's own status. */
class OAuthError extends Error {
  readonly code: string;
  readonly status: string;

  constructor(code: string, status: string, message: string) {
    super(message);
    this.code = code;
    this.status = status;
  }
}

export function oauthRoutes(portal: Portal): Route[] {
  const form = (template: string, act: (form: URLSearchParams) => Answer): Route => ({
    method: "POST",
    template,
    answer: (request) => answerForm(request, act),
  });
  return [
    ...["v1", ...versions].map((version) => form(`/oauth/${version}/token`, (fields) => grant(portal, fields))),
    ...versions.flatMap((version) => [
      form(`/oauth/${version}/token/introspect`, (fields) => introspect(portal, fields)),
      form(`/oauth/${version}/token/revoke`, (fields) => revoke(portal, fields)),
    ]),
    { method: "GET", template: "/oauth/v1/access-tokens/{token}", answer: (request) => describe(portal, request) },
    { method: "GET", template: "/oauth/v1/refresh-tokens/{token}", answer: (request) => describe(portal, request) },
    {
      method: "DELETE",
      template: "/oauth/v1/refresh-tokens/{token}",
      answer({ params }) {
        portal.tokens.revoke(params["token"] ?? "");
        return { status: 204 };
      },
    },
  ];
}

async function answerForm(request: SandboxRequest, act: (form: URLSearchParams) => Answer): Promise<Answer> {
  try {
    return act(new URLSearchParams(await readText(request.body)));
  } catch (error) {
    if (!(error instanceof OAuthError)) throw error;
    const { code, status, message } = error;
    return hubspotJson(400, { error: code, error_description: message, status, message });
  }
}

function grant(portal: Portal, form: URLSearchParams): Answer {
  requireClient(form);
  const seconds = portal.rates.limits.tokenSeconds;
  const common = { token_type: "bearer", expires_in: seconds, hub_id: portalId, scopes };
  const withRefresh = (refreshToken: string): Answer =>
    hubspotJson(200, {
      ...common,
      access_token: portal.tokens.issue("access", seconds),
      refresh_token: refreshToken,
      token_use: "access_token",
      user_id: userId,
    });
  switch (form.get("grant_type")) {
    case "refresh_token": {
      const given = form.get("refresh_token") ?? "";
      if (portal.tokens.find(given)?.kind !== "refresh")
        throw new OAuthError("invalid_grant", "BAD_REFRESH_TOKEN", "refresh token is invalid, expired or revoked");
      return withRefresh(given);
    }
    case "authorization_code":
      if (form.get("code") !== authorizationCode)
        throw new OAuthError("invalid_grant", "BAD_AUTH_CODE", "missing or unknown auth code");
      return withRefresh(portal.tokens.issue("refresh", undefined));
    case "client_credentials":
      return hubspotJson(200, {
        ...common,
        access_token: portal.tokens.issue("client", seconds),
        token_use: "client_credentials",
      });
    default:
      throw new OAuthError("unsupported_grant_type", "BAD_GRANT_TYPE", "missing or unknown grant type");
  }
}

function introspect(portal: Portal, form: URLSearchParams): Answer {
  requireClient(form);
  const text = form.get("token") ?? "";
  const token = portal.tokens.find(text);
  const left = token === undefined ? 0 : secondsLeft(token);
  if (token === undefined || left <= 0) return hubspotJson(200, { active: false });
  return hubspotJson(200, {
    active: true,
    token: text,
    token_type: "bearer",
    token_use: token.kind === "refresh" ? "refresh_token" : "access_token",
    client_id: clientId,
    app_id: appId,
    hub_id: portalId,
    user_id: userId,
    scopes,
    is_private_distribution: true,
    ...(token.expiresAt === undefined ? {} : { expires_in: left }),
  });
}

// As RFC 7009 has it: a token that is not known is as good as revoked.
function revoke(portal: Portal, form: URLSearchParams): Answer {
  requireClient(form);
  portal.tokens.revoke(form.get("token") ?? "");
  return { status: 204 };
}

/** What v1 says of a token. */
function describe(portal: Portal, request: SandboxRequest): Answer {
  const text = request.params["token"] ?? "";
  const token = portal.tokens.find(text);
  if (token === undefined || secondsLeft(token) <= 0) throw notFound();
  const common = { token: text, hub_id: portalId, user_id: userId, user: "sandbox@example.com", scopes };
  return hubspotJson(
    200,
    token.kind === "refresh"
      ? { ...common, token_type: "refresh", client_id: clientId, hub_domain: "sandbox.example.com" }
      : {
          ...common,
          token_type: "access",
          app_id: appId,
          expires_in: secondsLeft(token),
          hub_domain: "sandbox.example.com",
        },
  );
}

function requireClient(form: URLSearchParams): void {
  if (form.get("client_id") !== clientId)
    throw new OAuthError("invalid_client", "BAD_CLIENT_ID", "missing or unknown client id");
  if (form.get("client_secret") !== clientSecret)
    throw new OAuthError("invalid_client", "BAD_CLIENT_SECRET", "missing or invalid client secret");
}

function secondsLeft(token: Token): number {
  return token.expiresAt === undefined
    ? Number.POSITIVE_INFINITY
    : Math.ceil((token.expiresAt - now().getTime()) / 1000);
}
