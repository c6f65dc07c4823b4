// Proxies and private authorities, through the real program: every door over HTTP goes by them, and this machine never
// does. The org is a sandbox behind TLS, known only to the proxy by the name that connections.yaml has.

import { readFileSync } from "node:fs";
import { request as httpRequest } from "node:http";
import { createServer } from "node:https";
import type { AddressInfo } from "node:net";
import { expect, test } from "vitest";
import { makeCertificates } from "../support/certificates.ts";
import { type ForwardProxy, startForwardProxy } from "../support/forward-proxy.ts";
import { createProject, type Project, type Sandbox, startSandbox } from "../support/rig.ts";
import { contactsJob, hubspotProperties, schema } from "./support.ts";

const salesforceHost = "acme.my.salesforce.com";
const hubspotHost = "api.hubapi.com";

interface Place extends AsyncDisposable {
  sandbox: Sandbox;
  project: Project;
  proxy: ForwardProxy;
}

/** Behind TLS under the hosts' real names, in whose place an answer names the sandbox. */
async function startTlsFront(origins: Record<string, string>, folder: string) {
  const { caFile, cert, key } = makeCertificates(folder, Object.keys(origins));
  const server = createServer({ cert, key }, (incoming, answer) => {
    const host = incoming.headers.host ?? "";
    const { hostname, port } = new URL(origins[host] ?? "http://127.0.0.1:1");
    const { method, url: path, headers } = incoming;
    const passed = httpRequest({ host: hostname, port, method, path, headers }, (response) => {
      const chunks: Buffer[] = [];
      response.on("data", (chunk: Buffer) => chunks.push(chunk));
      response.on("end", () => {
        const isText = response.headers["content-encoding"] === undefined;
        const body = Buffer.concat(chunks);
        const told = isText ? Buffer.from(body.toString().replaceAll(origins[host] ?? "", `https://${host}`)) : body;
        const { "transfer-encoding": _, ...kept } = response.headers;
        answer.writeHead(response.statusCode ?? 500, { ...kept, "content-length": told.length }).end(told);
      });
    });
    incoming.pipe(passed);
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  return {
    caFile,
    port: (server.address() as AddressInfo).port,
    async [Symbol.asyncDispose]() {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

async function open(): Promise<Place> {
  const sandbox = await startSandbox({
    schema: { ...schema, hubspot: { contacts: { properties: hubspotProperties } } },
  });
  const project = createProject({
    "sf.yaml": contactsJob(),
    "hub.yaml": `version: 1
name: hub
streams:
  contacts:
    source: { connection: drop, files: "contacts*.csv" }
    target: { connection: hubspot, object: contacts, key: ext_id, mode: upsert }
    map: { ext_id: id, lastname: last }
`,
    "inbox/contacts.csv": "id,last,email\nA,Ann,a@mail.example\nB,Ben,b@mail.example\n",
  });
  const front = await startTlsFront(
    { [salesforceHost]: sandbox.origin, [hubspotHost]: sandbox.hubspot },
    project.folder,
  );
  const proxy = await startForwardProxy({ [salesforceHost]: front.port, [hubspotHost]: front.port });
  project.write({
    "connections.yaml": `version: 1
connections:
  salesforce:
    type: salesforce
    login_url: https://${salesforceHost}
    auth: { client_credentials: { client_id: "\${SF_CLIENT_ID}", client_secret: "\${SF_CLIENT_SECRET}" } }
    ca_file: ca.pem
  hubspot: { type: hubspot, auth: { token: "\${HUBSPOT_TOKEN}" }, ca_file: "\${CA}" }
  drop: { type: file, path: ./inbox }
`,
  });
  Object.assign(project.env, {
    SF_CLIENT_ID: "sandbox",
    SF_CLIENT_SECRET: "sandbox",
    HUBSPOT_TOKEN: "pat-sandbox-loadline",
    CA: "ca.pem",
    HTTPS_PROXY: proxy.origin,
  });
  return {
    sandbox,
    project,
    proxy,
    async [Symbol.asyncDispose]() {
      await project[Symbol.asyncDispose]();
      await proxy[Symbol.asyncDispose]();
      await front[Symbol.asyncDispose]();
      await sandbox[Symbol.asyncDispose]();
    },
  };
}

test("a load goes through the proxy by every door, with a private authority of ca_file, and none goes around it", async () => {
  await using place = await open();
  const { project, proxy, sandbox } = place;
  project.env["HTTPS_PROXY"] = `http://etl%40corp:pass%3Aword7@127.0.0.1:${proxy.port}`;
  // Sign-in and describe are jsforce's, schemas and properties the SDK's of HubSpot, the rest is our own.
  for (const job of ["sf.yaml", "hub.yaml"]) {
    const run = await project.run("run", job, "--json", "--verbose");
    expect(run.code, run.stderr).toBe(0);
    expect(run.summary().streams["contacts"]?.loaded).toBe(2);
    expect(run.stdout + run.stderr).not.toMatch(/pass%3Aword7|pass:word7/);
  }
  expect(await sandbox.dump("Contact")).toHaveLength(2);
  expect(new Set(proxy.asked)).toEqual(new Set([`CONNECT ${salesforceHost}:443`, `CONNECT ${hubspotHost}:443`]));
  const basic = `Basic ${Buffer.from("etl@corp:pass:word7").toString("base64")}`;
  expect(new Set(proxy.credentials)).toEqual(new Set([basic]));

  const told = await project.run("doctor");
  expect(told.code, told.stdout).toBe(0);
  expect(told.stdout).toContain(`HTTPS_PROXY: http://127.0.0.1:${proxy.port}`);
  expect(told.stdout).toContain("ca.pem: CN=Test CA, until");
  expect(told.stdout).not.toMatch(/word7/);
});

test("in lower case it counts first, from .env too; NO_PROXY and this machine go directly", async () => {
  await using place = await open();
  const { project, proxy, sandbox } = place;
  delete project.env["HTTPS_PROXY"];
  project.write({
    ".env": `HTTPS_PROXY=http://127.0.0.1:1\nhttps_proxy=${proxy.origin}\nHTTP_PROXY=${proxy.origin}\n`,
  });
  const through = await project.run("connections", "test", "salesforce", "--json");
  expect(through.code, through.stdout).toBe(0);
  expect(proxy.asked.length).toBeGreaterThan(0);
  const before = proxy.asked.length;
  project.env["NO_PROXY"] = ".salesforce.com";
  // Nobody on this machine knows the name.
  const around = await project.run("connections", "test", "salesforce");
  expect(around.code).toBe(75);
  expect(around.stderr).toContain(salesforceHost);
  expect(around.stderr).not.toContain("the proxy");
  // The sandbox is on loopback.
  project.write({
    "connections.yaml": `version: 1\nconnections:\n  salesforce: { type: salesforce, login_url: "${sandbox.origin}", auth: { access_token: "\${TOKEN}" } }\n`,
  });
  project.env["TOKEN"] = "00Dsandbox0000001!loadline";
  expect((await project.run("connections", "test")).code).toBe(0);
  expect(proxy.asked).toHaveLength(before);
});

test("what a proxy refuses is told as the proxy's", async () => {
  await using place = await open();
  const { project, proxy } = place;
  const attempt = () => project.run("connections", "test", "salesforce");
  const name = `the proxy ${proxy.origin} (HTTPS_PROXY)`;
  proxy.refuse(407);
  const unknown = await attempt();
  expect(unknown.code).toBe(8);
  expect(unknown.stderr).toContain(`${name} answered 407: it wants a user and a password`);
  proxy.refuse(403);
  const forbidden = await attempt();
  expect(forbidden.code).toBe(8);
  expect(forbidden.stderr).toContain(`${name} answered 403: it does not let this machine through`);
  for (const refused of [unknown, forbidden]) expect(refused.stderr).not.toMatch(/Salesforce refuses/);
});

test.each([
  ["socks5://127.0.0.1:1080", "HTTPS_PROXY holds no proxy for HTTP"],
  ["127.0.0.1:3128", "HTTPS_PROXY holds no proxy for HTTP"],
  ["http://127.0.0.1:3128/path", "HTTPS_PROXY holds no proxy for HTTP"],
])("%s is refused by name: Node would pass it over", async (proxy, why) => {
  await using project = createProject({
    "connections.yaml": `version: 1\nconnections:\n  hub: { type: hubspot, auth: { token: "\${HUBSPOT_TOKEN}" } }\n`,
  });
  Object.assign(project.env, { HTTPS_PROXY: proxy, HUBSPOT_TOKEN: "pat-sandbox-loadline" });
  const refused = await project.run("connections", "test");
  expect(refused.code).toBe(2);
  expect(refused.stderr).toContain(why);
});

test("a certificate of an unknown authority is refused by name, and NODE_EXTRA_CA_CERTS knows it", async () => {
  await using place = await open();
  const { project } = place;
  project.write({ "connections.yaml": project.read("connections.yaml").replace("    ca_file: ca.pem\n", "") });
  const attempt = (env = {}) =>
    project.start(["connections", "test", "salesforce"], { env: { ...project.env, ...env } }).finished;
  const refused = await attempt();
  expect(refused.code).toBe(1);
  expect(refused.stderr).toContain(`the certificate of ${salesforceHost} is not trusted`);
  expect(refused.stderr).toContain("ca_file");
  const known = await attempt({ NODE_EXTRA_CA_CERTS: project.path("ca.pem") });
  expect(known.code, known.stderr).toBe(0);

  const written = project.read("connections.yaml");
  for (const [file, content, why] of [
    ["none.pem", undefined, "the file of certificates can't be read"],
    ["notes.pem", "no certificate\n", "the file has no certificate"],
    [
      "cut.pem",
      readFileSync(project.path("ca.pem"), "utf8").replace(/\n.{20}/, "\n"),
      "a certificate in the file can't be read",
    ],
  ] as const) {
    if (content !== undefined) project.write({ [file]: content });
    project.write({ "connections.yaml": written.replace(/(login_url: .*\n)/, `$1    ca_file: ${file}\n`) });
    const broken = await project.run("connections", "test", "salesforce");
    expect(broken.code, file).toBe(2);
    expect(broken.stderr).toContain(why);
  }
});
