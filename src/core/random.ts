// The only source of randomness, so that tests can own it.

import { randomBytes } from "node:crypto";

/** A short random hexadecimal id. */
export function randomId(bytes = 2): string {
  return randomBytes(bytes).toString("hex");
}

/** A fraction in [0, 1), for jitter only. */
export function randomFraction(): number {
  return Math.random();
}
