// biome-ignore-all lint/suspicious/noTemplateCurlyInString: references of connections.yaml are written so

import { dirname, join } from "node:path";
import { inspect } from "node:util";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import type { FileConnection } from "../../src/connectors/file/connection.ts";
import type { HubSpotConnection } from "../../src/connectors/hubspot/connection.ts";
import { connectors } from "../../src/connectors/registry.ts";
import type { SalesforceConnection } from "../../src/connectors/salesforce/connection.ts";
import type { SftpConnection } from "../../src/connectors/sftp/connection.ts";
import { Failure } from "../../src/core/errors.ts";
import { redactSecrets } from "../../src/core/secret.ts";
import { checkConnections } from "../../src/job/check-connections.ts";
import { readConnections } from "../../src/job/read-connections.ts";
import { connections, contactsJob } from "./examples.ts";
import { jobText, messageOf, readJobText, refusalOfConnections, writeFile } from "./rig.ts";

const read = (text: string, environment = {}) =>
  readConnections(writeFile("connections.yaml", text), connectors, environment) as Map<string, Known>;

type Known = SalesforceConnection | HubSpotConnection | SftpConnection | FileConnection;

function salesforce(found: Map<string, Known>, name: string) {
  const connection = found.get(name);
  if (connection?.type !== "salesforce") throw new Error(`${name} is no Salesforce connection`);
  return connection;
}

/** connections.yaml with one Salesforce connection. */
const withAuth = (auth: string, more = "") => `version: 1
connections:
  sf: { type: salesforce, login_url: "https://a.example", auth: { ${auth} }${more} }
`;

