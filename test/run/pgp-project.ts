// Projects whose files are encrypted, with keys made anew: `own` belongs to who runs the job and is locked by a passphrase,
// `sender` to who sends files.

import { readdirSync } from "node:fs";
import { join, relative } from "node:path";
import { createMessage, encrypt, encryptKey, generateKey, type PrivateKey } from "openpgp";
import { createProject, type Project } from "../support/rig.ts";

export const passphrase = "correct horse battery";
export const csv = "id,last\n1,Müller\n2,Brown\n";
/** What a job makes of it. */
export const written = "Id,Name\n1,Müller\n2,Brown\n";

export interface TestKey {
  key: PrivateKey;
  /** Armored. */
  secret: string;
  public: string;
}

export interface Keyring {
  own: TestKey;
  sender: TestKey;
}

export async function makeKeyring(): Promise<Keyring> {
  return { own: await makeKey("own", { passphrase }), sender: await makeKey("sender") };
}

export async function makeKey(
  name: string,
  more: { passphrase?: string; date?: Date; keyExpirationTime?: number; subkeys?: { sign: boolean }[] } = {},
): Promise<TestKey> {
  const { passphrase: locked, ...options } = more;
  const { privateKey } = await generateKey({ userIDs: [{ name }], format: "object", ...options });
  const kept = locked === undefined ? privateKey : await encryptKey({ privateKey, passphrase: locked });
  return { key: privateKey, secret: kept.armor(), public: privateKey.toPublic().armor() };
}

/** Encrypted for a recipient, and signed where there is a signer. */
export async function seal(content: string | Uint8Array, recipient: TestKey, signer?: TestKey): Promise<Buffer> {
  const message = await createMessage({ binary: new Uint8Array(Buffer.from(content)) });
  const signed = signer === undefined ? {} : { signingKeys: signer.key };
  return Buffer.from(await encrypt({ message, encryptionKeys: recipient.key.toPublic(), ...signed, format: "binary" }));
}

export interface SealedJob {
  /** Below `source.format.pgp` and `target.format.pgp`; without one, files are in clear. */
  source?: string | undefined;
  target?: string | undefined;
  out?: string;
  files?: Record<string, string | Uint8Array>;
}

export const decrypting = `private_key_file: keys/own.asc, passphrase: "\${PGP_PASS}"`;
export const verifying = `${decrypting}, verify_key_file: keys/sender-public.asc`;
export const encrypting = "recipient_key_file: keys/own-public.asc, sign_key_file: keys/sender.asc";

/** A project whose job takes what is in `inbox` to a file in `out`. */
export function placeJob(
  { own, sender }: Keyring,
  { source, target, out = "out.csv", files = {} }: SealedJob,
): Project {
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

/** All files below a folder, by their paths in it. */
export function filesBelow(folder: string): string[] {
  const entries = readdirSync(folder, { recursive: true, withFileTypes: true });
  const paths = entries.filter((entry) => entry.isFile()).map((entry) => join(entry.parentPath, entry.name));
  return paths.map((path) => relative(folder, path)).sort();
}
