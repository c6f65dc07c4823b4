// The only source of randomness, so that tests can own it.

import { randomBytes } from "node:crypto";

/** A short random hexadecimal id. */
export function randomId(bytes = 2): string {
  return randomBytes(bytes).toString("hex");
}

/** Bytes that nobody can guess. */
export function randomKey(bytes: number): Buffer {
  return randomBytes(bytes);
}

/** A fraction in [0, 1), for jitter only. */
export function randomFraction(): number {
  return Math.random();
}

/** A repeatable sequence of fractions in [0, 1): the same seed, the same sequence (mulberry32). */
export function seededFraction(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4294967296;
  };
}
