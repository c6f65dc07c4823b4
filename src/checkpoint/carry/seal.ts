// Pieces of a file that only who has its key can read. In: bytes, the key, and the place that they have in the file. Out: the
// same bytes, sealed or opened. What must hold: a piece that was changed, or that stands at another piece's place, is told.
//
// AES-256-GCM (NIST SP 800-38D) with a nonce of 96 random bits: a key is of one file, whose pieces are far fewer than the
// 2^32 that such nonces are good for.

import { createCipheriv, createDecipheriv } from "node:crypto";
import { randomKey } from "../../core/random.ts";

const algorithm = "aes-256-gcm";
const nonceBytes = 12;
const tagBytes = 16;
export const sealKeyBytes = 32;

/** A piece is not what was sealed for its place. */
export class BrokenSeal extends Error {}

export class Seal {
  readonly #key: Uint8Array;

  constructor(key: Uint8Array) {
    this.#key = key;
  }

  close(bytes: Uint8Array, place: string): Buffer {
    const nonce = randomKey(nonceBytes);
    const cipher = createCipheriv(algorithm, this.#key, nonce).setAAD(Buffer.from(place));
    return Buffer.concat([nonce, cipher.update(bytes), cipher.final(), cipher.getAuthTag()]);
  }

  /** Throws BrokenSeal. */
  open(sealed: Uint8Array, place: string): Buffer {
    const bytes = Buffer.from(sealed.buffer, sealed.byteOffset, sealed.length);
    if (bytes.length < nonceBytes + tagBytes) throw new BrokenSeal(place);
    const end = bytes.length - tagBytes;
    const options = { authTagLength: tagBytes };
    const cipher = createDecipheriv(algorithm, this.#key, bytes.subarray(0, nonceBytes), options)
      .setAAD(Buffer.from(place))
      .setAuthTag(bytes.subarray(end));
    try {
      return Buffer.concat([cipher.update(bytes.subarray(nonceBytes, end)), cipher.final()]);
    } catch {
      throw new BrokenSeal(place);
    }
  }
}
