import {
  appendFileSync,
  existsSync,
  mkdirSync,
  openSync,
  readdirSync,
  readFileSync,
  statSync,
  symlinkSync,
  utimesSync,
  writeFileSync,
  writeSync,
} from "node:fs";
import { join } from "node:path";
import { gzipSync } from "node:zlib";
import { afterAll, beforeAll, describe, expect, test, vi } from "vitest";
import { createProject, type Project } from "../support/rig.ts";
import { hasSshd, type Sshd, startSshd } from "../support/sshd.ts";
import { connectionsFile, copyJob, manyBytes, startVendor } from "./support.ts";

/** More than twice what is brought to the disk at a time, and 900 answers long. */
const { csv: big, rows: bigRows } = manyBytes(36);
/** More than that once, and 700 answers long. */
const { csv: long, rows: longRows } = manyBytes(24);

/** Whether the run has exactly these bytes. Compared here: the difference of texts so long would take minutes to be told. */
function hasArrived(project: Project, csv: string): boolean {
  return readFileSync(inRun(project, "part-00001.csv"), "utf8") === csv;
}

function inRun(project: Project, name: string): string {
  return join(project.runFolders().at(-1) ?? "", "extract/people", name);
}

test("globs, folders below, gzip and links inside the folder; hidden files and others are left alone", async () => {
  await using vendor = await startVendor({ "job.yaml": copyJob({ files: "in/**/*.csv*" }) });
  vendor.put({
    "in/a.csv": "id,last\n1,Ä\n",
    "in/deep/er/b.csv.gz": gzipSync("id,last\n2,b\n"),
    "in/.hidden.csv": "id,last\n8,no\n",
    "in/c.txt": "no",
    "elsewhere.csv": "id,last\n3,c\n",
  });
  symlinkSync("../elsewhere.csv", join(vendor.folder, "in/link.csv"));
  const run = await vendor.project.run("run", "job.yaml", "--json");
  expect(run.summary().streams["people"]).toMatchObject({ extracted: 3, loaded: 3 });
  expect(vendor.project.read("out/people.csv")).toBe("Id,Name\n1,Ä\n2,b\n3,c\n");
});

test("a link out of the folder is refused by name, as is a glob that leads out", async () => {
  await using vendor = await startVendor({ "job.yaml": copyJob() });
  vendor.put({ "in/a.csv": "id,last\n1,a\n", "secret.csv": "id,last\n9,secret\n" });
  symlinkSync("../secret.csv", join(vendor.folder, "in/link.csv"));
  const inFolder = vendor.project.read("connections.yaml").replace(/(url: "[^"]+)"/, '$1/in"');
  vendor.project.write({ "connections.yaml": inFolder, "job.yaml": copyJob({ files: "*.csv" }) });
  const refused = await vendor.project.run("run", "job.yaml");
  expect([refused.code, refused.stderr]).toEqual([1, expect.stringContaining("link.csv leads out of /in")]);
  vendor.project.write({ "job.yaml": copyJob({ files: "../secret.csv" }) });
  const written = await vendor.project.run("check", "job.yaml");
  expect([written.code, written.stderr]).toEqual([2, expect.stringContaining("leads out of the connection's folder")]);
});

test("what the user may not read is exit code 8 and says which file", async () => {
  await using vendor = await startVendor({ "job.yaml": copyJob() });
  vendor.put({ "in/a.csv": "id,last\n1,a\n" });
  await vendor.sandbox.setFaults([{ match: "OPEN /in/a.csv", do: { sftpStatus: 3 } }]);
  const refused = await vendor.project.run("run", "job.yaml");
  expect([refused.code, refused.stderr]).toEqual([8, expect.stringContaining("the user may not read in/a.csv")]);
});

test("a download goes on after each break of the connection, and is whole", async () => {
  await using vendor = await startVendor({ "job.yaml": copyJob({ files: "in/*.csv*" }) });
  vendor.put({ "in/big.csv": long, "in/small.csv.gz": gzipSync("id,last\nx,y\n") });
  await vendor.sandbox.setFaults([{ match: "READ /in/big.csv", nth: [100, 400, 401, 700], do: { reset: "before" } }]);
  const run = await vendor.project.run("run", "job.yaml", "--json");
  expect([run.code, run.summary().streams["people"]?.loaded]).toEqual([0, longRows + 1]);
  expect(hasArrived(vendor.project, long)).toBe(true);
});

test("a server that is killed in the middle is waited for, and a file goes on where it was", async () => {
  await using vendor = await startVendor({ "job.yaml": copyJob() }, { killable: true });
  vendor.put({ "in/big.csv": big });
  await vendor.sandbox.setFaults([{ match: "READ /in/big.csv", nth: [900], do: { delay_ms: 300_000 } }]);
  const running = vendor.project.start(["run", "job.yaml", "--json"]);
  await vi.waitUntil(() => existsSync(inRun(vendor.project, "part-00001.csv.mark")), { timeout: 60_000 });
  await vendor.restart();
  const run = await running.finished;
  expect([run.code, run.summary().streams["people"]?.loaded]).toEqual([0, bigRows]);
  expect(hasArrived(vendor.project, big)).toBe(true);
});

test("a killed run goes on with what is on its disk, and fetches no byte of that again", async () => {
  await using vendor = await startVendor({ "job.yaml": copyJob() });
  vendor.put({ "in/big.csv": big });
  const path = join(vendor.folder, "in/big.csv");
  const { atime, mtime } = statSync(path);
  const killed = await vendor.project.start(["run", "job.yaml"], { env: { LOADLINE_FAILPOINT: "marked:2" } }).finished;
  expect(killed.signal).toBe("SIGKILL");
  // Only who reads the beginning again can notice.
  writeSync(openSync(path, "r+"), "XX", 0);
  utimesSync(path, atime, mtime);
  const resumed = await vendor.project.run("resume");
  expect(resumed.code).toBe(0);
  expect(hasArrived(vendor.project, big)).toBe(true);
});

