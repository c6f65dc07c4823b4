// The three ways to sign in, against the sandbox, through the real program.

import { generateKeyPairSync } from "node:crypto";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, test } from "vitest";
import { contactsJob, schema } from "../run/support.ts";
import { createProject, startSandbox } from "../support/rig.ts";

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
  expect(expired.stdout).toContain("the access token is expired or was never valid");
  const [last = ""] = project.list(".loadline/runs").slice(-1);
  const everything = expired.stdout + expired.stderr + project.read(`.loadline/runs/${last}/events.jsonl`);
  expect(everything).not.toContain("canarytoken");
});
