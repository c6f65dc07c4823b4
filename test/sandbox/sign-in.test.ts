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
  expect((await grant({ aud: `${org.origin}/`, exp: Date.now() + 150_000 })).status).toBe(200);
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

test("a password gives a token and no refresh token, as in Salesforce", async () => {
  const org = await startOrg();
  const password = { grant_type: "password", username: "u@x.co", client_id: "sandbox", client_secret: "sandbox" };
  const { status, body } = await signIn(org, { ...password, password: "sandbox" });
  expect([status, await statusWith(org, `Bearer ${body["access_token"]}`)]).toEqual([200, 200]);
  expect(body).not.toHaveProperty("refresh_token");
  expect(await signIn(org, { ...password, password: "wrong" })).toEqual({
    status: 400,
    body: { error: "invalid_grant", error_description: "authentication failure" },
  });
});

test("a refresh token gives new access tokens as often as it is used, and stays as it is", async () => {
  const org = await startOrg();
  const grant = { grant_type: "refresh_token", refresh_token: "sandbox", client_id: "sandbox" };
  const first = await signIn(org, grant);
  const second = await signIn(org, { ...grant, client_secret: "sandbox" });
  expect([first.status, second.status]).toEqual([200, 200]);
  expect(first.body["access_token"]).not.toBe(second.body["access_token"]);
  expect(second.body).not.toHaveProperty("refresh_token");
  expect(await signIn(org, { ...grant, refresh_token: "stale" })).toEqual({
    status: 400,
    body: { error: "invalid_grant", error_description: "expired access/refresh token" },
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
    status: 400,
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

async function soap(org: Org, version: string, call: string, header = "") {
  const response = await fetch(`${org.origin}/services/Soap/u/${version}`, {
    method: "POST",
    headers: { "content-type": "text/xml", soapaction: '""' },
    body: `<?xml version="1.0"?><e:Envelope xmlns:e="http://schemas.xmlsoap.org/soap/envelope/" xmlns:urn="urn:partner.soap.sforce.com"><e:Header>${header}</e:Header><e:Body>${call}</e:Body></e:Envelope>`,
  });
  return { status: response.status, text: await response.text() };
}

const soapLogin = (password: string) =>
  `<urn:login><urn:username>a&amp;b@x.co</urn:username><urn:password>${password}</urn:password></urn:login>`;

test("SOAP login gives a session that REST and getUserInfo take", async () => {
  const org = await startOrg();
  const { status, text } = await soap(org, "64.0", soapLogin("s&#97;ndbox"));
  expect(status).toBe(200);
  const session = /<sessionId>([^<]+)</.exec(text)?.[1] ?? "";
  expect(/<serverUrl>([^<]+)</.exec(text)?.[1]).toBe(`${org.origin}/services/Soap/u/64.0/00Dsandbox00000`);
  expect(text).toContain("<passwordExpired>false</passwordExpired>");
  expect(await statusWith(org, `Bearer ${session}`)).toBe(200);
  const header = (id: string) => `<urn:SessionHeader><urn:sessionId>${id}</urn:sessionId></urn:SessionHeader>`;
  const info = await soap(org, "66.0/00Dsandbox00000", "<urn:getUserInfo/>", header(session));
  expect([info.status, info.text]).toEqual([200, expect.stringContaining("<userFullName>Sandbox User</userFullName>")]);
  const refused = await soap(org, "66.0", "<urn:getUserInfo/>", header("00Dx!y"));
  expect([refused.status, refused.text]).toEqual([500, expect.stringContaining("sf:INVALID_SESSION_ID")]);
});

test("SOAP login with a wrong password, or from version 65.0 on, is a fault", async () => {
  const org = await startOrg();
  const wrong = await soap(org, "64.0", soapLogin("wrong"));
  expect(wrong.status).toBe(500);
  expect(wrong.text).toContain("<faultcode>sf:INVALID_LOGIN</faultcode>");
  expect(wrong.text).toContain(
    "<faultstring>INVALID_LOGIN: Invalid username, password, security token; or user locked out.</faultstring>",
  );
  for (const version of ["65.0", "68.0", "30.0", "latest"]) {
    const gone = await soap(org, version, soapLogin("sandbox"));
    expect([gone.status, gone.text]).toEqual([500, expect.stringContaining("sf:UNSUPPORTED_API_VERSION")]);
  }
});