test("a run that is resumed with another file of the same name is refused", async () => {
  await using vendor = await startVendor({ "job.yaml": copyJob() });
  vendor.put({ "in/big.csv": long });
  await vendor.project.start(["run", "job.yaml"], { env: { LOADLINE_FAILPOINT: "marked:1" } }).finished;
  vendor.put({ "in/big.csv": `${long}extra,row\n` });
  const refused = await vendor.project.run("resume");
  expect([refused.code, refused.stderr]).toEqual([1, expect.stringContaining("the file changed")]);
});

test("a file that grows while it is read is refused, and nothing is written", async () => {
  await using vendor = await startVendor({ "job.yaml": copyJob() });
  vendor.put({ "in/big.csv": big });
  await vendor.sandbox.setFaults([{ match: "READ /in/big.csv", nth: [900], do: { delay_ms: 2000 } }]);
  const running = vendor.project.start(["run", "job.yaml"]);
  await vi.waitUntil(() => existsSync(inRun(vendor.project, "part-00001.csv.mark")), { timeout: 60_000 });
  appendFileSync(join(vendor.folder, "in/big.csv"), "one,more\n");
  const refused = await running.finished;
  expect([refused.code, refused.stderr]).toEqual([1, expect.stringContaining("the file changed while it was read")]);
  expect(existsSync(vendor.project.path("out/people.csv"))).toBe(false);
});

test("--sandbox rehearses with the fixtures of the connection, and moves them there only", async () => {
  const after = ", after: { move: done }, once: content_hash";
  await using project = createProject({
    "connections.yaml": connectionsFile(
      `{ type: sftp, url: "sftp://nobody@files.example.invalid/inbox", auth: { password: "\${UNSET}" } }`,
    ),
    "job.yaml": copyJob({ files: "*.csv", source: after }),
    "fixtures/sftp/vendor/a.csv": "id,last\n1,a\n",
  });
  const run = await project.run("run", "job.yaml", "--sandbox", "--json");
  expect([run.code, run.summary().streams["people"]?.loaded]).toEqual([0, 1]);
  expect(project.list("fixtures/sftp/vendor")).toEqual(["a.csv"]);
  expect(project.list(".loadline/sandbox/data/sftp/vendor")).toEqual(["done"]);
  const again = await project.run("run", "job.yaml", "--sandbox", "--json");
  expect([again.code, again.summary().streams["people"]?.extracted]).toEqual([0, 0]);
});

/** One row in each. Gives all rows. */
function writeSmallFiles(folder: string, files: number): string {
  mkdirSync(folder);
  const rows = Array.from({ length: files }, (_, index) => `${index},n${index}\n`);
  for (const [index, row] of rows.entries()) {
    writeFileSync(join(folder, `${String(index).padStart(5, "0")}.csv`), `id,last\n${row}`);
  }
  return rows.join("");
}

describe.skipIf(!hasSshd)("OpenSSH's server", () => {
  let server: Sshd;
  beforeAll(async () => {
    server = await startSshd();
  });
  afterAll(() => server[Symbol.asyncDispose]());

  const projectFor = (files: Record<string, string>) => {
    const connection = `{ type: sftp, url: "${server.url()}", auth: { private_key_file: ${server.key} }, host_key: "${server.hostKey}" }`;
    return createProject({ "connections.yaml": connectionsFile(connection), ...files });
  };

  test("is read by globs and in parallel: 120 small files, each once, in their order, and moved away", async () => {
    const rows = writeSmallFiles(join(server.folder, "many"), 120);
    await using project = projectFor({
      "job.yaml": copyJob({ files: "many/*.csv", source: ", once: content_hash, after: { move: done }" }),
    });
    const run = await project.run("run", "job.yaml", "--json");
    expect(run.summary().streams["people"], run.stderr).toMatchObject({ extracted: 120, loaded: 120 });
    expect(project.read("out/people.csv") === `Id,Name\n${rows}`).toBe(true);
    expect(readdirSync(join(server.folder, "many"))).toEqual([]);
    expect(readdirSync(join(server.folder, "done")).length).toBe(120);
  });

  test("is waited for when it is killed in the middle of a download, which then is whole", async () => {
    mkdirSync(join(server.folder, "large"));
    writeFileSync(join(server.folder, "large/big.csv"), big);
    await using project = projectFor({ "job.yaml": copyJob({ files: "large/*.csv" }) });
    const running = project.start(["run", "job.yaml", "--json"]);
    await vi.waitUntil(() => existsSync(inRun(project, "part-00001.csv.mark")), { timeout: 60_000, interval: 5 });
    await server.kill();
    await server.start();
    const run = await running.finished;
    expect([run.code, run.summary().streams["people"]?.loaded]).toEqual([0, bigRows]);
    expect(hasArrived(project, big)).toBe(true);
  });

  test("a link out of the folder is refused", async () => {
    mkdirSync(join(server.folder, "links"));
    symlinkSync("/etc/hosts", join(server.folder, "links/hosts.csv"));
    await using project = projectFor({ "job.yaml": copyJob({ files: "links/*.csv" }) });
    const refused = await project.run("run", "job.yaml");
    expect([refused.code, refused.stderr]).toEqual([1, expect.stringContaining("links/hosts.csv leads out of")]);
  });
});
