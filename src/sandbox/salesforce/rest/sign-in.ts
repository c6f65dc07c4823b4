// OAuth 2.0: the flows by which a client gets a token, and the check of every token afterwards.
// In: a form at /services/oauth2/token. Out: a token for the one user of this org, or the vendor's refusal.
// Must hold: a token that was handed out stays valid across restarts; one fixed token is always valid.
// https://help.salesforce.com/s/articleView?id=xcloud.remoteaccess_oauth_flows.htm&type=5

import { createHash, verify } from "node:crypto";
import { randomId } from "../../../core/random.ts";
import { now } from "../../clock.ts";
import { readText } from "../../request-body.ts";
import { type Answer, json, type Route, type SandboxRequest } from "../../routes.ts";
import { ApiError } from "../errors.ts";
import { type Org, orgId, shortOrgId, userId } from "../org.ts";

const fixedToken = "00Dsandbox0000001!loadline";
const clientId = "sandbox";
const clientSecret = "sandbox";
const refreshToken = "sandbox";
const userPassword = "sandbox";
// Some clients write `exp` in milliseconds; as seconds that is thousands of years ahead.
const millisecondsFrom = 100_000_000_000;

class SignInError extends Error {
  readonly code: string;

  constructor(code: string, description: string) {
    super(description);
    this.code = code;
  }
}

export function signInRoutes(org: Org): Route[] {
  const database = org.store.database;
  database.exec("CREATE TABLE IF NOT EXISTS sandbox_token (token TEXT PRIMARY KEY, kind TEXT NOT NULL)");
  return [
    { method: "POST", template: "/services/oauth2/token", answer: (request) => answerToken(org, request) },
    { method: "POST", template: "/services/oauth2/revoke", answer: (request) => revoke(org, request) },
    { method: "GET", template: "/services/oauth2/userinfo", answer: (request) => answerUserInfo(org, request) },
    { method: "GET", template: "/id/{org}/{user}", answer: (request) => answerUserInfo(org, request) },
  ];
}

/** Throws 401 INVALID_SESSION_ID unless the request carries a valid token. */
export function requireToken(org: Org, request: SandboxRequest): void {
  const token = /^(?:Bearer|OAuth)\s+(?<token>\S+)$/i.exec(request.headers.authorization ?? "")?.groups?.["token"];
  if (token !== undefined && isSession(org, token)) return;
  throw new ApiError(401, "INVALID_SESSION_ID", "Session expired or invalid");
}

/** Whether a token is one that was handed out, or the fixed one. */
export function isSession(org: Org, token: string): boolean {
  if (token === fixedToken) return true;
  return org.store.database.prepare("SELECT 1 FROM sandbox_token WHERE token = ?").get(token) !== undefined;
}

/** Hands out a new token. */
export function openSession(org: Org): string {
  const token = `${shortOrgId}!AQ${randomId(24)}`;
  org.store.database.prepare("INSERT INTO sandbox_token VALUES (?, 'access')").run(token);
  return token;
}

/** Whether a user name and password are right: any name, one password. */
export function isUser(username: string | null | undefined, password: string | null | undefined): boolean {
  return username !== null && username !== undefined && username !== "" && password === userPassword;
}

async function answerToken(org: Org, request: SandboxRequest): Promise<Answer> {
  try {
    const form = new URLSearchParams(await readText(request.body));
    addBasicCredentials(form, request.headers.authorization);
    grant(org, form);
    return json(200, tokenAnswer(org));
  } catch (error) {
    if (!(error instanceof SignInError)) throw error;
    return json(400, { error: error.code, error_description: error.message });
  }
}

// None of these flows hands out a refresh token, and one that is used stays as it is: rotation is off.
function grant(org: Org, form: URLSearchParams): void {
  switch (form.get("grant_type")) {
    case "client_credentials":
      requireClient(form, true);
      return;
    case "urn:ietf:params:oauth:grant-type:jwt-bearer":
      requireAssertion(org, form.get("assertion") ?? "");
      return;
    case "password":
      requireClient(form, true);
      if (!isUser(form.get("username"), form.get("password")))
        throw new SignInError("invalid_grant", "authentication failure");
      return;
    case "refresh_token":
      requireClient(form, false);
      if (form.get("refresh_token") !== refreshToken)
        throw new SignInError("invalid_grant", "expired access/refresh token");
      return;
    default:
      throw new SignInError("unsupported_grant_type", "grant type not supported");
  }
}

