// The RSA pair of the sandboxes that a process of the tests starts: making one is half of a start, so it is made once.

import { generateKeyPairSync } from "node:crypto";
import { existsSync, mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";

let pair: { privateKey: string; publicKey: string } | undefined;

/** Puts it into the folder of a sandbox's data, unless there is one. */
export function placeKeys(folder: string): void {
  mkdirSync(folder, { recursive: true });
  if (existsSync(join(folder, "sandbox.pub"))) return;
  pair ??= generateKeyPairSync("rsa", {
    modulusLength: 2048,
    privateKeyEncoding: { type: "pkcs8", format: "pem" },
    publicKeyEncoding: { type: "spki", format: "pem" },
  });
  writeFileSync(join(folder, "sandbox.key"), pair.privateKey, { mode: 0o600 });
  writeFileSync(join(folder, "sandbox.pub"), pair.publicKey, { mode: 0o600 });
}
