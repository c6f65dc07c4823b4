// Messages of OpenPGP that an honest sender's program does not make, and what an honest one made long ago.

import { createCipheriv, createHash, randomBytes } from "node:crypto";
import { createMessage, encrypt, encryptSessionKey, reformatKey, revokeKey, sign } from "openpgp";
import { csv, makeKey, type TestKey } from "./pgp-project.ts";

const plain = () => createMessage({ binary: new Uint8Array(Buffer.from(csv)) });

/** Encrypted now; `change` has the bytes between signing and encrypting. */
export async function sealSigned(
  recipient: TestKey,
  signer: TestKey,
  { date = new Date(), change }: { date?: Date; change?(signed: Buffer): void },
): Promise<Buffer> {
  const signed = Buffer.from(await sign({ message: await plain(), signingKeys: signer.key, date, format: "binary" }));
  change?.(signed);
  const { sessionKey, secret } = await makeSessionKey(recipient);
  const content = Buffer.concat([randomStart(), signed, Buffer.from([0xd3, 0x14])]);
  const hash = createHash("sha1").update(content).digest();
  const encrypted = encryptCfb(secret, Buffer.alloc(16), Buffer.concat([content, hash]));
  return Buffer.concat([sessionKey, packet(18, Buffer.concat([Buffer.from([1]), encrypted]))]);
}

/** The packet that RFC 9580 (5.7) has deprecated: OpenPGP's CFB mode (13.9), and nothing that tells a change. */
export async function sealWithoutIntegrity(recipient: TestKey): Promise<Buffer> {
  const { sessionKey, secret } = await makeSessionKey(recipient);
  const start = encryptCfb(secret, Buffer.alloc(16), randomStart());
  const rest = encryptCfb(secret, start.subarray(2), Buffer.from((await plain()).write() as Uint8Array));
  return Buffer.concat([sessionKey, packet(9, Buffer.concat([start, rest]))]);
}

const chunkSize = 10;
const chunkBytes = 2 ** (chunkSize + 6);

/** The packet that GnuPG writes since 2.3 for keys that it made itself: OCB, draft-ietf-openpgp-rfc4880bis-10 (5.16). */
export async function sealOcb(recipient: TestKey, content: string): Promise<Buffer> {
  const { sessionKey, secret } = await makeSessionKey(recipient);
  const plaintext = packet(11, Buffer.concat([Buffer.from([0x62, 0, 0, 0, 0, 0]), Buffer.from(content)]));
  const kind = Buffer.from([1, 9, 2, chunkSize]);
  const start = randomBytes(15);
  const sealChunk = (index: number, chunk: Buffer, ...more: Buffer[]) => {
    const counter = uint64(index);
    const nonce = Buffer.concat([start.subarray(0, 7), start.subarray(7).map((byte, at) => byte ^ (counter[at] ?? 0))]);
    const cipher = createCipheriv("aes-256-ocb", secret, nonce, { authTagLength: 16 });
    cipher.setAAD(Buffer.concat([Buffer.from([0xd4]), kind, counter, ...more]));
    return Buffer.concat([cipher.update(chunk), cipher.final(), cipher.getAuthTag()]);
  };
  const count = Math.ceil(plaintext.length / chunkBytes);
  const chunks = Array.from({ length: count }, (_, index) =>
    sealChunk(index, plaintext.subarray(index * chunkBytes, (index + 1) * chunkBytes)),
  );
  const last = sealChunk(count, Buffer.alloc(0), uint64(plaintext.length));
  return Buffer.concat([sessionKey, packet(20, Buffer.concat([kind, start, ...chunks, last]))]);
}

function uint64(value: number): Buffer {
  const bytes = Buffer.alloc(8);
  bytes.writeBigUInt64BE(BigInt(value));
  return bytes;
}

async function makeSessionKey(recipient: TestKey): Promise<{ sessionKey: Uint8Array; secret: Uint8Array }> {
  const encryptionKeys = recipient.key.toPublic();
  const session = { data: randomBytes(32), algorithm: "aes256" } as const;
  return {
    secret: session.data,
    sessionKey: await encryptSessionKey({ ...session, encryptionKeys, format: "binary" }),
  };
}

/** A block, and its last two bytes again. */
function randomStart(): Buffer {
  const random = randomBytes(16);
  return Buffer.concat([random, random.subarray(-2)]);
}

function packet(tag: number, body: Buffer): Buffer {
  const header = Buffer.from([0xc0 | tag, 0xff, 0, 0, 0, 0]);
  header.writeUInt32BE(body.length, 2);
  return Buffer.concat([header, body]);
}

function encryptCfb(key: Uint8Array, start: Buffer, content: Buffer): Buffer {
  return createCipheriv("aes-256-cfb", key, start).update(content);
}

export async function armorOf(recipient: TestKey): Promise<string> {
  return encrypt({ message: await plain(), encryptionKeys: recipient.key.toPublic(), format: "armored" });
}

/** A key as the job has it, which ended in 2022, and as one has it who goes on signing with it. */
export interface EndedKey {
  known: string;
  secret: string;
  kept: TestKey;
}

const made = new Date("2020-01-01");
const ended = new Date("2022-01-01");

export async function makeExpired(): Promise<EndedKey> {
  const keyExpirationTime = (ended.getTime() - made.getTime()) / 1000;
  const known = await makeKey("ended", { date: made, keyExpirationTime });
  const date = new Date(made.getTime() + 1000);
  const { privateKey: key } = await reformatKey({
    privateKey: known.key,
    userIDs: [{ name: "ended" }],
    date,
    format: "object",
  });
  return { known: known.public, secret: known.secret, kept: { ...known, key } };
}

/** 2 is compromised, 3 is retired (RFC 9580, 5.2.3.31). */
export async function makeRevoked(flag: 2 | 3): Promise<EndedKey> {
  const kept = await makeKey("ended", { date: made });
  const reasonForRevocation = { flag, string: "" };
  const revoked = await revokeKey({ key: kept.key, date: ended, reasonForRevocation, format: "object" });
  return { known: revoked.publicKey.armor(), secret: revoked.privateKey.armor(), kept };
}
