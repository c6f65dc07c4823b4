// The ways to sign in, against the sandbox, through the real program.

import { generateKeyPairSync } from "node:crypto";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { basename, join } from "node:path";
import { expect, test } from "vitest";
import { connectors } from "../../src/connectors/registry.ts";
import { audiencesOf } from "../../src/connectors/salesforce/assertion.ts";
import type { SalesforceConnection } from "../../src/connectors/salesforce/connection.ts";
import { type SignInDoor, signIn } from "../../src/connectors/salesforce/sign-in.ts";
import { Failure } from "../../src/core/errors.ts";
import { exitCode } from "../../src/core/exit-code.ts";
import { readConnections } from "../../src/job/read-connections.ts";
import { contactsJob, schema } from "../run/support.ts";
import { answerJson, bodyOf, startRelay } from "../support/relay.ts";
import { createProject, startSandbox } from "../support/rig.ts";
import { soapLogin } from "./soap-login.ts";

function connection(origin: string, auth: string): Record<string, string> {
  return {
    "connections.yaml": `version: 1
connections:
  salesforce: { type: salesforce, login_url: "${origin}", auth: ${auth} }
  drop: { type: file, path: ./inbox }
`,
    "job.yaml": contactsJob(),
    "inbox/contacts.csv": "id,last,email\n1,Adams,a@x.com\n",
  };
}

test("a JWT signed with the app's key signs in; one of another key is refused with exit 8", async () => {
  const data = mkdtempSync(join(tmpdir(), "loadline-jwt-"));
  await using sandbox = await startSandbox({ schema, data });
  const auth = '{ jwt: { client_id: sandbox, username: etl@acme.com, key_file: "$' + '{SF_KEY_FILE}" } }';
  await using project = createProject(connection(sandbox.origin, auth));
  project.env["SF_KEY_FILE"] = join(data, "sandbox.key");
  expect((await project.run("run", "job.yaml", "--json")).summary()).toMatchObject({ status: "loaded", exitCode: 0 });

  const { privateKey } = generateKeyPairSync("rsa", { modulusLength: 2048 });
  project.write({ "other.key": privateKey.export({ type: "pkcs8", format: "pem" }) });
  project.env["SF_KEY_FILE"] = project.path("other.key");
  const refused = await project.run("run", "job.yaml", "--json");
  expect(refused.code).toBe(8);
  expect(refused.stderr).toContain("invalid_grant");

  project.env["SF_KEY_FILE"] = project.path("none.key");
  const missing = await project.run("run", "job.yaml");
  expect(missing.code).toBe(8);
  expect(missing.stdout + missing.stderr).toContain("none.key: salesforce: the private key can't be used");
  rmSync(data, { recursive: true, force: true });
});

test("a given access token is used as it is, and an expired one is told, never printed", async () => {
  await using sandbox = await startSandbox({ schema });
  await using project = createProject(connection(sandbox.origin, '{ access_token: "$' + '{TOKEN}" }'));
  project.env["TOKEN"] = "00Dsandbox0000001!loadline";
  expect((await project.run("run", "job.yaml", "--json")).summary().exitCode).toBe(0);
  project.env["TOKEN"] = "00Dsandbox0000001!longexpiredcanarytoken";
  const expired = await project.run("run", "job.yaml", "--verbose");
  expect(expired.code).toBe(8);
  expect(expired.stderr).toContain("the access token is expired or was never valid");
  const last = basename(project.runFolders().at(-1) ?? "");
  const everything = expired.stdout + expired.stderr + project.read(`.loadline/runs/${last}/events.jsonl`);
  expect(everything).not.toContain("canarytoken");
});

test("a refresh token signs in, with the app's secret or without, and a used up one is exit 8", async () => {
  await using sandbox = await startSandbox({ schema });
  const auth = (more: string) => `{ refresh_token: { client_id: sandbox, refresh_token: "\${R}"${more} } }`;
  await using project = createProject(connection(sandbox.origin, auth("")));
  project.env["R"] = "sandbox";
  project.env["S"] = "sandbox";
  expect((await project.run("run", "job.yaml", "--json")).summary()).toMatchObject({ status: "loaded", exitCode: 0 });
  project.write(connection(sandbox.origin, auth(', client_secret: "$' + '{S}"')));
  expect((await project.run("run", "job.yaml", "--json")).summary().exitCode).toBe(0);
  project.env["R"] = "usedupcanarytoken";
  const refused = await project.run("run", "job.yaml", "--verbose");
  expect(refused.code).toBe(8);
  expect(refused.stderr).toContain("invalid_grant");
  expect(refused.stdout + refused.stderr).not.toContain("canarytoken");
});

