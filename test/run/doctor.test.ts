// loadline doctor: each thing that can be wrong is found, named, and told with what to do.

import { chmodSync, existsSync, mkdirSync, type statfsSync } from "node:fs";
import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { basename } from "node:path";
import { expect, test } from "vitest";
import { openSqlite } from "../../src/core/sqlite.ts";
import { judgeSkew } from "../../src/pipeline/tools/doctor/connections.ts";
import { lookAtDisk, lookAtNode } from "../../src/pipeline/tools/doctor/machine.ts";
import { createProject, type Project } from "../support/rig.ts";
import { contactsJob, rehearse } from "./support.ts";

interface Told {
  checks: { check: string; state: string; what: string; next?: string }[];
  exitCode: number;
}

async function examine(project: Project, ...flags: string[]): Promise<Told & { code: number | null }> {
  const { stdout, stderr, code } = await project.run("doctor", "--json", ...flags);
  expect(stderr).toBe("");
  const told = JSON.parse(stdout) as Told;
  expect(told.exitCode).toBe(code);
  return { ...told, code };
}

const of = (told: Told, check: string) => told.checks.filter((finding) => finding.check === check);

test("of a healthy project nothing is wrong; with what was left, broken and opened each is told", async () => {
  await using place = await rehearse(contactsJob(), { "inbox/contacts.csv": "id,last,email\nA,Ann,a@mail.example\n" });
  const { project } = place;
  await project.run("run", "job.yaml");
  const healthy = await examine(project);
  expect(healthy.code, JSON.stringify(healthy.checks)).toBe(0);
  expect(healthy.checks.filter(({ state }) => state === "wrong")).toEqual([]);
  expect(of(healthy, "connection salesforce")[0]?.what).toContain("signed in, org 00Dsandbox00000");
  expect(of(healthy, "clock salesforce")[0]?.state).toBe("ok");
  expect(of(healthy, "clock hubspot")[0]?.state).toBe("ok");
  expect(of(healthy, "locks")[0]?.what).toContain("none is held");
  expect(of(healthy, "ledger")[0]?.what).toMatch(/^1 run, \d+ transactions: every row/);

  await project.start(["run", "job.yaml"], { env: { LOADLINE_FAILPOINT: "staged:1" } }).finished;
  await project.start(["run", "job.yaml"], { env: { LOADLINE_FAILPOINT: "*:6" } }).finished;
  mkdirSync(project.path(".loadline/import"), { mode: 0o700 });
  chmodSync(project.path(".loadline/runs"), 0o755);
  project.write({ ".env": "SF_CLIENT_SECRET=x\n" });
  await place.sandbox.advance(600_000);
  const told = await examine(project);
  expect(told.code).toBe(1);
  expect(of(told, "clock salesforce")[0]).toMatchObject({
    state: "wrong",
    what: expect.stringMatching(/(599|600|601) s behind the system's/),
  });
  expect(of(told, "runs")[0]).toMatchObject({ state: "warning", next: expect.stringContaining("loadline resume") });
  expect(of(told, "runs")[0]?.what).toContain(basename(project.runFolders().at(-1) ?? ""));
  expect(of(told, "state")[0]?.what).toContain(".loadline/import");
  expect(of(told, "permissions").map(({ what }) => what)).toEqual([
    ".env can be read by others",
    ".loadline/runs can be read by others",
  ]);

  const database = openSqlite(project.path(".loadline/ledger.db"), { synchronous: "OFF" });
  database.exec("UPDATE runs SET exit_code = 7");
  database.close();
  const damaged = await examine(project, "--offline");
  expect(damaged.code).toBe(1);
  expect(of(damaged, "ledger")[0]).toMatchObject({
    state: "wrong",
    what: expect.stringContaining("the ledger is damaged: runs"),
    next: expect.stringContaining("restore ledger.db"),
  });
});

test("variables and folders that are not there are named, and no system is asked for the others' sake", async () => {
  await using project = createProject({
    "connections.yaml": `version: 1
connections:
  sf: { type: salesforce, login_url: "https://acme.my.salesforce.com", auth: { jwt: { client_id: "\${ID}", username: a, key_file: k } } }
  hub: { type: hubspot, auth: { token: "\${HUB:?ask the admin}" } }
  drop: { type: file, path: ./none }
  closed: { type: hubspot, base_url: "http://127.0.0.1:1", auth: { token: "\${GIVEN}" } }
`,
  });
  project.env["GIVEN"] = "pat-given-token";
  const told = await examine(project, "--offline");
  expect(told.code).toBe(1);
  expect(of(told, "connection sf")[0]?.what).toBe("the variable ID is not set");
  expect(of(told, "connection hub")[0]?.what).toBe("the variable HUB is not set");
  expect(of(told, "connection drop")[0]?.next).toBe("mkdir -p none");
  expect(of(told, "connection closed")[0]).toMatchObject({ state: "ok" });
  const text = (await project.run("doctor", "--offline")).stdout;
  expect(text).toContain("✗ wrong   connection sf: the variable ID is not set");
  expect(text).toContain("3 things wrong");
  expect(JSON.stringify(told)).not.toContain("pat-given-token");
  // And nothing was made by looking.
  expect(existsSync(project.path(".loadline"))).toBe(false);
});

test("without connections.yaml the machine is looked at; one that is no YAML is told", async () => {
  await using project = createProject({});
  const told = await examine(project);
  expect(told.code).toBe(0);
  expect(of(told, "connections")[0]).toMatchObject({
    state: "warning",
    next: expect.stringContaining("loadline init"),
  });
  project.write({ "connections.yaml": "version: 1\nconnections: [" });
  const broken = await examine(project);
  expect(broken.code).toBe(1);
  expect(of(broken, "connections")[0]?.state).toBe("wrong");
});

test("who holds a lock is named", async () => {
  await using place = await rehearse(contactsJob(), { "inbox/contacts.csv": "id,last,email\nA,Ann,a@mail.example\n" });
  const { project } = place;
  await using silent = await startSilent();
  project.write({ "connections.yaml": project.read("connections.yaml").replace(place.sandbox.origin, silent.origin) });
  const running = project.start(["run", "job.yaml"]);
  await silent.met;
  const told = await examine(project, "--offline");
  expect(of(told, "locks")[0]?.what).toMatch(
    new RegExp(`^job-contacts is held by process ${running.child.pid} of \\w+ on \\S+, since \\d`),
  );
  await running.kill("SIGKILL");
});

/** A server that never answers. */
async function startSilent(): Promise<{ origin: string; met: Promise<void> } & AsyncDisposable> {
  let meet: () => void = () => undefined;
  const met = new Promise<void>((resolve) => {
    meet = resolve;
  });
  const server: Server = createServer(() => meet());
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  return {
    origin: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    met,
    async [Symbol.asyncDispose]() {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

test.each([
  [0x6969, 50e9, "wrong", "NFS: SQLite's locks"],
  [0xfe534d42, 50e9, "wrong", "SMB: SQLite's locks"],
  [0x794c7630, 50e9, "warning", "overlay: what is there goes with the container"],
  [0x01021994, 50e9, "warning", "tmpfs: what is there goes"],
  [0x65735546, 50e9, "warning", "FUSE: whether locks hold"],
  [0xef53, 50e9, "ok", "a local one"],
  [0xef53, 1e9, "warning", "1000 MB free"],
  [0xef53, 1e7, "wrong", "10 MB free"],
])("a file system of type %i with %i bytes free is %s: %s", (type, free, state, what) => {
  const statfs = (() => ({ bavail: free, bsize: 1, type })) as unknown as typeof statfsSync;
  expect(lookAtDisk("/x", statfs)).toContainEqual(
    expect.objectContaining({ state, what: expect.stringContaining(what) }),
  );
});

test("an old Node and a clock that is off are told by how much", () => {
  expect(lookAtNode("22.11.0")).toMatchObject({ state: "wrong", next: expect.stringContaining("node@24") });
  expect(judgeSkew("sf", 20_000).state).toBe("ok");
  expect(judgeSkew("sf", 45_000)).toMatchObject({ state: "warning", what: expect.stringContaining("45 s ahead of") });
  expect(judgeSkew("sf", -200_000)).toMatchObject({ state: "wrong", what: expect.stringContaining("200 s behind") });
});
