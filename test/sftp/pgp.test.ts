// Encrypted files over SFTP, both ways, on our own server and on OpenSSH's: what a kill cuts off is gone on with, each file
// is loaded once and moved once, and what arrives is one encryption whose manifest tells its bytes.

import { createHash } from "node:crypto";
import { mkdirSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { decrypt, readMessage } from "openpgp";
import { beforeAll, describe, expect, test } from "vitest";
import { encrypting, type Keyring, makeKeyring, passphrase, seal, verifying } from "../run/pgp-project.ts";
import { createProject, type Project } from "../support/rig.ts";
import { hasSshd, startSshd } from "../support/sshd.ts";
import { connectionsFile, copyJob, manyBytes, startVendor } from "./support.ts";

/** More than is brought to the disk at a time; and some blocks. */
const { csv: big } = manyBytes(18);
const { csv: some, rows: someRows } = manyBytes(3.5);
const small = "id,last\n1,Müller\n";

let keys: Keyring;

beforeAll(async () => {
  keys = await makeKeyring();
});

interface Remote extends AsyncDisposable {
  project: Project;
  /** What the server serves to the project. */
  folder: string;
}

async function openSandbox(files: Record<string, string>): Promise<Remote> {
  return startVendor(files);
}

async function openSshd(files: Record<string, string>): Promise<Remote> {
  const server = await startSshd();
  const auth = `auth: { private_key_file: ${server.key} }, host_key: "${server.hostKey}"`;
  const project = createProject({
    "connections.yaml": connectionsFile(`{ type: sftp, url: "${server.url()}", ${auth} }`),
    ...files,
  });
  return {
    project,
    folder: server.folder,
    async [Symbol.asyncDispose]() {
      await project[Symbol.asyncDispose]();
      await server[Symbol.asyncDispose]();
    },
  };
}

function put(folder: string, name: string, content: string | Uint8Array): void {
  mkdirSync(dirname(join(folder, name)), { recursive: true });
  writeFileSync(join(folder, name), content);
}

const listed = (folder: string, name: string) => readdirSync(join(folder, name)).sort();

const received = copyJob({
  files: "in/*.csv.pgp",
  source: `, format: { pgp: { ${verifying} } }, once: content_hash, after: { move: done }`,
});

const sent = `version: 1
name: send
streams:
  people:
    source: { connection: out, files: "*.csv" }
    target: { connection: vendor, files: people.csv.pgp, manifest: "{name}.json", format: { pgp: { ${encrypting} } } }
    map: { id: id, last: last }
`;

function placeKeys({ project }: Remote): void {
  project.env["PGP_PASS"] = passphrase;
  project.write({
    "keys/own.asc": keys.own.secret,
    "keys/own-public.asc": keys.own.public,
    "keys/sender.asc": keys.sender.secret,
    "keys/sender-public.asc": keys.sender.public,
  });
}

/** One run, that is taken up and killed again at each next place. */
async function killInTurn(project: Project, places: readonly string[]): Promise<void> {
  for (const [index, place] of places.entries()) {
    const command = index === 0 ? ["run", "job.yaml"] : ["resume"];
    const killed = await project.start(command, { env: { LOADLINE_FAILPOINT: place } }).finished;
    expect([place, killed.signal], killed.stdout + killed.stderr).toEqual([place, "SIGKILL"]);
  }
}

/** Each place on one of the servers: what a kill cuts off is ours, and the same code on both. */
const places = {
  sandbox: { taking: ["marked:1", "received:2", "acknowledged:1"], content: big, sending: ["sent:2", "committed:1"] },
  sshd: { taking: ["decrypted:2"], content: some, sending: ["uploaded:1", "closed:1"] },
} as const;

describe.each([
  { name: "the sandbox's server", open: openSandbox, isHere: true, ...places.sandbox },
  { name: "OpenSSH's server", open: openSshd, isHere: hasSshd, ...places.sshd },
])("$name", ({ open, isHere, taking, content, sending }) => {
  test.skipIf(!isHere)(
    `files are decrypted, loaded once and moved once, though the run was killed at ${taking.join(", ")}`,
    async () => {
      await using remote = await open({ "job.yaml": received });
      const { project, folder } = remote;
      placeKeys(remote);
      const sealed = await seal(small, keys.own, keys.sender);
      put(folder, "in/a.csv.pgp", await seal(content, keys.own, keys.sender));
      put(folder, "in/b.csv.pgp", sealed);
      await killInTurn(project, taking);
      const resumed = await project.run("resume");
      expect(resumed.code, resumed.stdout + resumed.stderr).toBe(0);
      const loaded = `${content.replace("id,last", "Id,Name")}1,Müller\n`;
      expect(project.read("out/people.csv") === loaded).toBe(true);
      expect([listed(folder, "in"), listed(folder, "done")]).toEqual([[], ["a.csv.pgp", "b.csv.pgp"]]);
      put(folder, "in/again.csv.pgp", sealed);
      const again = await project.run("run", "job.yaml", "--json");
      expect(again.summary().streams["people"]).toMatchObject({ extracted: 0, loaded: 0 });
    },
  );

  test.skipIf(!isHere)("a file that nobody proves stays where it is, and nothing is loaded", async () => {
    await using remote = await open({ "job.yaml": received });
    placeKeys(remote);
    put(remote.folder, "in/a.csv.pgp", await seal(small, keys.own));
    const refused = await remote.project.run("run", "job.yaml");
    expect([refused.code, refused.stderr]).toEqual([1, expect.stringContaining("not signed")]);
    expect(listed(remote.folder, ".")).toEqual(["in"]);
    expect([listed(remote.folder, "in"), remote.project.list("out")]).toEqual([["a.csv.pgp"], []]);
  });

  test.skipIf(!isHere)(
    `what is sent is encrypted once, though the run was killed at ${sending.join(", ")}, and the manifest tells its bytes`,
    async () => {
      await using remote = await open({ "job.yaml": sent, "out/a.csv": some });
      const { project, folder } = remote;
      placeKeys(remote);
      await killInTurn(project, sending.slice(0, 1));
      const [run = ""] = project.runFolders();
      const encrypted = readFileSync(join(run, "batches/people-00001.csv.pgp"));
      for (const LOADLINE_FAILPOINT of sending.slice(1)) {
        const killed = await project.start(["resume"], { env: { LOADLINE_FAILPOINT } }).finished;
        expect(killed.signal, killed.stdout + killed.stderr).toBe("SIGKILL");
      }
      const resumed = await project.run("resume");
      expect(resumed.code, resumed.stdout + resumed.stderr).toBe(0);
      expect(listed(folder, ".")).toEqual(["people.csv.pgp", "people.csv.pgp.json"]);
      const arrived = readFileSync(join(folder, "people.csv.pgp"));
      expect(arrived.equals(encrypted)).toBe(true);
      const sha256 = createHash("sha256").update(arrived).digest("hex");
      const manifest = JSON.parse(readFileSync(join(folder, "people.csv.pgp.json"), "utf8"));
      expect(manifest.files).toEqual([{ name: "people.csv.pgp", rows: someRows, bytes: arrived.length, sha256 }]);
      const opened = await decrypt({
        message: await readMessage({ binaryMessage: new Uint8Array(arrived) }),
        decryptionKeys: keys.own.key,
        verificationKeys: keys.sender.key.toPublic(),
        expectSigned: true,
      });
      expect(opened.data === some).toBe(true);
    },
  );
});
