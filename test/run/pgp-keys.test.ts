// Keys and passphrases: what can't do its work is told at its place before anything is opened, and nothing of a key or a
// passphrase is ever written or shown.

import { readFileSync } from "node:fs";
import { join } from "node:path";
import { beforeAll, expect, test } from "vitest";
import type { Finished } from "../support/rig.ts";
import { type EndedKey, makeExpired, makeRevoked } from "./pgp-forgeries.ts";
import {
  csv,
  decrypting,
  encrypting,
  filesBelow,
  type Keyring,
  makeKey,
  makeKeyring,
  passphrase,
  placeJob,
  seal,
  type TestKey,
  verifying,
} from "./pgp-project.ts";

let keys: Keyring;
const ended = {} as Record<"expired" | "retired" | "compromised", EndedKey>;
/** Without a subkey, it can't be encrypted for. */
let signing: TestKey;

beforeAll(async () => {
  keys = await makeKeyring();
  ended.expired = await makeExpired();
  ended.retired = await makeRevoked(3);
  ended.compromised = await makeRevoked(2);
  signing = await makeKey("signing", { subkeys: [] });
});

test("keys that can't be used are told at their place, and no passphrase is shown", async () => {
  await using project = placeJob(keys, { source: decrypting });
  project.env["PGP_PASS"] = "not the passphrase";
  for (const command of ["check", "run"]) {
    const wrong = await project.run(command, "job.yaml");
    const told = wrong.stdout + wrong.stderr;
    expect(wrong.code).toBe(2);
    expect(told).toMatch(/job\.yaml:5:\d+/);
    expect(told).toContain("passphrase does not open the key file");
    expect(told).not.toContain("not the passphrase");
  }
  await using lacking = placeJob(keys, { source: "private_key_file: keys/none.asc" });
  const missing = await lacking.run("check", "job.yaml");
  expect(missing).toMatchObject({ code: 2, stderr: expect.stringMatching(/job\.yaml:5:\d+.*ENOENT/s) });
  await using literal = placeJob(keys, { source: `private_key_file: keys/own.asc, passphrase: "${passphrase}"` });
  const refused = await literal.run("check", "job.yaml");
  expect(refused.code).toBe(2);
  expect(refused.stderr).toContain("a literal secret");
  expect(refused.stderr).not.toContain(passphrase);
});

test("in a process of its own a run says nothing but what is its own", async () => {
  await using project = placeJob(keys, { source: decrypting, files: { "inbox/a.pgp": await seal(csv, keys.own) } });
  const { code, stderr } = await project.start(["run", "job.yaml"], { env: { PGP_PASS: passphrase } }).finished;
  expect(code, stderr).toBe(0);
  expect(stderr).not.toContain("Warning");
});

interface Unfit {
  source?: string;
  target?: string;
  file: () => string;
  why: string;
}

test.each<[string, Unfit]>([
  [
    "that files are encrypted for has expired",
    { target: "recipient_key_file: keys/x.asc", file: () => ended.expired.known, why: "expired" },
  ],
  [
    "that files are encrypted for was revoked",
    { target: "recipient_key_file: keys/x.asc", file: () => ended.retired.known, why: "revoked" },
  ],
  [
    "that files are encrypted for, one of two, has expired",
    { target: "recipient_key_file: keys/x.asc", file: () => keys.own.public + ended.expired.known, why: "expired" },
  ],
  [
    "that files are encrypted for only signs",
    { target: "recipient_key_file: keys/x.asc", file: () => signing.public, why: "encryption key" },
  ],
  [
    "that signs has expired",
    {
      target: "recipient_key_file: keys/own-public.asc, sign_key_file: keys/x.asc",
      file: () => ended.expired.secret,
      why: "expired",
    },
  ],
  [
    "that signs was revoked",
    {
      target: "recipient_key_file: keys/own-public.asc, sign_key_file: keys/x.asc",
      file: () => ended.retired.secret,
      why: "revoked",
    },
  ],
  [
    "that decrypts only signs",
    { source: "private_key_file: keys/x.asc", file: () => signing.secret, why: "decryption key" },
  ],
  [
    "that decrypts is a public one",
    { source: "private_key_file: keys/x.asc", file: () => keys.own.public, why: "private key" },
  ],
  [
    "that senders sign with was revoked",
    { source: `${decrypting}, verify_key_file: keys/x.asc`, file: () => ended.compromised.known, why: "revoked" },
  ],
])("a key %s is refused by check", async (_, { source, target, file, why }) => {
  const files = { "inbox/a.csv": csv, "keys/x.asc": file() };
  await using project = placeJob(keys, { source, target, files });
  const checked = await project.run("check", "job.yaml");
  expect(checked).toMatchObject({ code: 2, stderr: expect.stringMatching(/job\.yaml:\d+:\d+/) });
  expect(checked.stderr).toContain("the key file");
  expect(checked.stderr).toContain(why);
});

test("of keys that ended, check warns where what was made before can still be read", async () => {
  const senders = keys.sender.public + ended.expired.known + ended.retired.known;
  await using project = placeJob(keys, {
    source: "private_key_file: keys/x.asc, verify_key_file: keys/senders.asc",
    files: {
      "inbox/a.csv.pgp": await seal(csv, ended.expired.kept, keys.sender),
      "keys/x.asc": ended.expired.secret,
      "keys/senders.asc": senders,
    },
  });
  const checked = await project.run("check", "job.yaml");
  expect(checked.code, checked.stderr).toBe(0);
  const warnings = checked.stdout + checked.stderr;
  expect(warnings.match(/expired on 2022-01-01: new files won't be made with it/g)).toHaveLength(2);
  expect(warnings.match(/was revoked: new files won't be made with it/g)).toHaveLength(1);
});

test("no passphrase and nothing of a private key is in a file of the project, or told", async () => {
  await using project = placeJob(keys, {
    source: verifying,
    target: encrypting,
    out: "out.csv.pgp",
    files: { "inbox/a.csv.pgp": await seal(csv, keys.own, keys.sender) },
  });
  const told: Finished[] = [];
  for (const command of ["check", "plan", "run"]) told.push(await project.run(command, "job.yaml", "--verbose"));
  expect(told.map(({ code }) => code)).toEqual([0, 0, 0]);
  project.write({ "inbox/a.csv.pgp": await seal(csv, keys.own) });
  told.push(await project.run("run", "job.yaml", "--json"));
  expect(told.at(-1)?.code).toBe(1);
  // Locked, and as it is once it was opened.
  const armors = [keys.own.secret, keys.own.key.armor(), keys.sender.secret];
  const secrets = [passphrase, "PRIVATE KEY", ...armors.flatMap((armor) => armor.match(/^\S{60,}$/gm) ?? [])];
  expect(secrets.length).toBeGreaterThan(15);
  const texts = told.map(({ stdout, stderr }) => stdout + stderr);
  for (const path of filesBelow(project.folder).filter((name) => !name.startsWith("keys/"))) {
    texts.push(readFileSync(join(project.folder, path), "latin1"));
  }
  expect(texts.filter((text) => secrets.some((secret) => text.includes(secret)))).toEqual([]);
});
