// Files that are not proved: each is refused as a whole, and neither the target nor the run folder has a row of it.

import { beforeAll, expect, test } from "vitest";
import {
  armorOf,
  type EndedKey,
  makeExpired,
  makeRevoked,
  sealOcb,
  sealSigned,
  sealWithoutIntegrity,
} from "./pgp-forgeries.ts";
import {
  csv,
  decrypting,
  filesBelow,
  type Keyring,
  makeKeyring,
  placeJob,
  seal,
  type TestKey,
  verifying,
  written,
} from "./pgp-project.ts";

/** A megabyte, of many chunks: some is decrypted long before the end is read. */
const long = `${csv}${`3,${"x".repeat(397)}\n`.repeat(2500)}`;

let keys: Keyring;

beforeAll(async () => {
  keys = await makeKeyring();
});

const sealed = (content: string, signer?: TestKey) => seal(content, keys.own, signer);

/** Sealing so much takes longer than all else here, so it is done once each way. */
let longSealed: Promise<Buffer> | undefined;
let longInOcb: Promise<Buffer> | undefined;

async function sealedLong(): Promise<Buffer> {
  longSealed ??= sealed(long);
  return Buffer.from(await longSealed);
}

async function sealedLongInOcb(): Promise<Buffer> {
  longInOcb ??= sealOcb(keys.own, long);
  return Buffer.from(await longInOcb);
}

async function changed(at: (bytes: Buffer) => number): Promise<Buffer> {
  const bytes = await sealedLong();
  const index = at(bytes);
  bytes[index] = (bytes[index] ?? 0) ^ 1;
  return bytes;
}

async function changedOcb(at: (bytes: Buffer) => number): Promise<Buffer> {
  const bytes = await sealedLongInOcb();
  const index = at(bytes);
  bytes[index] = (bytes[index] ?? 0) ^ 1;
  return bytes;
}

/** With a length that goes with it. */
async function cutOcb(): Promise<Buffer> {
  const bytes = await sealedLongInOcb();
  const header = bytes.indexOf(Buffer.from([0xd4, 0xff]));
  const length = 4 + 15 + 10 * (65_536 + 16);
  bytes.writeUInt32BE(length, header + 2);
  return bytes.subarray(0, header + 6 + length);
}

const twice = async () => Buffer.concat([await sealed(csv), await sealed(csv)]);
const changedUnderSignature = () =>
  sealSigned(keys.own, keys.sender, { change: (signed) => void signed.write("Black", signed.indexOf("Brown")) });

test.each<[string, string, () => Promise<Buffer>, string, string?]>([
  ["for another key", decrypting, () => seal(csv, keys.sender), "not encrypted for the key"],
  ["with its last byte changed", decrypting, () => changed(({ length }) => length - 1), "damaged"],
  ["with a byte in the middle changed", decrypting, () => changed(({ length }) => length >> 1), "damaged"],
  ["cut short", decrypting, async () => (await sealed(csv)).subarray(0, -20), "damaged"],
  ["cut short in the middle", decrypting, async () => (await sealedLong()).subarray(0, 500_000), "damaged"],
  ["with another one behind it", decrypting, twice, "damaged"],
  ["in armor, cut short", decrypting, async () => Buffer.from((await armorOf(keys.own)).slice(0, -40)), "damaged"],
  [
    "in armor, with another one behind it",
    decrypting,
    async () => Buffer.from((await armorOf(keys.own)).repeat(2)),
    "damaged",
  ],
  ["in OCB with its last byte changed", decrypting, () => changedOcb(({ length }) => length - 1), "damaged"],
  ["in OCB with a byte in the middle changed", decrypting, () => changedOcb(({ length }) => length >> 1), "damaged"],
  ["in OCB, cut short between two chunks", decrypting, cutOcb, "damaged"],
  ["without integrity protection", decrypting, () => sealWithoutIntegrity(keys.own), "no integrity protection"],
  ["without the signature", verifying, () => sealed(csv), "not signed"],
  ["signed by another one", verifying, () => sealed(csv, keys.own), "not signed by a key of verify_key_file"],
  ["changed under its signature", verifying, changedUnderSignature, "Signed digest did not match"],
  ["that is not encrypted", decrypting, async () => Buffer.from(csv), "not encrypted"],
  ["by a name that is not", decrypting, async () => Buffer.from(csv), "not encrypted", "a.csv"],
])("a file %s is refused, and no row of it is anywhere", async (_, source, make, told, name = "a.csv.pgp") => {
  await using project = placeJob(keys, { source, files: { [`inbox/${name}`]: await make() } });
  const run = await project.run("run", "job.yaml");
  expect(run.code, run.stdout + run.stderr).toBe(1);
  expect(run.stdout + run.stderr).toContain(told);
  expect(project.list("out")).toEqual([]);
  const kept = project.runFolders().flatMap(filesBelow);
  expect(kept.filter((path) => !path.startsWith("extract/"))).toEqual(["events.jsonl", "job.yaml"]);
});

test("a file in OCB, as GnuPG writes it since 2.3, is read", async () => {
  const files = { "inbox/a.csv.pgp": await sealedLongInOcb() };
  await using project = placeJob(keys, { source: decrypting, files });
  const run = await project.run("run", "job.yaml");
  expect(run.code, run.stdout + run.stderr).toBe(0);
  expect(project.read("out/out.csv") === long.replace("id,last", "Id,Name")).toBe(true);
});

const before = new Date("2021-06-01");
const invalid = "not valid when it was signed";

test.each<[string, string, () => Promise<EndedKey>, Date | undefined, string | undefined]>([
  ["has expired", "before", makeExpired, before, undefined],
  ["has expired", "after", makeExpired, undefined, invalid],
  ["was retired", "before", () => makeRevoked(3), before, undefined],
  ["was retired", "after", () => makeRevoked(3), undefined, invalid],
  ["was revoked for being known to others", "before", () => makeRevoked(2), before, invalid],
])("of a key that %s, a file that it signed %s is taken or refused", async (_, _when, make, date, refused) => {
  const { known, kept } = await make();
  const files = {
    "keys/senders.asc": `${keys.sender.public}\n${known}`,
    "inbox/a.csv.pgp": await sealSigned(keys.own, kept, date === undefined ? {} : { date }),
  };
  await using project = placeJob(keys, { source: `${decrypting}, verify_key_file: keys/senders.asc`, files });
  const run = await project.run("run", "job.yaml");
  expect(run.code, run.stdout + run.stderr).toBe(refused === undefined ? 0 : 1);
  expect(run.stderr).toContain(refused ?? "");
  expect(project.list("out").includes("out.csv") ? project.read("out/out.csv") : "").toBe(
    refused === undefined ? written : "",
  );
});