describe("connections.yaml", () => {
  test("is read without a variable being set", () => {
    const found = read(connections);
    expect([...found.keys()]).toEqual([
      "salesforce",
      "token",
      "app",
      "refresh",
      "legacy",
      "drop",
      "vendor",
      "hubspot",
      "portal",
    ]);
    const { name, type, apiVersion, place, ...rest } = salesforce(found, "salesforce");
    expect({ name, type, apiVersion }).toEqual({ name: "salesforce", type: "salesforce", apiVersion: "66.0" });
    expect(rest.protected).toBe(true);
    expect(place).toMatchObject({ line: 3, column: 3 });
    expect(salesforce(found, "token").protected).toBe(false);
    const kinds = ["salesforce", "token", "app", "refresh", "legacy"].map((one) => salesforce(found, one).auth.kind);
    expect(kinds).toEqual(["jwt", "access_token", "client_credentials", "refresh_token", "password"]);
  });

  test("reads the address of an SFTP server, and says what is wrong with one", () => {
    const vendor = read(connections).get("vendor");
    const address = { user: "acme", host: "files.vendor.example", port: 22, folder: "/out" };
    expect(vendor?.type === "sftp" && vendor.address).toEqual(address);
    const refusal = (url: string) =>
      refusalOfConnections(`version: 1\nconnections: { a: { type: sftp, url: "${url}", auth: { agent: true } } }\n`);
    expect(refusal("sftp://files.example")).toContain("the URL names no user");
    expect(refusal("ftp://a@files.example")).toContain("expected sftp://user@host:port");
    expect(refusal("sftp://a:hunter22@files.example")).not.toContain("hunter22");
    const unset = read(connections.replace("files.vendor.example", `\${SFTP_HOST}`)).get("vendor");
    expect(() => unset?.type === "sftp" && unset.address).toThrow("SFTP_HOST");
  });

  test("resolves credentials when asked, with the environment it is given then", () => {
    writeFile("secret.txt", "from the file\n");
    const found = read(connections);
    const { auth } = salesforce(found, "salesforce");
    if (auth.kind !== "jwt") throw new Error("no jwt");
    expect(auth.clientId.resolve({ SF_CLIENT_ID: "one" }).reveal()).toBe("one");
    expect(auth.clientId.resolve({ SF_CLIENT_ID: "two" }).reveal()).toBe("two");
    expect(auth.username.resolve({}).reveal()).toBe("etl@acme.com");
    const app = salesforce(found, "app").auth;
    if (app.kind !== "client_credentials") throw new Error("no client credentials");
    expect(app.clientSecret.resolve({}).reveal()).toBe("from the file");
  });

  test("takes paths relative to its own folder", () => {
    const found = read(connections);
    const folder = dirname(writeFile("x", ""));
    const drop = found.get("drop");
    expect(drop?.type === "file" && drop.path).toBe(join(folder, "inbox"));
    const other = read(connections, { FOLDER: "/elsewhere" }).get("drop");
    expect(other?.type === "file" && other.path).toBe(join(folder, "elsewhere"));
    const { auth } = salesforce(found, "salesforce");
    expect(auth.kind === "jwt" && auth.keyFile.resolve({ SF_KEY_FILE: "sf.pem" }).reveal()).toBe(
      join(folder, "sf.pem"),
    );
    expect(auth.kind === "jwt" && auth.keyFile.resolve({ SF_KEY_FILE: "/k/sf.pem" }).reveal()).toBe("/k/sf.pem");
  });

  test("names the variable that is not set, its place and what to do", () => {
    const { auth } = salesforce(read(connections), "salesforce");
    for (const environment of [{}, { SF_CLIENT_ID: "" }, Object.create({ SF_CLIENT_ID: "inherited" })]) {
      try {
        if (auth.kind === "jwt") auth.clientId.resolve(environment);
        expect.unreachable();
      } catch (error) {
        if (!(error instanceof Failure)) throw error;
        expect(error.message).toMatch(/^the variable SF_CLIENT_ID is (not set|empty)$/);
        expect(error.where).toMatchObject({ line: 4, column: 43 });
        expect(error.next).toContain("set SF_CLIENT_ID");
      }
    }
  });

  test.each([
    ["http://a.example", "login_url must be https"],
    ["ftp://127.0.0.1", "login_url must be https"],
    ["http://localhost.evil.example", "login_url must be https"],
    ["http://127.0.0.1.evil.example", "login_url must be https"],
    ["http://10.0.0.1", "login_url must be https"],
    ["a.example", "login_url is not a URL"],
    ["https://a.example/path", "login_url must not have a path"],
    ["https://user@a.example", "login_url holds a user name or password"],
    ["https://acme.lightning.force.com", "login_url is the host of Salesforce's pages"],
    ["https://login.salesforce.com", "with access_token, login_url is the org's instance or My Domain"],
  ])("refuses the login_url %s, written or referred to", (url, message) => {
    const written = withAuth('access_token: "${T}"').replace("https://a.example", url);
    expect(refusalOfConnections(written)).toContain(message);
    const referring = withAuth('access_token: "${T}"').replace("https://a.example", "${URL}");
    const connection = salesforce(read(referring, { URL: url }), "sf");
    expect(messageOf(() => connection.loginUrl)).toContain(message);
  });

  test("takes Salesforce's shared hosts only for the flows that work there", () => {
    const at = (auth: string) => withAuth(auth).replace("https://a.example", "https://test.salesforce.com");
    const app = 'client_credentials: { client_id: a, client_secret: "${S}" }';
    expect(refusalOfConnections(at(app))).toContain("with client_credentials, login_url is the org's My Domain");
    const jwt = "jwt: { client_id: a, username: b, key_file: k }";
    expect(salesforce(read(at(jwt)), "sf").loginUrl).toBe("https://test.salesforce.com");
  });

  test.each([
    ["https://a.example/", "https://a.example"],
    ["http://127.0.0.1:8025", "http://127.0.0.1:8025"],
    ["http://127.9.9.9", "http://127.9.9.9"],
    ["http://localhost:1", "http://localhost:1"],
    ["http://[::1]:1/", "http://[::1]:1"],
  ])("accepts the login_url %s", (url, origin) => {
    const written = withAuth('access_token: "${T}"').replace("https://a.example", url);
    expect(salesforce(read(written), "sf").loginUrl).toBe(origin);
  });

  test.each([
    ["access_token: abc", "a literal secret"],
    ["access_token: 12345", "expected text, got a number"],
    ['access_token: "${T:-abc}"', "a literal secret"],
    ['client_credentials: { client_id: a, client_secret: "x" }', "a literal secret"],
    ["jwt: { client_id: a, username: b, key_file: '-----BEGIN PRIVATE KEY-----' }", "a literal secret"],
    ["jwt: { client_id: 00D000000000001!AQ, username: b, key_file: c }", "a literal secret"],
    ['access_token: "${T}", jwt: { client_id: a, username: b, key_file: c }', "expected one of access_token, jwt"],
    ["", "expected one of access_token, jwt"],
    ['access_token: "${T"', "a reference ${… is not closed"],
    ['access_token: "${1T}"', "a reference is ${NAME}"],
    ['access_token: "${file:}"', "a reference is ${NAME}"],
    ["jwt: { client_id: a, username: b }", '"key_file" is missing'],
    ['acces_token: "${T}"', 'did you mean "access_token"?'],
  ])("refuses auth: { %s }", (auth, message) => {
    expect(refusalOfConnections(withAuth(auth))).toContain(message);
  });

  test.each([
    ["api_version: 66.0", 'write it in quotes, "66.0"'],
    ['api_version: "v66"', 'expected a version such as "66.0"'],
    ["protected: yes", "expected true or false, got text"],
  ])("refuses %s", (more, message) => {
    expect(refusalOfConnections(withAuth('access_token: "${T}"', `, ${more}`))).toContain(message);
  });

  test("tells a typo in a type", () => {
    expect(refusalOfConnections("version: 1\nconnections: { a: { type: salesfroce } }\n")).toContain(
      'did you mean "salesforce"?',
    );
    expect(refusalOfConnections("version: 1\nconnections: { a: { path: x } }\n")).toContain('"type" is missing');
  });
});

