import { createHash } from "node:crypto";
import { mkdirSync, readdirSync, readFileSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test, vi } from "vitest";
import { createProject, type Project } from "../support/rig.ts";
import { hasSshd, type Sshd, startSshd } from "../support/sshd.ts";
import { connectionsFile, manyBytes, startVendor, type Vendor } from "./support.ts";

const { csv: rows } = manyBytes(18);

function uploadJob(target = ""): string {
  return `version: 1
name: send
streams:
  people:
    source: { connection: out, files: "*.csv" }
    target: { connection: vendor, files: people.csv${target} }
    map: { id: id, last: last }
`;
}

/** The batch that was sent, from the run folder. */
function sentBy(project: Project): Buffer {
  return readFileSync(join(project.runFolders().at(-1) ?? "", "batches/people-00001.csv"));
}

const isSame = (vendor: Vendor) => readFileSync(join(vendor.folder, "people.csv")).equals(sentBy(vendor.project));

test("a file takes the place of the one before in one step, with a manifest and then a done file beside it", async () => {
  const beside = ", done_file: '{name}.done', manifest: '{stem}.manifest.csv'";
  await using vendor = await startVendor({ "job.yaml": uploadJob(beside), "out/a.csv": "id,last\n1,Ä\n" });
  vendor.put({ "people.csv": "old" });
  expect((await vendor.project.run("run", "job.yaml")).code).toBe(0);
  const text = "id,last\n1,Ä\n";
  expect(vendor.list()).toEqual(["people.csv", "people.csv.done", "people.manifest.csv"]);
  expect(vendor.read("people.csv")).toBe(text);
  const sha256 = createHash("sha256").update(text).digest("hex");
  expect(vendor.read("people.manifest.csv")).toBe(`name,rows,bytes,sha256\npeople.csv,1,13,${sha256}\n`);
  expect(vendor.read("people.csv.done")).toBe("");
});

test("an upload goes on after each break of the connection; its answer may be lost too", async () => {
  await using vendor = await startVendor({ "job.yaml": uploadJob(), "out/a.csv": rows });
  await vendor.sandbox.setFaults([
    { match: "WRITE /.people.csv.*", nth: [150, 151, 400], do: { reset: "after" } },
    { match: "EXTENDED /.people.csv.*", nth: [2], do: { reset: "after" } },
  ]);
  expect((await vendor.project.run("run", "job.yaml")).code).toBe(0);
  expect([vendor.list(), isSame(vendor)]).toEqual([["people.csv"], true]);
});

test("a server that is killed in the middle of an upload is waited for", async () => {
  await using vendor = await startVendor({ "job.yaml": uploadJob(), "out/a.csv": rows }, { killable: true });
  await vendor.sandbox.setFaults([{ match: "WRITE /.people.csv.*", nth: [400], do: { delay_ms: 300_000 } }]);
  const running = vendor.project.start(["run", "job.yaml"]);
  await vi.waitUntil(() => bytesOfTemporary(vendor) > 10_000_000, { timeout: 60_000 });
  await vendor.restart();
  expect((await running.finished).code).toBe(0);
  expect([vendor.list(), isSame(vendor)]).toEqual([["people.csv"], true]);
});

function bytesOfTemporary(vendor: Vendor): number {
  const name = vendor.list().find((listed) => listed.startsWith(".people.csv."));
  return name === undefined ? 0 : statSync(join(vendor.folder, name)).size;
}

test("what a killed run has sent is compared and gone on with; bytes that were lost on the server are sent again", async () => {
  await using vendor = await startVendor({ "job.yaml": uploadJob(), "out/a.csv": rows });
  vendor.put({ "people.csv": "old" });
  const killed = await vendor.project.start(["run", "job.yaml"], { env: { LOADLINE_FAILPOINT: "sent:12" } }).finished;
  expect(killed.signal).toBe("SIGKILL");
  expect(vendor.read("people.csv")).toBe("old");
  const [temporary = ""] = vendor.list().filter((name) => name.startsWith(".people.csv."));
  const sent = readFileSync(join(vendor.folder, temporary));
  expect(sent.length).toBeGreaterThan(10_000_000);
  // As after a power cut: the length is there, bytes are not.
  writeFileSync(join(vendor.folder, temporary), sent.fill(0, sent.length - 500_000));
  expect((await vendor.project.run("resume")).code).toBe(0);
  expect([vendor.list(), isSame(vendor)]).toEqual([["people.csv"], true]);
});

test("a run that is killed at step after step of its sending ends with one whole file and its done file", async () => {
  await using vendor = await startVendor({
    "job.yaml": uploadJob(", done_file: '{name}.done'"),
    "out/a.csv": "id,last\n1,a\n",
  });
  vendor.put({ "people.csv": "old" });
  for (const [command, place] of [
    [["run", "job.yaml"], "uploaded:1"],
    [["resume"], "committed:1"],
    [["resume"], "closed:1"],
  ] as const) {
    const killed = await vendor.project.start(command, { env: { LOADLINE_FAILPOINT: place } }).finished;
    expect([place, killed.signal]).toEqual([place, "SIGKILL"]);
  }
  expect((await vendor.project.run("resume")).code).toBe(0);
  expect([vendor.list(), vendor.read("people.csv")]).toEqual([["people.csv", "people.csv.done"], "id,last\n1,a\n"]);
});

test("a folder that may not be written is exit code 8", async () => {
  await using vendor = await startVendor({ "job.yaml": uploadJob(), "out/a.csv": "id,last\n1,a\n" });
  await vendor.sandbox.setFaults([{ match: "OPEN /.people.csv.*", do: { sftpStatus: 3 } }]);
  const refused = await vendor.project.run("run", "job.yaml");
  expect([refused.code, refused.stderr]).toEqual([8, expect.stringContaining("the user may not write")]);
});

describe.skipIf(!hasSshd)("OpenSSH's server", () => {
  let server: Sshd;
  beforeAll(async () => {
    server = await startSshd();
  });
  afterAll(() => server[Symbol.asyncDispose]());

  test("gets a file in one step, and once more after it was killed in the middle of the upload", async () => {
    mkdirSync(join(server.folder, "in"));
    writeFileSync(join(server.folder, "in/people.csv"), "old");
    const url = server.url("in");
    await using project = createProject({
      "connections.yaml": connectionsFile(
        `{ type: sftp, url: "${url}", auth: { private_key_file: ${server.key} }, host_key: "${server.hostKey}" }`,
      ),
      "job.yaml": uploadJob(),
      "out/a.csv": rows,
    });
    const temporary = () => readdirSync(join(server.folder, "in")).find((name) => name.startsWith("."));
    const running = project.start(["run", "job.yaml"]);
    await vi.waitUntil(() => temporary() !== undefined, { timeout: 60_000, interval: 1 });
    await server.kill();
    await server.start();
    expect((await running.finished).code).toBe(0);
    expect(temporary()).toBeUndefined();
    expect(readFileSync(join(server.folder, "in/people.csv")).equals(sentBy(project))).toBe(true);
  });
});
