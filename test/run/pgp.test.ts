// Encrypted files through the real program: what is proved is loaded as if it had never been encrypted, what is not is
// refused with nothing written, and no passphrase shows up anywhere.

import { readFileSync } from "node:fs";
import { gzipSync, zstdCompressSync } from "node:zlib";
import { createMessage, decrypt, encrypt, generateKey, type PrivateKey, readMessage } from "openpgp";
import { beforeAll, expect, test } from "vitest";
import { createProject, type Project } from "../support/rig.ts";

const passphrase = "correct horse battery";
const csv = "id,last\n1,Müller\n2,Brown\n";
const written = "Id,Name\n1,Müller\n2,Brown\n";

interface TestKey {
  key: PrivateKey;
  /** Armored. */
  secret: string;
  public: string;
}

let own: TestKey;
let sender: TestKey;

async function makeKey(name: string, more: { passphrase?: string; date?: Date; keyExpirationTime?: number } = {}) {
  const { passphrase: locked, ...options } = more;
  const { privateKey } = await generateKey({ userIDs: [{ name }], format: "object", ...options });
  const { encryptKey } = await import("openpgp");
  const kept = locked === undefined ? privateKey : await encryptKey({ privateKey, passphrase: locked });
  return { key: privateKey, secret: kept.armor(), public: privateKey.toPublic().armor() };
}

async function seal(content: string | Uint8Array, signer?: TestKey, recipient = own): Promise<Buffer> {
  const message = await createMessage({ binary: new Uint8Array(Buffer.from(content)) });
  const signed = signer === undefined ? {} : { signingKeys: signer.key };
  return Buffer.from(await encrypt({ message, encryptionKeys: recipient.key.toPublic(), ...signed, format: "binary" }));
}

interface Asked {
  source?: string;
  target?: string;
  out?: string;
  files?: Record<string, string | Uint8Array>;
}

const decrypting = `private_key_file: keys/own.asc, passphrase: "\${PGP_PASS}"`;

function place({ source, target, out = "out.csv", files = {} }: Asked): Project {
  const format = (pgp: string | undefined) => (pgp === undefined ? "" : `, format: { pgp: { ${pgp} } }`);
  const project = createProject({
    "connections.yaml":
      "version: 1\nconnections:\n  drop: { type: file, path: ./inbox }\n  out: { type: file, path: ./out }\n",
    "job.yaml": `version: 1
name: sealed
streams:
  people:
    source: { connection: drop, files: "*"${format(source)} }
    target: { connection: out, files: ${out}, manifest: "{name}.json"${format(target)} }
    map: { Id: id, Name: last }
`,
    "keys/own.asc": own.secret,
    "keys/own-public.asc": own.public,
    "keys/sender.asc": sender.secret,
    "keys/sender-public.asc": sender.public,
    ...files,
  });
  project.env["PGP_PASS"] = passphrase;
  return project;
}

beforeAll(async () => {
  own = await makeKey("own", { passphrase });
  sender = await makeKey("sender");
});

test("encrypted files are loaded as the files in them, whatever these are packed in", async () => {
  await using project = place({
    source: `${decrypting}, verify_key_file: keys/sender-public.asc`,
    files: {
      "inbox/a.csv.pgp": await seal(csv, sender),
      "inbox/b.csv.gz.gpg": await seal(gzipSync("id,last\n3,Zoë\n"), sender),
      "inbox/c.csv.zst.asc": await seal(zstdCompressSync("id,last\n4,Åse\n"), sender),
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
  await using project = place({ source: decrypting, files: { "inbox/a.csv.pgp": await seal(csv) } });
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
      target: "recipient_key_file: keys/own-public.asc, sign_key_file: keys/sender.asc",
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
      decryptionKeys: own.key,
      verificationKeys: sender.key.toPublic(),
      expectSigned: true,
    });
    expect(opened.data).toBe(written);
  },
);

const verified = `${decrypting}, verify_key_file: keys/sender-public.asc`;
const tampered = async () => {
  const bytes = await seal(`${csv}${"3,x\n".repeat(100_000)}`);
  bytes[bytes.length - 3] = (bytes.at(-3) ?? 0) ^ 1;
  return bytes;
};

test.each<[string, string, () => Promise<Buffer>, string, string?]>([
  ["for another key", decrypting, () => seal(csv, undefined, sender), "not encrypted for the key"],
  ["with a byte changed", decrypting, tampered, "damaged"],
  ["cut short", decrypting, async () => (await seal(csv)).subarray(0, -20), "damaged"],
  ["without the signature", verified, () => seal(csv), "not signed"],
  ["signed by another one", verified, () => seal(csv, own), "not signed by a key of verify_key_file"],
  ["that is not encrypted", decrypting, async () => Buffer.from(csv), "not encrypted"],
  ["by a name that is not", decrypting, async () => Buffer.from(csv), "not encrypted", "a.csv"],
])("a file %s is refused, and nothing of it is written", async (_, source, make, message, name = "a.csv.pgp") => {
  await using project = place({ source, files: { [`inbox/${name}`]: await make() } });
  const run = await project.run("run", "job.yaml");
  expect(run.code, run.stdout + run.stderr).toBe(1);
  expect(run.stdout + run.stderr).toContain(message);
  expect(project.list("out")).toEqual([]);
});

test("keys that can't be used are told at their place, and no passphrase is shown", async () => {
  await using project = place({ source: decrypting });
  project.env["PGP_PASS"] = "not the passphrase";
  const wrong = await project.run("check", "job.yaml");
  expect(wrong.code).toBe(2);
  expect(wrong.stderr).toMatch(/job\.yaml:5:\d+/);
  expect(wrong.stderr).toContain("passphrase does not open the key file");
  expect(wrong.stderr).not.toContain("not the passphrase");
  await using lacking = place({ source: "private_key_file: keys/none.asc" });
  const missing = await lacking.run("check", "job.yaml");
  expect(missing).toMatchObject({ code: 2, stderr: expect.stringMatching(/job\.yaml:5:\d+.*ENOENT/s) });
  await using literal = place({ source: `private_key_file: keys/own.asc, passphrase: "${passphrase}"` });
  const refused = await literal.run("check", "job.yaml");
  expect(refused.code).toBe(2);
  expect(refused.stderr).toContain("a literal secret");
  expect(refused.stderr).not.toContain(passphrase);
});

test("a recipient's key that has expired is refused", async () => {
  const old = await makeKey("old", { date: new Date("2020-01-01"), keyExpirationTime: 86400 });
  await using project = place({
    target: "recipient_key_file: keys/old.asc",
    files: { "inbox/a.csv": csv, "keys/old.asc": old.public },
  });
  for (const command of ["check", "run"]) {
    const told = await project.run(command, "job.yaml");
    expect(told.code).toBe(2);
    expect(told.stdout + told.stderr).toContain("expired");
  }
  expect(project.list("out")).toEqual([]);
});
