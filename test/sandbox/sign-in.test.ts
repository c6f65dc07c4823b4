import { sign } from "node:crypto";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { type Org, startOrg, temporaryFolder, token } from "./support.ts";

const jwtGrant = "urn:ietf:params:oauth:grant-type:jwt-bearer";

async function signIn(org: Org, form: Record<string, string>, headers: Record<string, string> = {}) {
  const response = await fetch(`${org.origin}/services/oauth2/token`, {
    method: "POST",
    body: new URLSearchParams(form),
    headers,
  });
  return { status: response.status, body: (await response.json()) as Record<string, string> };
}

async function statusWith(org: Org, authorization: string): Promise<number> {
  return (await org.api("GET", "limits", undefined, { authorization })).status;
}

function assertion(key: string, claims: Record<string, unknown>): string {
  const part = (value: unknown) => Buffer.from(JSON.stringify(value)).toString("base64url");
  const signed = `${part({ alg: "RS256" })}.${part(claims)}`;
  return `${signed}.${sign("RSA-SHA256", Buffer.from(signed), key).toString("base64url")}`;
}

test("client credentials give a token that works, and names the org the same way everywhere", async () => {
  const org = await startOrg();
  const { status, body } = await signIn(org, {
    grant_type: "client_credentials",
    client_id: "sandbox",
    client_secret: "sandbox",
  });
  expect(status).toBe(200);
  expect(body).toMatchObject({
    instance_url: org.origin,
    token_type: "Bearer",
    issued_at: expect.stringMatching(/^\d{13}$/),
  });
  expect(body["access_token"]).toMatch(/^00D\w{12}![.\w]+$/);
  expect(await statusWith(org, `Bearer ${body["access_token"]}`)).toBe(200);
  const [orgId, userId] = String(body["id"]).split("/").slice(-2);
  const info = await org.api("GET", "/services/oauth2/userinfo");
  expect(info.body).toMatchObject({ organization_id: orgId, user_id: userId });
  expect(await org.query("SELECT Id, IsSandbox FROM Organization")).toMatchObject([{ Id: orgId, IsSandbox: true }]);
  expect(await org.query("SELECT Id FROM User")).toMatchObject([{ Id: userId }]);
  expect(orgId?.startsWith(String(body["access_token"]).split("!")[0] ?? "-")).toBe(true);
});

test("a JWT signed by the key in the data folder is taken, with exp in milliseconds and a slash after aud too", async () => {
  const dataFolder = temporaryFolder();
  const org = await startOrg({ dataFolder });
  const key = readFileSync(join(dataFolder, "sandbox.key"), "utf8");
  const claims = { iss: "sandbox", sub: "etl@acme.com", aud: org.origin, exp: Math.floor(Date.now() / 1000) + 180 };
  const grant = (changed: object) =>
    signIn(org, { grant_type: jwtGrant, assertion: assertion(key, { ...claims, ...changed }) });
  expect((await grant({})).status).toBe(200);
  expect((await grant({ aud: `${org.origin}/`, exp: Date.now() + 300 })).status).toBe(200);
  expect((await grant({ aud: "https://login.salesforce.com" })).status).toBe(200);
  for (const exp of [1_700_000_000, Date.now() - 3_600_000])
    expect((await grant({ exp })).body).toEqual({ error: "invalid_grant", error_description: "expired assertion" });
  expect((await grant({ aud: "https://example.com" })).body).toEqual({
    error: "invalid_grant",
    error_description: "audience is invalid",
  });
  expect((await grant({ iss: "other" })).body).toMatchObject({ error: "invalid_client_id" });
});

test("a JWT signed by another key, or changed after signing, is refused", async () => {
  const org = await startOrg();
  const foreign = temporaryFolder();
  await startOrg({ dataFolder: foreign });
  const key = readFileSync(join(foreign, "sandbox.key"), "utf8");
  const claims = { iss: "sandbox", sub: "etl@acme.com", aud: org.origin, exp: Math.floor(Date.now() / 1000) + 180 };
  const { status, body } = await signIn(org, { grant_type: jwtGrant, assertion: assertion(key, claims) });
  expect([status, body]).toEqual([400, { error: "invalid_grant", error_description: "invalid assertion" }]);
  expect((await signIn(org, { grant_type: jwtGrant, assertion: "not.a.token" })).status).toBe(400);
});

test("a password gives a refresh token, which gives new access tokens", async () => {
  const org = await startOrg();
  const client = { client_id: "sandbox", client_secret: "sandbox" };
  const { body } = await signIn(org, { grant_type: "password", username: "u@x.co", password: "sandbox", ...client });
  const again = await signIn(org, {
    grant_type: "refresh_token",
    refresh_token: String(body["refresh_token"]),
    client_id: "sandbox",
  });
  expect(again.status).toBe(200);
  expect(again.body["access_token"]).not.toBe(body["access_token"]);
  expect(
    (await signIn(org, { grant_type: "password", username: "u@x.co", password: "wrong", ...client })).body,
  ).toEqual({ error: "invalid_grant", error_description: "authentication failure" });
  expect((await signIn(org, { grant_type: "refresh_token", refresh_token: "stale", ...client })).body).toMatchObject({
    error: "invalid_grant",
  });
});

test("wrong clients and unknown grants are refused as Salesforce does", async () => {
  const org = await startOrg();
  const grant = { grant_type: "client_credentials" };
  expect(await signIn(org, { ...grant, client_id: "nobody", client_secret: "sandbox" })).toEqual({
    status: 400,
    body: { error: "invalid_client_id", error_description: "client identifier invalid" },
  });
  expect(await signIn(org, { ...grant, client_id: "sandbox", client_secret: "wrong" })).toEqual({
    status: 401,
    body: { error: "invalid_client", error_description: "invalid client credentials" },
  });
  expect(await signIn(org, { grant_type: "magic" })).toEqual({
    status: 400,
    body: { error: "unsupported_grant_type", error_description: "grant type not supported" },
  });
  const basic = { authorization: `Basic ${Buffer.from("sandbox:sandbox").toString("base64")}` };
  expect((await signIn(org, grant, basic)).status).toBe(200);
});

test("the fixed token always works, any other and a revoked one is an invalid session", async () => {
  const org = await startOrg();
  expect(await statusWith(org, `Bearer ${token}`)).toBe(200);
  const { body } = await signIn(org, {
    grant_type: "client_credentials",
    client_id: "sandbox",
    client_secret: "sandbox",
  });
  const handedOut = `Bearer ${body["access_token"]}`;
  await fetch(`${org.origin}/services/oauth2/revoke`, {
    method: "POST",
    body: new URLSearchParams({ token: String(body["access_token"]) }),
  });
  for (const authorization of [handedOut, "Bearer 00D000000000001!nope", "", `Basic ${token}`]) {
    const answer = await org.api("GET", "limits", undefined, { authorization });
    expect([answer.status, answer.body]).toEqual([
      401,
      [{ message: "Session expired or invalid", errorCode: "INVALID_SESSION_ID" }],
    ]);
  }
});

test("a token outlives a restart", async () => {
  const dataFolder = temporaryFolder();
  const first = await startOrg({ dataFolder });
  const { body } = await signIn(first, {
    grant_type: "client_credentials",
    client_id: "sandbox",
    client_secret: "sandbox",
  });
  await first.close();
  const second = await startOrg({ dataFolder });
  expect(await statusWith(second, `Bearer ${body["access_token"]}`)).toBe(200);
});