test("an org that rotates refresh tokens is signed in to again with the latest, and that is told", async () => {
  await using sandbox = await startSandbox({ schema });
  const given: string[] = [];
  const valid = ["sandbox"];
  await using relay = await startRelay(sandbox.origin, async (request, response) => {
    if (request.url !== "/services/oauth2/token") return false;
    const token = new URLSearchParams(await bodyOf(request)).get("refresh_token") ?? "";
    given.push(token);
    if (token !== valid.at(-1))
      return answerJson(response, 400, { error: "invalid_grant", error_description: "used up" });
    valid.push(`rotated${given.length}`);
    return answerJson(response, 200, {
      access_token: "00Dsandbox0000001!loadline",
      refresh_token: valid.at(-1),
      instance_url: relay.origin,
      id: `${relay.origin}/id/00Dsandbox0000001AAA/005000000000001AAA`,
      token_type: "Bearer",
    });
  });
  const auth = '{ refresh_token: { client_id: sandbox, refresh_token: "$' + '{R}" } }';
  await using project = createProject(connection(relay.origin, auth));
  project.env["R"] = "sandbox";
  await sandbox.setFaults([{ match: "GET /services/data/*/sobjects/*/describe", nth: [1], do: { status: 401 } }]);
  const run = await project.run("run", "job.yaml", "--json");
  expect(run.code, run.stderr).toBe(0);
  expect(given).toEqual(["sandbox", "rotated1"]);
  expect(run.stderr).toContain("rotates refresh tokens");
});

test("user name, password and security token sign in by SOAP, at version 64 at most, with a warning when that ends", async () => {
  await using sandbox = await startSandbox({ schema });
  const soap = soapLogin("pass&amp;wordTOKEN", (request) => `http://${request.headers.host}`);
  await using relay = await startRelay(sandbox.origin, soap.answer);
  const auth = '{ password: { username: etl@acme.com, password: "$' + '{P}", security_token: "$' + '{T}" } }';
  await using project = createProject(connection(relay.origin, auth));
  Object.assign(project.env, { P: "pass&word", T: "TOKEN" });
  const run = await project.run("run", "job.yaml", "--json");
  expect(run.summary()).toMatchObject({ status: "loaded", exitCode: 0 });
  expect(soap.seen.map(({ path }) => path)).toEqual(["/services/Soap/u/64.0"]);
  expect(soap.seen[0]?.body).toContain("<username>etl@acme.com</username>");
  expect(run.stderr).toContain("(SOAP login), a legacy flow");

  project.env["P"] = "wrong";
  const refused = await project.run("run", "job.yaml");
  expect(refused.code).toBe(8);
  expect(refused.stderr).toContain("INVALID_LOGIN: Invalid username, password, security token");
  // Refused for good: tried again, it would lock the user out.
  expect(soap.seen).toHaveLength(2);
});

test.each([
  ["https://login.salesforce.com", ["https://login.salesforce.com"]],
  ["https://test.salesforce.com", ["https://test.salesforce.com"]],
  ["https://acme.my.salesforce.com", ["https://login.salesforce.com", "https://acme.my.salesforce.com"]],
  [
    "https://acme--dev.sandbox.my.salesforce.com",
    ["https://test.salesforce.com", "https://acme--dev.sandbox.my.salesforce.com"],
  ],
  ["https://acme--dev.my.salesforce.com", ["https://test.salesforce.com", "https://acme--dev.my.salesforce.com"]],
  ["http://127.0.0.1:8025", ["http://127.0.0.1:8025"]],
])("a JWT that is posted to %s names as its audience %j", (loginUrl, audiences) => {
  expect(audiencesOf(loginUrl)).toEqual(audiences);
});

test("an org that refuses the audience is asked with the next one, for any other refusal it is not", async () => {
  await using project = createProject(
    connection(
      "https://acme.my.salesforce.com",
      "{ jwt: { client_id: app, username: etl@acme.com, key_file: app.key } }",
    ),
  );
  const { privateKey } = generateKeyPairSync("rsa", { modulusLength: 2048 });
  project.write({ "app.key": privateKey.export({ type: "pkcs8", format: "pem" }) });
  const org = readConnections(project.path("connections.yaml"), connectors, {}).get(
    "salesforce",
  ) as SalesforceConnection;
  const asked: string[] = [];
  const door = (accepted: string, why: string): SignInDoor => ({
    authorize: (_, { assertion = "" }) => {
      const { aud } = JSON.parse(Buffer.from(assertion.split(".")[1] ?? "", "base64url").toString("utf8"));
      asked.push(aud);
      if (aud !== accepted) return Promise.reject(new Failure(exitCode.signIn, "refused", { why }));
      return Promise.resolve({ origin: aud, token: "t", orgId: "00D" });
    },
    loginBySoap: () => Promise.reject(new Error("not this flow")),
  });
  const own = "https://acme.my.salesforce.com";
  expect((await signIn(door(own, "invalid_grant: audience is invalid"), org, {})).origin).toBe(own);
  expect(asked).toEqual(["https://login.salesforce.com", own]);
  asked.length = 0;
  const revoked = signIn(door("none", "invalid_grant: user hasn't approved this consumer"), org, {});
  await expect(revoked).rejects.toThrow("refused");
  expect(asked).toEqual(["https://login.salesforce.com"]);
});