function requireClient(form: URLSearchParams, secretNeeded: boolean): void {
  if (form.get("client_id") !== clientId) throw new SignInError("invalid_client_id", "client identifier invalid");
  const secret = form.get("client_secret");
  if (secret === null && !secretNeeded) return;
  if (secret !== clientSecret) throw new SignInError("invalid_client", "invalid client credentials");
}

function requireAssertion(org: Org, assertion: string): void {
  const [header = "", payload = "", signature = ""] = assertion.split(".");
  const claims = decode(payload);
  if (decode(header)?.["alg"] !== "RS256" || claims === undefined)
    throw new SignInError("invalid_grant", "invalid assertion");
  if (claims["iss"] !== clientId) throw new SignInError("invalid_client_id", "client identifier invalid");
  const signed = Buffer.from(`${header}.${payload}`);
  if (!verify("RSA-SHA256", signed, org.publicKey, Buffer.from(signature, "base64url")))
    throw new SignInError("invalid_grant", "invalid assertion");
  const audience = String(claims["aud"] ?? "").replace(/\/$/, "");
  const own = [org.origin, org.origin.replace("127.0.0.1", "localhost")];
  if (![...own, "https://login.salesforce.com", "https://test.salesforce.com"].includes(audience))
    throw new SignInError("invalid_grant", "audience is invalid");
  const expiry = Number(claims["exp"]);
  const expiryMs = expiry > millisecondsFrom ? expiry : expiry * 1000;
  if (!(expiryMs > now().getTime())) throw new SignInError("invalid_grant", "expired assertion");
  if (typeof claims["sub"] !== "string") throw new SignInError("invalid_grant", "user hasn't approved this consumer");
}

function decode(part: string): Record<string, unknown> | undefined {
  try {
    return JSON.parse(Buffer.from(part, "base64url").toString("utf8"));
  } catch {
    return undefined;
  }
}

function addBasicCredentials(form: URLSearchParams, authorization: string | undefined): void {
  const encoded = /^Basic\s+(?<encoded>\S+)$/i.exec(authorization ?? "")?.groups?.["encoded"];
  if (encoded === undefined) return;
  const [id = "", secret = ""] = Buffer.from(encoded, "base64").toString("utf8").split(":");
  form.set("client_id", decodeURIComponent(id));
  form.set("client_secret", decodeURIComponent(secret));
}

function tokenAnswer(org: Org): Record<string, string> {
  const id = `${org.origin}/id/${orgId}/${userId}`;
  const issuedAt = String(now().getTime());
  return {
    access_token: openSession(org),
    signature: createHash("sha256").update(`${id}${issuedAt}${clientSecret}`).digest("base64"),
    scope: "api refresh_token",
    instance_url: org.origin,
    id,
    token_type: "Bearer",
    issued_at: issuedAt,
  };
}

async function revoke(org: Org, request: SandboxRequest): Promise<Answer> {
  const form = new URLSearchParams(await readText(request.body));
  org.store.database.prepare("DELETE FROM sandbox_token WHERE token = ?").run(form.get("token") ?? "");
  return { status: 200 };
}

function answerUserInfo(org: Org, request: SandboxRequest): Answer {
  requireToken(org, request);
  const url = `${org.origin}/services/data/v{version}/`;
  return json(200, {
    sub: `${org.origin}/id/${orgId}/${userId}`,
    id: `${org.origin}/id/${orgId}/${userId}`,
    user_id: userId,
    organization_id: orgId,
    preferred_username: "sandbox@loadline.example",
    username: "sandbox@loadline.example",
    nickname: "sandbox",
    display_name: "Sandbox User",
    name: "Sandbox User",
    email: "sandbox@loadline.example",
    email_verified: true,
    given_name: "Sandbox",
    family_name: "User",
    zoneinfo: "UTC",
    active: true,
    user_type: "STANDARD",
    language: "en_US",
    locale: "en_US",
    utcOffset: 0,
    urls: { rest: url, sobjects: `${url}sobjects/`, query: `${url}query/`, profile: `${org.origin}/${userId}` },
  });
}