describe("a credential", () => {
  test("cannot be printed", () => {
    const { auth } = salesforce(read(connections), "token");
    if (auth.kind !== "access_token") throw new Error("no token");
    const secret = auth.token.resolve({ SF_TOKEN: "canary-7f3a" });
    expect(`${secret} ${JSON.stringify({ secret })} ${inspect(secret)} ${inspect(auth, { depth: 9 })}`).not.toContain(
      "canary",
    );
    expect(redactSecrets("token canary-7f3a")).not.toContain("canary");
  });

  test("is hidden in text, but what is written in the file and a key's path are not", () => {
    const { auth } = salesforce(read(connections), "salesforce");
    if (auth.kind !== "jwt") throw new Error("no jwt");
    auth.username.resolve({});
    auth.keyFile.resolve({ SF_KEY_FILE: "/keys/visible.pem" });
    expect(redactSecrets("etl@acme.com /keys/visible.pem")).toBe("etl@acme.com /keys/visible.pem");
  });

  test("written into the file by mistake is shown by no message about it", () => {
    const mistakes = [
      "access_token: canary7",
      "acces_token: canary7",
      "access_token: { a: canary7 }",
      "access_token: canary7: x",
      "access_token: 'canary7' y",
      'access_token: "canary7',
      'access_token: "\\canary7"',
      "access_token: !canary7 x",
      "access_token: *canary7",
      "access_token: @canary7",
      "access_token: |canary7",
      'access_token: "${T:-canary7}"',
      "password: { username: a, password: canary7, x: 1 }",
      "client_credentials: [canary7]",
      'client_credentials: { client_id: "${A}", client_secret:" canary7=!" }',
    ];
    for (const mistake of mistakes) expect(refusalOfConnections(withAuth(mistake))).not.toContain("canary");
    const block = `version: 1
connections:
  sf:
    type: salesforce
    # canary7
    auth:
      access_token: canary7 # canary7
      client_secret: >
        canary7
`;
    expect(refusalOfConnections(block)).not.toContain("canary");
  });

  test("is shown by no message, whatever is broken around it", () => {
    const edit = fc.record({ at: fc.nat(300), part: fc.string({ unit: fc.constantFrom(..."{}[]:,'\"\n |-?") }) });
    fc.assert(
      fc.property(fc.array(edit, { maxLength: 3 }), (edits) => {
        const whole = withAuth('client_credentials: { client_id: "${A}", client_secret: ca!nary=7 }');
        const text = edits.reduce((before, { at, part }) => {
          // The credential itself stays whole: a piece of it is not recognisable in a message.
          const start = Math.min(at, before.length);
          const inside = start > before.indexOf("ca!nary=7") && start < before.indexOf("ca!nary=7") + 9;
          return inside ? before : before.slice(0, start) + part + before.slice(start);
        }, whole);
        try {
          read(text);
        } catch (error) {
          if (!(error instanceof Failure)) throw error;
          expect(error.message).not.toContain("ca!nary=7");
        }
      }),
      { numRuns: 500 },
    );
  });
});

describe("the connections of a job", () => {
  test("are accepted when they exist", () => {
    expect(() => checkConnections(readJobText(contactsJob), read(connections))).not.toThrow();
  });

  test("that do not exist are told once where they are written, with a did-you-mean", () => {
    const job = readJobText(
      contactsJob.replace("{ target: { connection: salesforce,", "{ target: { connection: salesfroce,"),
    );
    expect(
      messageOf(() => checkConnections(job, read(connections))),
    ).toBe(`job.yaml:6:35: there is no connection "salesfroce" in connections.yaml
  6 | defaults: { target: { connection: salesfroce, mode: upsert, batch: { rows: 200 } } }
    |                                   ~~~~~~~~~~ did you mean "salesforce"?`);
    const far = readJobText(jobText().replace("connection: drop", "connection: zzz"));
    expect(messageOf(() => checkConnections(far, read(connections)))).toContain(
      "next: connections there: salesforce, token, app, refresh, legacy, drop",
    );
  });

  test("must hold what the stream takes or writes: files or objects", () => {
    const turned = readJobText(
      jobText().replace("connection: drop", "connection: token").replace("connection: salesforce", "connection: drop"),
    );
    const message = messageOf(() => checkConnections(turned, read(connections)));
    expect(message).toContain("token is of type salesforce: it wants `source.object`, not `source.files`");
    expect(message).toContain("drop is of type file: it wants `target.files`, not `target.object`");
  });
});
