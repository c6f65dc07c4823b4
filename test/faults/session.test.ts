// A session that ends in the middle of something, through the real program: it is renewed, and nothing is lost or doubled.

import { expect, test } from "vitest";
import { soapLogin } from "../connectors/soap-login.ts";
import { contactsJob, schema } from "../run/support.ts";
import { answerJson, type Intercept, startRelay } from "../support/relay.ts";
import { connections, createProject, type Project, type Sandbox, startSandbox } from "../support/rig.ts";

const expired = [{ errorCode: "INVALID_SESSION_ID", message: "Session expired or invalid" }];
/** So many that they go in bulk both ways. */
const rowCount = 2200;
/** Some megabytes, so that an upload is under way for more than one write; and keys too long to be asked for one by one. */
const rows = Array.from({ length: rowCount }, (_, index) => {
  return `${"k".repeat(30)}${index},Last ${index},${"x".repeat(900)}`;
});
const input = {
  "inbox/contacts.csv": `id,last,note\n${rows.join("\n")}\n`,
  "job.yaml": contactsJob({ map: "      Ext__c: id\n      LastName: last\n      Note__c: note" }),
};
const { Contact } = schema.salesforce;
const withNotes = {
  salesforce: { Contact: { fields: { ...Contact.fields, Note__c: { type: "textarea", length: 4000 } } } },
};

async function expectWhole(project: Project, sandbox: Sandbox): Promise<void> {
  const run = await project.run("run", "job.yaml", "--json");
  expect(run.code, run.stdout + run.stderr).toBe(0);
  expect(run.summary().streams["contacts"]).toMatchObject({ creates: rowCount, loaded: rowCount });
  const keys = (await sandbox.dump("Contact")).map((record) => record["Ext__c"]);
  expect(keys).toHaveLength(rowCount);
  expect(new Set(keys).size).toBe(rowCount);
}

/** Answers the first request that matches in the middle of its body, and cuts the connection or lets the rest come. */
function expireMidway(method: string, pattern: RegExp, { cut }: { cut: boolean }): Intercept & { times: number } {
  const intercept: Intercept & { times: number } = async (request, response) => {
    if (request.method !== method || !pattern.test(request.url ?? "") || intercept.times > 0) return false;
    intercept.times += 1;
    await new Promise((resolve) => request.once("data", resolve));
    if (cut) {
      // The status gets through, the body does not.
      response.writeHead(401, { "content-type": "application/json", "content-length": "500" }).flushHeaders();
      response.socket?.end();
      return true;
    }
    request.resume();
    return answerJson(response, 401, expired);
  };
  intercept.times = 0;
  return intercept;
}

test.each([{ cut: false }, { cut: true }])(
  "that ends half-way through an upload ($cut) is renewed, and the batch is sent whole",
  async (how) => {
    await using sandbox = await startSandbox({ schema: withNotes });
    const expire = expireMidway("PUT", /\/batches$/, how);
    await using relay = await startRelay(sandbox.origin, expire);
    await using project = createProject({ ...connections(relay), ...input });
    await expectWhole(project, sandbox);
    expect(expire.times).toBe(1);
    const calls = await sandbox.calls();
    expect(calls["POST /services/oauth2/token"]).toBe(2);
  },
);

test("that ends while result pages are read is renewed, by every flow that can", async () => {
  await using sandbox = await startSandbox({ schema: withNotes });
  const soap = soapLogin("secret", (request) => `http://${request.headers.host}`);
  const flows = {
    client_credentials: `{ client_credentials: { client_id: "\${C}", client_secret: "\${C}" } }`,
    refresh_token: `{ refresh_token: { client_id: "\${C}", refresh_token: "\${C}" } }`,
    password: `{ password: { username: "\${C}", password: "\${P}" } }`,
  };
  for (const [flow, auth] of Object.entries(flows)) {
    await sandbox.api("POST", "/__sandbox/reset");
    await using relay = await startRelay(sandbox.origin, soap.answer);
    await using project = createProject({ ...connections(relay), ...input });
    project.write({ "connections.yaml": project.read("connections.yaml").replace(/auth: .*/, `auth: ${auth}`) });
    Object.assign(project.env, { C: "sandbox", P: "secret" });
    await sandbox.setFaults([
      { match: "GET /services/data/*/jobs/ingest/*/successfulResults", nth: [1], do: { status: 401, body: expired } },
      { match: "GET /services/data/*/jobs/ingest/*/failedResults", nth: [1], do: { status: 401, body: expired } },
    ]);
    await expectWhole(project, sandbox);
    if (flow !== "password") continue;
    // What is there already is read back page by page: the second run compares all of it.
    await sandbox.setFaults([
      { match: "GET /services/data/*/jobs/query/*/results", nth: [1], do: { status: 401, body: expired } },
    ]);
    const again = await project.run("run", "job.yaml", "--fresh", "--json");
    expect(again.summary().streams["contacts"], flow).toMatchObject({ unchanged: rowCount, loaded: 0 });
    expect(again.code).toBe(0);
    expect(Object.keys(await sandbox.calls()).join()).toMatch(/jobs\/query\/[^/]+\/results/);
  }
  expect(soap.seen.length).toBeGreaterThanOrEqual(4);
});
