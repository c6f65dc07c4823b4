// Files that GnuPG made, with keys as it exports them: read as they are, and refused where they prove too little.

import { readFileSync } from "node:fs";
import { decrypt, decryptKey, readMessage, readPrivateKey } from "openpgp";
import { expect, test } from "vitest";
import { createProject, type Project } from "../support/rig.ts";
import { filesBelow, passphrase } from "./pgp-project.ts";

const made = (name: string) => readFileSync(new URL(`gpg/${name}`, import.meta.url));
const rows = Array.from({ length: 200 }, (_, index) => `${index + 1},Müller ${index + 1}\n`).join("");
const verifying = `private_key_file: keys/own.asc, passphrase: "\${PGP_PASS}", verify_key_file: keys/sender-public.asc`;

function placeFile(name: string, pgp: string): Project {
  const project = createProject({
    "connections.yaml":
      "version: 1\nconnections:\n  drop: { type: file, path: ./inbox }\n  out: { type: file, path: ./out }\n",
    "job.yaml": `version: 1
name: sealed
streams:
  people:
    source: { connection: drop, files: "*", format: { pgp: { ${pgp} } } }
    target: { connection: out, files: out.csv }
    map: { Id: id, Name: last }
`,
    "keys/own.asc": made("own.asc"),
    "keys/sender-public.asc": made("sender-public.asc"),
    "keys/partner-public.gpg": made("partner-public.gpg"),
    [`inbox/${name}`]: made(name),
  });
  project.env["PGP_PASS"] = passphrase;
  return project;
}

const proved = [
  "zip.csv.gpg",
  "zlib.csv.gpg",
  "bzip2.csv.gpg",
  "plain-two-recipients.csv.gpg",
  "armored.csv.asc",
  "hidden-recipient.csv.gpg",
  "text-from-a-pipe.csv.gpg",
  "gzip.csv.gz.gpg",
];

test(`each is decrypted, and its signature is verified: ${proved.join(", ")}`, async () => {
  await using project = placeFile("zip.csv.gpg", verifying);
  for (const name of proved) project.write({ [`inbox/${name}`]: made(name) });
  const run = await project.run("run", "job.yaml");
  expect(run.code, run.stdout + run.stderr).toBe(0);
  expect(project.read("out/out.csv")).toBe(`Id,Name\n${rows.repeat(proved.length)}`);
});

test.each([
  ["unsigned.csv.gpg", "not signed"],
  ["sha1.csv.gpg", "SHA1"],
  ["symmetric.csv.gpg", "not encrypted for the key"],
  ["no-mdc.csv.gpg", "no integrity protection"],
])("%s is refused", async (name, told) => {
  await using project = placeFile(name, verifying);
  const run = await project.run("run", "job.yaml");
  expect(run.code, run.stdout + run.stderr).toBe(1);
  expect(run.stderr).toContain(told);
  const kept = project.runFolders().flatMap(filesBelow);
  expect([kept.filter((path) => !path.startsWith("extract/")), project.list("out")]).toEqual([
    ["events.jsonl", "job.yaml"],
    [],
  ]);
});

test("keys that GnuPG exported, armored and binary, encrypt and sign", async () => {
  await using project = placeFile("zip.csv.gpg", verifying);
  const job = project.read("job.yaml");
  const encrypting = (recipient: string) => {
    const pgp = `recipient_key_file: keys/${recipient}, sign_key_file: keys/own.asc, passphrase: "\${PGP_PASS}"`;
    return job.replace("files: out.csv", `files: out.csv.pgp, format: { pgp: { ${pgp} } }`);
  };
  project.write({ "job.yaml": encrypting("partner-public.gpg"), "keys/own-public.asc": made("own-public.asc") });
  const checked = await project.run("check", "job.yaml");
  expect(checked.code, checked.stderr).toBe(0);
  project.write({ "job.yaml": encrypting("own-public.asc") });
  const run = await project.run("run", "job.yaml");
  expect(run.code, run.stdout + run.stderr).toBe(0);
  const privateKey = await readPrivateKey({ armoredKey: made("own.asc").toString() });
  const opened = await decrypt({
    message: await readMessage({ binaryMessage: new Uint8Array(readFileSync(project.path("out/out.csv.pgp"))) }),
    decryptionKeys: await decryptKey({ privateKey, passphrase }),
    verificationKeys: privateKey.toPublic(),
    expectSigned: true,
  });
  expect(opened.data).toBe(`Id,Name\n${rows}`);
});
