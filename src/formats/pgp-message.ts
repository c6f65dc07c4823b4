// A few bytes encrypted by OpenPGP, in memory: the key of a plan file, say. In: bytes, and keys (pgp-keys.ts). Out: a message.
// What must hold: a message that is not whole is not opened.

import type { PrivateKey } from "openpgp";
import { now } from "../core/clock.ts";
import { type Keys, refuseUnusable } from "./pgp-keys.ts";

/** A message that does not say whom it is for. */
const anybody = "0000000000000000";

/** To each of the keys. Throws a Failure where one can't be encrypted to. */
export async function encryptBytes(bytes: Uint8Array, recipients: readonly Keys[]): Promise<Uint8Array> {
  for (const one of recipients) await refuseUnusable({ recipients: one });
  const { createMessage, encrypt } = await import("openpgp");
  const message = await createMessage({ binary: new Uint8Array(bytes), date: now() });
  return encrypt({ message, encryptionKeys: recipients.flatMap(({ keys }) => keys), format: "binary", date: now() });
}

/** Undefined where none of the keys opens it. Throws what openpgp says of a message that is damaged. */
export async function decryptBytes(bytes: Uint8Array, own: Keys<PrivateKey>): Promise<Uint8Array | undefined> {
  const { decrypt, readMessage } = await import("openpgp");
  const message = await readMessage({ binaryMessage: new Uint8Array(bytes) });
  const wanted = message.getEncryptionKeyIDs();
  const fitting = own.keys.filter((key) => wanted.some((id) => key.getKeys(id).length > 0 || id.toHex() === anybody));
  if (fitting.length === 0) return undefined;
  const { data } = await decrypt({ message, decryptionKeys: fitting, format: "binary", date: now() });
  return data as Uint8Array;
}

/** The ids of the keys that it is encrypted to. */
export async function recipientsOf(bytes: Uint8Array): Promise<string[]> {
  const { readMessage } = await import("openpgp");
  const message = await readMessage({ binaryMessage: new Uint8Array(bytes) });
  return message.getEncryptionKeyIDs().map((id) => id.toHex().toUpperCase());
}
