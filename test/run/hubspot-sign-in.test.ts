// Signing in to HubSpot, and what it refuses an account: told with what to do, and never with a secret.

import { readdirSync, readFileSync, statSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { connections, type Finished } from "../support/rig.ts";
import { type Rehearsal, rehearse } from "./support.ts";

const unique = { type: "string", fieldType: "text", hasUniqueValue: true };
const objects = { hubspot: { contacts: { properties: { ext_id: unique } } } };
const rows = 450;
const csv = `id,last\n${Array.from({ length: rows }, (_, index) => `r${index},p${index}`).join("\n")}\n`;
const job = `version: 1
name: contacts
streams:
  contacts:
    source: { connection: drop, files: "contacts*.csv" }
    target: { connection: hubspot, object: contacts, key: ext_id, mode: upsert }
    map: { ext_id: id, lastname: last }
`;

/** The connection as an OAuth app's. */
async function rehearseOAuth(limits: object): Promise<Rehearsal> {
  const run = await rehearse(job, { "inbox/contacts.csv": csv }, { ...objects, hubspotLimits: limits });
  const written = connections(run.sandbox)["connections.yaml"] ?? "";
  const oauth = `oauth: { client_id: "\${HS_ID}", client_secret: "\${HS_SECRET}", refresh_token: "\${HS_REFRESH}" }`;
  run.project.write({ "connections.yaml": written.replace(/token: ".*HUBSPOT_TOKEN.*"/, oauth) });
  run.project.env = { HS_ID: "sandbox", HS_SECRET: "sandbox", HS_REFRESH: "sandbox" };
  return run;
}

async function callsOf(run: Rehearsal, pattern: RegExp): Promise<number> {
  const { body } = await run.sandbox.hubspotApi("GET", "/__sandbox/calls");
  const calls = Object.entries(body as Record<string, number>);
  return calls.filter(([name]) => pattern.test(name)).reduce((sum, [, times]) => sum + times, 0);
}

function events(run: Rehearsal): string {
  return run.project
    .runFolders()
    .map((folder) => readFileSync(join(folder, "events.jsonl"), "utf8"))
    .join("");
}

/** Everything that the program printed or left behind. */
function leftBehind(run: Rehearsal, done: Finished): string {
  const files = readdirSync(run.project.folder, { recursive: true, encoding: "utf8" })
    .map((name) => run.project.path(name))
    .filter((path) => statSync(path).isFile());
  return [done.stdout, done.stderr, ...files.map((path) => readFileSync(path, "latin1"))].join("\n");
}

test("a token that is about to end is renewed before it is used", async () => {
  await using run = await rehearseOAuth({ tokenSeconds: 60 });
  const done = await run.project.run("run", "job.yaml", "--json");
  expect(done.code, done.stderr).toBe(0);
  expect(done.summary().streams["contacts"]).toMatchObject({ loaded: rows });
  expect(await callsOf(run, /^POST \/oauth\/.*token$/)).toBeGreaterThan(2);
  expect(events(run)).not.toContain('"retry"');
});

test("a token that ends in the middle of a load is renewed once, and nothing is lost or doubled by it", async () => {
  await using run = await rehearseOAuth({});
  await run.sandbox.setFaults([
    { match: "POST /crm/objects/*/contacts/batch/upsert", nth: [3], do: { delay_ms: 1500 } },
  ]);
  const running = run.project.start(["run", "job.yaml", "--json"]);
  await expect.poll(() => callsOf(run, /batch\/upsert$/), { timeout: 20_000 }).toBeGreaterThan(2);
  expect((await run.sandbox.hubspotApi("POST", "/__sandbox/hubspot/expire-tokens")).status).toBe(204);
  const { finished } = running;
  const done = await finished;
  expect(done.code, done.stderr).toBe(0);
  expect(done.summary().streams["contacts"]).toMatchObject({ loaded: rows });
  expect(await run.sandbox.dumpHubSpot("contacts")).toHaveLength(rows);
});

test("many calls that meet the end of one token renew it once between them, and go on by HubSpot's rules", async () => {
  await using run = await rehearseOAuth({});
  const expired = { status: "error", message: "The OAuth token used is expired", category: "EXPIRED_AUTHENTICATION" };
  const match = "POST /crm/objects/*/contacts/batch/upsert";
  await run.sandbox.setFaults([
    { match, nth: [1, 2, 3, 4, 5], do: { status: 401, body: expired, delay_ms: 300 } },
    // The renewed call is as free to meet a lock as any.
    { match, nth: [6], do: { status: 423 } },
  ]);
  const done = await run.project.run("run", "job.yaml", "--json");
  expect(done.code, done.stderr).toBe(0);
  expect(done.summary().streams["contacts"]).toMatchObject({ loaded: rows });
  expect(await callsOf(run, /^POST \/oauth\/.*token$/)).toBe(2);
});

test("a refresh token that HubSpot does not know is exit code 8, and no secret is told", async () => {
  await using run = await rehearseOAuth({});
  run.project.env = { HS_ID: "sandbox", HS_SECRET: "very-secret-1", HS_REFRESH: "very-secret-2" };
  const done = await run.project.run("run", "job.yaml");
  expect(done.code).toBe(8);
  expect(done.stderr + done.stdout).toContain("HubSpot refuses the sign-in");
  expect(leftBehind(run, done)).not.toContain("very-secret");
});

test("a missing scope is exit code 8 and named, with what was refused", async () => {
  await using run = await rehearse(job, { "inbox/contacts.csv": csv }, objects);
  const body = {
    status: "error",
    message: "This app hasn't been granted all required scopes to make this call.",
    correlationId: "c0ffee",
    errors: [
      {
        message: "One or more of the following scopes are required.",
        context: { requiredGranularScopes: ["crm.objects.contacts.write"] },
      },
    ],
    category: "MISSING_SCOPES",
  };
  await run.sandbox.setFaults([{ match: "POST /crm/objects/*/contacts/batch/upsert", do: { status: 403, body } }]);
  const done = await run.project.run("run", "job.yaml");
  expect(done.code).toBe(8);
  const told = done.stderr + done.stdout;
  expect(told).toContain("a scope is missing");
  expect(told).toContain("it wants crm.objects.contacts.write");
  expect(told).toContain("c0ffee");
});
