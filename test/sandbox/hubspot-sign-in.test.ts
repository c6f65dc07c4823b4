// OAuth as the official client does it, and as raw forms; what an expired token is told.

import { expect, test } from "vitest";
import { startAccount } from "./hubspot-account-support.ts";

const credentials = { client_id: "sandbox", client_secret: "sandbox" };
const refresh = { grant_type: "refresh_token", refresh_token: "sandbox", ...credentials };

test.each(["v1", "v3", "2026-03", "2026-09"])(
  "a refresh token gives an access token that works (%s)",
  async (version) => {
    const account = await startAccount();
    const { status, body } = await account.form(`/oauth/${version}/token`, refresh);
    expect([status, body]).toEqual([
      200,
      expect.objectContaining({
        refresh_token: "sandbox",
        expires_in: 1800,
        token_type: "bearer",
        token_use: "access_token",
        hub_id: 20_261_120,
      }),
    ]);
    const called = await account.call("GET", "/crm/v3/objects/contacts", undefined, String(body["access_token"]));
    expect(called.status).toBe(200);
  },
);

test("the official client refreshes a token and reads with it", async () => {
  const account = await startAccount();
  const client = account.client("none");
  await expect(client.crm.contacts.basicApi.getPage()).rejects.toMatchObject({ code: 401 });
  const given = await client.oauth.tokensApi.create(
    "refresh_token",
    undefined,
    undefined,
    "sandbox",
    "sandbox",
    "sandbox",
  );
  client.setAccessToken(given.accessToken);
  expect((await client.crm.contacts.basicApi.getPage()).results).toEqual([]);
  const known = await client.oauth.accessTokensApi.get(given.accessToken);
  expect(known).toMatchObject({ hubId: 20_261_120, tokenType: "access" });
});

test("an authorization code gives a refresh token, client credentials give none", async () => {
  const account = await startAccount();
  const code = { grant_type: "authorization_code", code: "sandbox", redirect_uri: "http://x", ...credentials };
  const first = (await account.form("/oauth/2026-03/token", code)).body;
  const again = await account.form("/oauth/2026-03/token", {
    ...refresh,
    refresh_token: String(first["refresh_token"]),
  });
  expect(again.status).toBe(200);
  const client = (await account.form("/oauth/2026-03/token", { grant_type: "client_credentials", ...credentials }))
    .body;
  expect(client).toMatchObject({ token_use: "client_credentials" });
  expect(client).not.toHaveProperty("refresh_token");
});

test.each([
  [{ refresh_token: "wrong" }, "invalid_grant", "BAD_REFRESH_TOKEN"],
  [{ client_id: "wrong" }, "invalid_client", "BAD_CLIENT_ID"],
  [{ client_secret: "wrong" }, "invalid_client", "BAD_CLIENT_SECRET"],
  [{ grant_type: "password" }, "unsupported_grant_type", "BAD_GRANT_TYPE"],
  [{ grant_type: "authorization_code", code: "wrong" }, "invalid_grant", "BAD_AUTH_CODE"],
])("what is wrong with a sign-in is named: %o", async (wrong, error, status) => {
  const account = await startAccount();
  const answer = await account.form("/oauth/2026-03/token", { ...refresh, ...wrong });
  expect(answer.status).toBe(400);
  expect(answer.body).toMatchObject({ error, status, error_description: answer.body["message"] });
});

test("an expired token is told when it expired, and a new one works", async () => {
  const account = await startAccount({ schema: { hubspotLimits: { tokenSeconds: 60 } } });
  const first = (await account.form("/oauth/v3/token", refresh)).body;
  expect(first["expires_in"]).toBe(60);
  await account.control("hubspot/expire-tokens");
  const refused = await account.call("GET", "/crm/v3/owners", undefined, String(first["access_token"]));
  expect(refused.status).toBe(401);
  expect(refused.body).toMatchObject({ status: "error", category: "EXPIRED_AUTHENTICATION" });
  expect(refused.body["context"]).toHaveProperty(["expire time", 0]);
  const second = (await account.form("/oauth/v3/token", refresh)).body;
  expect((await account.call("GET", "/crm/v3/owners", undefined, String(second["access_token"]))).status).toBe(200);
});

test("introspection tells what a token is, revoking ends a refresh token only", async () => {
  const account = await startAccount();
  const { access_token: access } = (await account.form("/oauth/v3/token", refresh)).body;
  const introspect = async (token: string) =>
    (await account.form("/oauth/v3/token/introspect", { token, ...credentials })).body;
  expect(await introspect(String(access))).toMatchObject({
    active: true,
    token_use: "access_token",
    hub_id: 20_261_120,
  });
  expect(await introspect("sandbox")).toMatchObject({ active: true, token_use: "refresh_token" });
  expect((await account.form("/oauth/v3/token/revoke", { token: "sandbox", ...credentials })).status).toBe(204);
  expect(await introspect("sandbox")).toEqual({ active: false });
  expect((await account.form("/oauth/v3/token", refresh)).body).toMatchObject({ status: "BAD_REFRESH_TOKEN" });
  expect((await account.call("GET", "/crm/v3/objects/contacts", undefined, String(access))).status).toBe(200);
});
