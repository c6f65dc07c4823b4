// What a run leaves behind that decrypts and encrypts: after its end, after a failure, and after a crash at any place, no
// clear copy of a file, and one file at the target that goes with its manifest.

import { createHash } from "node:crypto";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { decrypt, readMessage } from "openpgp";
import { beforeAll, expect, test } from "vitest";
import { Ledger } from "../../src/checkpoint/ledger.ts";
import type { Project } from "../support/rig.ts";
import {
  csv,
  decrypting,
  encrypting,
  filesBelow,
  type Keyring,
  makeKeyring,
  placeJob,
  seal,
  written,
} from "./pgp-project.ts";

let keys: Keyring;

beforeAll(async () => {
  keys = await makeKeyring();
});

async function placeBothWays(files: Record<string, string | Uint8Array> = {}): Promise<Project> {
  const sealed = await seal(csv, keys.own);
  return placeJob(keys, {
    source: decrypting,
    target: encrypting,
    out: "out.csv.pgp",
    files: { "inbox/a.csv.pgp": sealed, ...files },
  });
}

/** Files of the state folder with a value in clear, and copies of whole files, but what is made of rows: plan, rejects. */
function clearFiles(project: Project): string[] {
  const state = project.path(".loadline");
  return filesBelow(state).filter((path) => {
    if (/^runs\/[^/]+\/(plan|rejects)\//.test(path)) return false;
    return /\/(stage|spill|snapshot)\//.test(path) || readFileSync(join(state, path)).includes("Müller");
  });
}

async function readDelivered(project: Project): Promise<string> {
  const bytes = readFileSync(project.path("out/out.csv.pgp"));
  const manifest = JSON.parse(project.read("out/out.csv.pgp.json")).files[0];
  const sha256 = createHash("sha256").update(bytes).digest("hex");
  expect(manifest).toEqual({ name: "out.csv.pgp", rows: 2, bytes: bytes.length, sha256 });
  const message = await readMessage({ binaryMessage: new Uint8Array(bytes) });
  const verificationKeys = keys.sender.key.toPublic();
  return (await decrypt({ message, decryptionKeys: keys.own.key, verificationKeys, expectSigned: true })).data;
}

test("a run that was killed anywhere leaves nothing in clear, once it is resumed or another one was run", async () => {
  await using counted = await placeBothWays();
  const log = counted.path("hits");
  counted.env = { ...counted.env, LOADLINE_FAILPOINT_LOG: log };
  const whole = await counted.run("run", "job.yaml");
  expect(whole.code, whole.stdout + whole.stderr).toBe(0);
  expect(clearFiles(counted)).toEqual([]);
  expect(await readDelivered(counted)).toBe(written);
  const hits = counted.read("hits").trim().split("\n");
  // One load is killed at step after step: what a step leaves is cleared by the command after the next kill, or never. These
  // add or take away a copy, or stand where the file gets its place.
  const steps = ["decrypted", "extracted", "staged", "encrypted", "planned", "uploaded", "committed", "loaded"];
  expect(hits).toEqual(expect.arrayContaining(steps));
  await killAndGoOn(steps, ["resume"]);
  // Once sending has begun, another run begins with a resume.
  await killAndGoOn(["decrypted", "staged", "encrypted"], ["run", "job.yaml"]);
});

async function killAndGoOn(steps: readonly string[], goOn: readonly string[]): Promise<void> {
  await using project = await placeBothWays();
  for (const [index, name] of steps.entries()) {
    const args = index === 0 ? ["run", "job.yaml"] : goOn;
    const killed = await project.start(args, { env: { LOADLINE_FAILPOINT: `${name}:1` } }).finished;
    expect([name, killed.signal], killed.stdout + killed.stderr).toEqual([name, "SIGKILL"]);
    // What is not proved to its end has not its name.
    if (name === "decrypted") expect(clearFiles(project)).toEqual([expect.stringMatching(/\.unproved$/)]);
  }
  const ended = await project.run(...goOn);
  expect(ended.code, `${goOn[0]}: ${ended.stdout}${ended.stderr}`).toBe(0);
  expect([goOn[0], clearFiles(project)]).toEqual([goOn[0], []]);
  expect(await readDelivered(project)).toBe(written);
}

test.each([
  ["a column lacks", "id,name\n1,Müller\n"],
  ["the file is no CSV", "id,last,last\n1,Müller,x\n"],
  ["too many rows are rejected", "id,last\n1,Müller,x\n2,Müller,x\n3,y\n"],
])("a run that fails after it decrypted leaves nothing in clear: %s", async (_, content) => {
  await using project = await placeBothWays({ "inbox/a.csv.pgp": await seal(content, keys.own) });
  const failed = await project.run("run", "job.yaml");
  expect(failed.code).not.toBe(0);
  expect(clearFiles(project)).toEqual([]);
  expect(project.list("out")).toEqual([]);
});

test("an encrypted file that was lost or changed in the run folder is not encrypted anew once sending has begun", async () => {
  await using project = await placeBothWays();
  const env = { LOADLINE_FAILPOINT: "intent:1" };
  expect((await project.start(["run", "job.yaml"], { env }).finished).signal).toBe("SIGKILL");
  const [folder = ""] = project.runFolders();
  const batch = join(folder, "batches/people-00001.csv.pgp").slice(project.folder.length + 1);
  project.write({ [batch]: await seal(written, keys.own, keys.sender) });
  const refused = await project.run("resume");
  expect(refused.code).toBe(1);
  expect(refused.stdout + refused.stderr).toContain("people-00001");
  expect(project.list("out").filter((name) => !name.startsWith("."))).toEqual([]);
});

test("check leaves nothing in clear in the folder for temporary files, whether it is content or not", async () => {
  await using project = await placeBothWays({ "tmp/.keep": "" });
  project.env = { ...project.env, TMPDIR: project.path("tmp") };
  const look = () => project.run("check", "job.yaml");
  const left = () => project.list("tmp").filter((name) => name.startsWith("loadline"));
  expect((await look()).code).toBe(0);
  expect(left()).toEqual([]);
  project.write({ "inbox/a.csv.pgp": await seal("id,name\n1,Müller\n", keys.own) });
  expect((await look()).code).toBe(2);
  expect(left()).toEqual([]);
});

test("a dry run that was killed goes with its clear copies once it is older than runs are kept", async () => {
  await using project = await placeBothWays();
  project.write({ "job.yaml": `${project.read("job.yaml")}keep: { runs: 2d }\n` });
  const env = { LOADLINE_FAILPOINT: "decrypted:1" };
  expect((await project.start(["plan", "job.yaml"], { env }).finished).signal).toBe("SIGKILL");
  expect((await project.run("plan", "job.yaml")).code).toBe(0);
  expect(project.runFolders()).toHaveLength(2);
  expect(clearFiles(project)).not.toEqual([]);
  const days = 24 * 60 * 60 * 1000;
  using ledger = Ledger.open(project.path(".loadline"));
  for (const run of ledger.runs()) {
    if (run.finished === null) ledger.saveRun({ ...run, started: new Date(Date.now() - 4 * days).toISOString() });
  }
  expect((await project.run("plan", "job.yaml")).code).toBe(0);
  expect(project.runFolders()).toHaveLength(2);
  expect(clearFiles(project)).toEqual([]);
});
