// The keys that a stream's files are decrypted or encrypted with: references still, files relative to the job's folder.

import type { Diagnostics } from "./diagnostics.ts";
import type { Decryption, Encryption, KeyReference } from "./job.ts";
import { referTo } from "./references.ts";
import type { StreamFile } from "./schema.ts";
import { placeAt, type StreamDraft } from "./stream-draft.ts";

type DecryptionFile = NonNullable<NonNullable<StreamFile["source"]>["format"]>["pgp"];
type EncryptionFile = NonNullable<NonNullable<StreamFile["target"]>["format"]>["pgp"];

export function buildDecryption(
  written: DecryptionFile,
  draft: StreamDraft,
  diagnostics: Diagnostics,
): { decryption?: Decryption } {
  if (written === undefined) return {};
  const buildKey = referenceBuilder(draft, diagnostics);
  const build = (name: keyof typeof written) => buildKey(written[name], ["source", "format", "pgp", name]);
  const privateKeyFile = build("private_key_file");
  const passphrase = build("passphrase");
  const verifyKeyFile = build("verify_key_file");
  if (privateKeyFile === undefined) return {};
  return {
    decryption: {
      privateKeyFile,
      ...(passphrase === undefined ? {} : { passphrase }),
      ...(verifyKeyFile === undefined ? {} : { verifyKeyFile }),
    },
  };
}

export function buildEncryption(
  written: EncryptionFile,
  draft: StreamDraft,
  diagnostics: Diagnostics,
): { encryption?: Encryption } {
  if (written === undefined) return {};
  const buildKey = referenceBuilder(draft, diagnostics);
  const build = (name: keyof typeof written) => buildKey(written[name], ["target", "format", "pgp", name]);
  const recipientKeyFile = build("recipient_key_file");
  const signKeyFile = build("sign_key_file");
  const passphrase = build("passphrase");
  if (recipientKeyFile === undefined) return {};
  return {
    encryption: {
      recipientKeyFile,
      ...(signKeyFile === undefined ? {} : { signKeyFile }),
      ...(passphrase === undefined ? {} : { passphrase }),
    },
  };
}

function referenceBuilder(draft: StreamDraft, diagnostics: Diagnostics) {
  return (text: string | undefined, path: readonly string[]): KeyReference | undefined => {
    if (text === undefined) return undefined;
    const place = placeAt(path, draft, diagnostics);
    const isPath = path.at(-1) !== "passphrase";
    return { ...referTo(text, place, draft.folder, { isPath }), ...(isPath ? { written: text } : {}), place };
  };
}
