// Keys of OpenPGP. In: key files, armored or binary, each with one key or several. Out: keys that can be used at once.
// What must hold: a key that lacks, can't be read or can't be opened is told at its place in the job before a file is
// touched, and no message shows a passphrase or a part of a key.

import { readFileSync } from "node:fs";
import type { Key, PrivateKey } from "openpgp";
import { now } from "../core/clock.ts";
import { type Failure, type Place, usageFailure } from "../core/errors.ts";
import type { Secret } from "../core/secret.ts";

/** A file of keys as the job names it. */
export interface KeyFile {
  path: string;
  place: Place;
  /** How its passphrase is given; by default as the job names it. */
  passphraseBy?: string;
}

export interface Passphrase {
  secret: Secret;
  place: Place;
}

export interface Keys<K extends Key = Key> extends KeyFile {
  keys: K[];
}

/** What files that come in are decrypted with. */
export interface DecryptionKeys {
  own: Keys<PrivateKey>;
  /** Of the senders; where given, a file that none of them signed is refused. */
  senders?: Keys;
}

/** What files that go out are encrypted with. */
export interface EncryptionKeys {
  recipients: Keys;
  /** Where given, files are signed. */
  own?: Keys<PrivateKey>;
}

export async function readPublicKeys(file: KeyFile): Promise<Keys> {
  const { readKeys } = await import("openpgp");
  const { binaryKeys, blocks } = readKeyFile(file);
  try {
    if (binaryKeys !== undefined) return { ...file, keys: await readKeys({ binaryKeys }) };
    const keys = await Promise.all(blocks.map((armoredKeys) => readKeys({ armoredKeys })));
    return { ...file, keys: keys.flat() };
  } catch (error) {
    throw unusable(file, whyOf(error), "export the key once more: gpg --export --armor <name>");
  }
}

/** Opened by the passphrase, where they are protected by one. */
export async function readPrivateKeys(file: KeyFile, passphrase: Passphrase | undefined): Promise<Keys<PrivateKey>> {
  const { readPrivateKeys: read } = await import("openpgp");
  const { binaryKeys, blocks } = readKeyFile(file);
  let keys: PrivateKey[];
  try {
    keys =
      binaryKeys === undefined
        ? (await Promise.all(blocks.map((armoredKeys) => read({ armoredKeys })))).flat()
        : await read({ binaryKeys });
  } catch (error) {
    throw unusable(file, whyOf(error), "export the private key: gpg --export-secret-keys --armor <name>");
  }
  return { ...file, keys: await Promise.all(keys.map((key) => openKey(key, file, passphrase))) };
}

async function openKey(key: PrivateKey, file: KeyFile, passphrase: Passphrase | undefined): Promise<PrivateKey> {
  if (key.isDecrypted()) return key;
  if (passphrase === undefined) {
    const next = file.passphraseBy ?? "name it as `passphrase`";
    throw unusable(file, "the private key is protected by a passphrase", next);
  }
  const { decryptKey } = await import("openpgp");
  try {
    return await decryptKey({ privateKey: key, passphrase: passphrase.secret.reveal() });
  } catch (error) {
    throw usageFailure(`the passphrase does not open the key file ${file.path}`, {
      ...whereOf(passphrase.place),
      why: whyOf(error),
      next: "check what the reference stands for",
    });
  }
}

/** Throws a Failure where a key has expired, was revoked, or is for other work. */
export async function refuseUnusable({ recipients, own }: EncryptionKeys): Promise<void> {
  for (const key of recipients.keys) await probe(recipients, key, () => key.getEncryptionKey(undefined, now()));
  if (own === undefined) return;
  for (const key of own.keys) await probe(own, key, () => key.getSigningKey(undefined, now()));
}

async function probe(file: KeyFile, key: Key, use: () => Promise<unknown>): Promise<void> {
  try {
    await use();
  } catch (error) {
    throw unusable(file, `${nameOf(key)}: ${whyOf(error)}`, "ask its owner for one that is valid");
  }
}

/** Throws a Failure where no key of a file can do its work: one that only signs, say, where files are to be decrypted. */
export async function refuseUseless({ own, senders }: DecryptionKeys): Promise<void> {
  // Without a date: what has expired still serves for what was made before.
  await probeAny(own, (key) => key.getDecryptionKeys(undefined, null));
  if (senders !== undefined) await probeAny(senders, (key) => key.getSigningKey(undefined, null));
}

async function probeAny<K extends Key>(file: Keys<K>, use: (key: K) => Promise<unknown>): Promise<void> {
  const whys: string[] = [];
  for (const key of file.keys) {
    try {
      await use(key);
      return;
    } catch (error) {
      whys.push(`${nameOf(key)}: ${whyOf(error)}`);
    }
  }
  throw unusable(file, whys.join("; "), "name the file with the key that is meant");
}

/** Keys that senders can't use any more; what they encrypted or signed before can still be read. */
export async function findEnded({ own, senders }: DecryptionKeys): Promise<{ place: Place; message: string }[]> {
  const ended: { place: Place; message: string }[] = [];
  for (const { keys, path, place } of senders === undefined ? [own] : [own, senders]) {
    for (const key of keys) {
      const how = await howEnded(key);
      if (how === undefined) continue;
      ended.push({ place, message: `${path}: ${nameOf(key)} ${how}: new files won't be made with it` });
    }
  }
  return ended;
}

async function howEnded(key: Key): Promise<string | undefined> {
  if (await key.isRevoked(undefined, undefined, now())) return "was revoked";
  const end = await key.getExpirationTime();
  return end instanceof Date && end <= now() ? `expired on ${end.toISOString().slice(0, 10)}` : undefined;
}

const armor = /-----BEGIN PGP (PUBLIC|PRIVATE) KEY BLOCK-----.*?-----END PGP \1 KEY BLOCK-----/gs;

/** openpgp reads the first of several armored blocks and keeps quiet about the others. */
function readKeyFile(file: KeyFile): { binaryKeys?: Uint8Array; blocks: string[] } {
  let bytes: Buffer;
  try {
    bytes = readFileSync(file.path);
  } catch (error) {
    const from = file.place.file === undefined ? "" : ", which starts at the job file,";
    throw unusable(file, whyOf(error), `check the path${from} and who may read it`);
  }
  // The first byte of a packet has its highest bit set, and text has not.
  if (((bytes[0] ?? 0) & 0x80) !== 0) return { binaryKeys: bytes, blocks: [] };
  const blocks = bytes.toString("latin1").match(armor) ?? [];
  if (blocks.length === 0) throw unusable(file, "it holds no key of OpenPGP", "export a key with gpg into it");
  return { blocks };
}

function unusable({ path, place }: KeyFile, why: string, next: string): Failure {
  return usageFailure(`the key file ${path} can't be used`, { ...whereOf(place), why, next });
}

/** A key that the command line names stands in no file. */
function whereOf(place: Place): { where?: Place } {
  return place.file === undefined ? {} : { where: place };
}

function nameOf(key: Key): string {
  return `key ${key.getKeyID().toHex().toUpperCase()}`;
}

function whyOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
