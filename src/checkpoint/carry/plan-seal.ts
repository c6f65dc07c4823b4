// Plan files that only some may read. In: public keys of OpenPGP when a file is written, a private one when it is read. Out:
// the key of the file. What must hold: the key of a file is nowhere but in memory, and in the file for its recipients; who
// has none of their private keys is told so, with what the file is encrypted to.
//
// A file has a key of its own, which is encrypted to the recipients (OpenPGP, RFC 9580); what is in the file is sealed by it
// (seal.ts). So an approval and a claim are added without that anything is encrypted anew.

import { Failure, showPath, usageFailure } from "../../core/errors.ts";
import { randomKey } from "../../core/random.ts";
import type { Secret } from "../../core/secret.ts";
import { type Keys, readPrivateKeys, readPublicKeys } from "../../formats/pgp-keys.ts";
import { decryptBytes, encryptBytes, recipientsOf } from "../../formats/pgp-message.ts";
import type { Sealing } from "./packed-file.ts";
import { damagedPlan, readPlanSeal } from "./plan-file.ts";
import { sealKeyBytes } from "./seal.ts";

/** Who may read a plan file. */
export type Recipients = readonly Keys[];

/** Throws a Failure (2) for a file that holds no key. */
export async function readRecipients(paths: readonly string[]): Promise<Recipients> {
  return Promise.all(paths.map((path) => readPublicKeys({ path, place: {} })));
}

/** `label`: the plan. Throws a Failure (2) for a key that has expired, was revoked, or is for other work. */
export async function makeSealing(recipients: Recipients, label: string): Promise<Sealing> {
  const key = randomKey(sealKeyBytes);
  return { key, message: await encryptBytes(key, recipients), label };
}

export interface PrivateKeyFile {
  path: string;
  passphrase: Secret | undefined;
  /** How the passphrase is given. */
  passphraseBy: string;
}

/** The key of a plan file. Throws a Failure (2) where the private key is not one of its recipients'. */
export async function unsealPlan(
  file: string,
  { path, passphrase, passphraseBy }: PrivateKeyFile,
): Promise<Uint8Array> {
  const seal = readPlanSeal(file);
  if (seal === undefined) {
    throw usageFailure(`the plan in ${showPath(file)} is not encrypted`, { next: "leave --decrypt-with out" });
  }
  const given = passphrase === undefined ? undefined : { secret: passphrase, place: {} };
  const own = await readPrivateKeys({ path, place: {}, passphraseBy }, given);
  const { key, recipients } = await open(file, seal.message, own);
  if (key === undefined) {
    const ids = own.keys.map((one) => one.getKeyID().toHex().toUpperCase());
    throw usageFailure(`the plan in ${showPath(file)} is not encrypted for the key in ${showPath(path)}`, {
      why: `it is encrypted for ${recipients.join(", ")}; that file has ${ids.join(", ")}`,
      next: "name the private key of one of them, or have the plan made again with your public key",
    });
  }
  if (key.length !== sealKeyBytes) throw damagedPlan(file, "its key is not what was encrypted");
  return key;
}

async function open(
  file: string,
  message: Uint8Array,
  own: Parameters<typeof decryptBytes>[1],
): Promise<{ key: Uint8Array | undefined; recipients: string[] }> {
  try {
    return { key: await decryptBytes(message, own), recipients: await recipientsOf(message) };
  } catch (error) {
    if (error instanceof Failure) throw error;
    throw damagedPlan(
      file,
      `its key is not what was encrypted (${error instanceof Error ? error.message : String(error)})`,
    );
  }
}
