// The keys of a stream's encrypted files, read and opened as its job names them.

import {
  type DecryptionKeys,
  type EncryptionKeys,
  type KeyFile,
  type Passphrase,
  readPrivateKeys,
  readPublicKeys,
  refuseUseless,
} from "../../formats/pgp-keys.ts";
import type { Environment, KeyReference, Stream } from "../../job/job.ts";

export interface StreamKeys {
  decryption?: DecryptionKeys;
  encryption?: EncryptionKeys;
}

/** Throws a Failure at the place of a key that can't be used. */
export async function openStreamKeys({ source, target }: Stream, environment: Environment): Promise<StreamKeys> {
  const fileOf = ({ resolve, place }: KeyReference): KeyFile => ({ path: resolve(environment).reveal(), place });
  const openPassphrase = (reference: KeyReference | undefined): Passphrase | undefined =>
    reference === undefined ? undefined : { secret: reference.resolve(environment), place: reference.place };
  const keys: StreamKeys = {};
  if (source.kind === "files" && source.decryption !== undefined) {
    const { privateKeyFile, passphrase, verifyKeyFile } = source.decryption;
    keys.decryption = {
      own: await readPrivateKeys(fileOf(privateKeyFile), openPassphrase(passphrase)),
      ...(verifyKeyFile === undefined ? {} : { senders: await readPublicKeys(fileOf(verifyKeyFile)) }),
    };
    await refuseUseless(keys.decryption);
  }
  if (target.encryption !== undefined) {
    const { recipientKeyFile, signKeyFile, passphrase } = target.encryption;
    keys.encryption = {
      recipients: await readPublicKeys(fileOf(recipientKeyFile)),
      ...(signKeyFile === undefined
        ? {}
        : { own: await readPrivateKeys(fileOf(signKeyFile), openPassphrase(passphrase)) }),
    };
  }
  return keys;
}
