// Files encrypted by OpenPGP. In: a file, and keys (pgp-keys.ts). Out: another file, on disk. What must hold: memory does
// not grow with the file; nothing that was decrypted has its name before all of it is proved to be what the sender
// encrypted and, where senders are known, signed: openpgp hands bytes out before it has seen the end.

import { createReadStream, renameSync, rmSync } from "node:fs";
import { open } from "node:fs/promises";
import { Readable } from "node:stream";
import type { DecryptMessageResult, MaybeStream, Message } from "openpgp";
import { now } from "../core/clock.ts";
import { Failure } from "../core/errors.ts";
import { exitCode } from "../core/exit-code.ts";
import { failpoint } from "../core/failpoint.ts";
import { watchArmor } from "./armor.ts";
import { Growth } from "./packing.ts";
import { type DecryptionKeys, type EncryptionKeys, refuseUnusable } from "./pgp-keys.ts";
import { type UnpackedFile, writeUnpacked } from "./unpack.ts";

const chunkBytes = 1 << 20;

interface EncryptedFile {
  path: string;
  label: string;
  bytes: number;
}

/** Throws a Failure where the file is not encrypted for these keys, is damaged, or has not the signature it must have. */
export async function decryptFile(file: EncryptedFile, keys: DecryptionKeys, to: string): Promise<UnpackedFile> {
  const unproved = `${to}.unproved`;
  try {
    const written = await writeUnpacked(readDecrypted(file, keys), unproved, withoutEncryption(file.label));
    failpoint("decrypted");
    renameSync(unproved, to);
    return { ...written, path: to };
  } catch (error) {
    rmSync(unproved, { force: true });
    throw explainRefusal(file.label, error);
  }
}

/** The name of what is encrypted, which may be packed still. */
export function withoutEncryption(name: string): string {
  return name.replace(/\.(pgp|gpg|asc)$/, "");
}

async function* readDecrypted({ path, label, bytes }: EncryptedFile, keys: DecryptionKeys): AsyncGenerator<Buffer> {
  const { decrypt } = await import("openpgp");
  const input = createReadStream(path, { highWaterMark: chunkBytes });
  try {
    const { data, signatures }: Decrypted = await decrypt({
      message: await readEncrypted(path, input),
      decryptionKeys: keys.own.keys,
      ...(keys.senders === undefined ? {} : { verificationKeys: keys.senders.keys, expectSigned: true }),
      format: "binary",
      date: now(),
      // Without it a message is held in memory until its end has proved it; here nothing of it is used before that.
      config: { allowUnauthenticatedStream: true },
    });
    // Where a signature is wanted, the stream itself fails without one.
    for (const { verified } of signatures) verified.catch(() => undefined);
    yield* new Growth(label, bytes).watch(chunksOf(data));
  } finally {
    input.destroy();
  }
}

type Decrypted = Omit<DecryptMessageResult, "data"> & { data: MaybeStream<Uint8Array> };

async function readEncrypted(path: string, input: Readable): Promise<Message<MaybeStream<Uint8Array>>> {
  const { readMessage } = await import("openpgp");
  // The first byte of a packet has its highest bit set, and text has not.
  const isArmored = ((await firstByte(path)) & 0x80) === 0;
  if (isArmored) {
    const text = Readable.from(watchArmor(input.setEncoding("latin1")));
    return readMessage({ armoredMessage: toWeb<string>(text) });
  }
  return readMessage({ binaryMessage: toWeb<Uint8Array>(input) });
}

async function firstByte(path: string): Promise<number> {
  const file = await open(path);
  try {
    const { buffer } = await file.read(Buffer.alloc(1), 0, 1, 0);
    return buffer[0] ?? 0;
  } finally {
    await file.close();
  }
}

/** Encrypts, and signs where there is a key for it; a name that ends in .asc is written as text. */
export async function encryptFile(from: string, keys: EncryptionKeys, to: string, name: string): Promise<void> {
  await refuseUnusable(keys);
  const { createMessage, encrypt } = await import("openpgp");
  const input = createReadStream(from, { highWaterMark: chunkBytes });
  const output = await open(to, "w", 0o600);
  try {
    const request = {
      message: await createMessage({ binary: toWeb<Uint8Array>(input), date: now() }),
      encryptionKeys: keys.recipients.keys,
      ...(keys.own === undefined ? {} : { signingKeys: keys.own.keys }),
      date: now(),
    };
    const encrypted: MaybeStream<Uint8Array | string> = name.endsWith(".asc")
      ? await encrypt({ ...request, format: "armored" })
      : await encrypt({ ...request, format: "binary" });
    for await (const chunk of chunksOf(encrypted)) await output.writeFile(chunk);
  } finally {
    input.destroy();
    await output.close();
  }
}

/** openpgp has streams of its own types, which are those of Node. */
function toWeb<T extends Uint8Array | string>(input: Readable): ReadableStream<T> {
  return Readable.toWeb(input) as ReadableStream<T>;
}

async function* chunksOf(data: MaybeStream<Uint8Array | string>): AsyncGenerator<Buffer> {
  const chunks = data as unknown as AsyncIterable<Uint8Array | string>;
  for await (const chunk of chunks) {
    yield typeof chunk === "string" ? Buffer.from(chunk) : Buffer.from(chunk.buffer, chunk.byteOffset, chunk.length);
  }
}

/** What openpgp says, by what a person can do about it. */
const refusals: readonly { pattern: RegExp; message: string; next: string }[] = [
  {
    pattern: /No decryption key packets found|No public key encrypted session key/,
    message: "the file is not encrypted for the key of the job",
    next: "give the sender the public key that goes with private_key_file, or name the right key there",
  },
  {
    pattern: /No encrypted data found|not armored|Misformed armor|Unknown ASCII armor|Armored text not of type/i,
    message: "the file is not encrypted",
    next: "ask the sender for it encrypted",
  },
  {
    pattern: /Message is not signed/,
    message: "the file is not signed, and verify_key_file wants a signature",
    next: "ask the sender to sign it, or leave verify_key_file out",
  },
  {
    pattern: /key is (revoked|expired)|Key is newer than the signature/,
    message: "the file is signed by a key of verify_key_file that was not valid when it was signed",
    next: "ask the sender for it signed with a valid key, and for its public key",
  },
  {
    pattern: /Could not find signing key|Signed digest did not match|[Ss]ignature|[Ss]igning/,
    message: "the file is not signed by a key of verify_key_file",
    next: "ask the sender which key signs, and take none that you have not compared",
  },
  {
    pattern: /Message is not authenticated/,
    message: "the file has no integrity protection: whoever passed it on could have changed it",
    next: "ask the sender for it encrypted with today's defaults",
  },
];

function explainRefusal(label: string, error: unknown): unknown {
  // Errors of the machine have a system call.
  if (!(error instanceof Error) || error instanceof Failure || "syscall" in error) return error;
  const why = error.message.replace(/^Error decrypting message: /, "");
  const known = refusals.find(({ pattern }) => pattern.test(why));
  return new Failure(exitCode.failed, known?.message ?? "the encrypted file is damaged", {
    where: { file: label },
    why,
    next: known?.next ?? "fetch it again, or ask the sender for another one; nothing of it was taken",
  });
}
