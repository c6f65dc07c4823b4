// Encrypted files through the real program: what is proved is loaded as if it had never been encrypted, and what is written
// can be read by those who have the key. What is refused, and what is left behind: pgp-refusals, pgp-keys, pgp-traces.

import { readFileSync } from "node:fs";
import { gzipSync, zstdCompressSync } from "node:zlib";
import { decrypt, readMessage } from "openpgp";
import { beforeAll, expect, test } from "vitest";
import type { Project } from "../support/rig.ts";
import {
  csv,
  decrypting,
  encrypting,
  type Keyring,
  makeKeyring,
  passphrase,
  placeJob,
  type SealedJob,
  seal,
  type TestKey,
  verifying,
  written,
} from "./pgp-project.ts";

let keys: Keyring;

const place = (job: SealedJob): Project => placeJob(keys, job);
const sealed = (content: string | Uint8Array, signer?: TestKey) => seal(content, keys.own, signer);

beforeAll(async () => {
  keys = await makeKeyring();
});

test("encrypted files are loaded as the files in them, whatever these are packed in", async () => {
  await using project = place({
    source: verifying,
    files: {
      "inbox/a.csv.pgp": await sealed(csv, keys.sender),
      "inbox/b.csv.gz.gpg": await sealed(gzipSync("id,last\n3,Zoë\n"), keys.sender),
      "inbox/c.csv.zst.asc": await sealed(zstdCompressSync("id,last\n4,Åse\n"), keys.sender),
    },
  });
  const checked = await project.run("check", "job.yaml");
  expect(checked.code, checked.stderr).toBe(0);
  const run = await project.run("run", "job.yaml");
  expect(run.code, run.stdout + run.stderr).toBe(0);
  expect(project.read("out/out.csv")).toBe(`${written}3,Zoë\n4,Åse\n`);
  const [folder = ""] = project.list(".loadline/runs");
  const names = ["part-00001.csv.pgp", "part-00002.csv.gz.gpg", "part-00003.csv.zst.asc"];
  expect(project.list(`.loadline/runs/${folder}/extract/people`)).toEqual(names);
  expect(project.list(`.loadline/runs/${folder}/stage`)).toEqual([]);
  expect(project.read(`.loadline/runs/${folder}/job.yaml`)).not.toContain(passphrase);
});

test("killed after it was decrypted, a run goes on with the bytes as received", async () => {
  await using project = place({ source: decrypting, files: { "inbox/a.csv.pgp": await sealed(csv) } });
  const killed = project.start(["run", "job.yaml"], { env: { LOADLINE_FAILPOINT: "extracted:1" } });
  expect((await killed.finished).signal).toBe("SIGKILL");
  const { rmSync } = await import("node:fs");
  for (const folder of project.runFolders()) rmSync(`${folder}/stage`, { recursive: true });
  const resumed = await project.run("resume");
  expect(resumed.code, resumed.stdout + resumed.stderr).toBe(0);
  expect(project.read("out/out.csv")).toBe(written);
});

test.each(["out.csv.pgp", "out.csv.asc"])(
  "%s is encrypted and signed, and its manifest is of the bytes sent",
  async (out) => {
    await using project = place({
      target: encrypting,
      out,
      files: { "inbox/a.csv": csv },
    });
    const run = await project.run("run", "job.yaml");
    expect(run.code, run.stdout + run.stderr).toBe(0);
    const bytes = readFileSync(project.path(`out/${out}`));
    const manifest = JSON.parse(project.read(`out/${out}.json`)).files[0];
    const { createHash } = await import("node:crypto");
    const sha256 = createHash("sha256").update(bytes).digest("hex");
    expect(manifest).toEqual({ name: out, rows: 2, bytes: bytes.length, sha256 });
    const message = out.endsWith(".asc")
      ? await readMessage({ armoredMessage: bytes.toString() })
      : await readMessage({ binaryMessage: new Uint8Array(bytes) });
    const opened = await decrypt({
      message,
      decryptionKeys: keys.own.key,
      verificationKeys: keys.sender.key.toPublic(),
      expectSigned: true,
    });
    expect(opened.data).toBe(written);
  },
);
