// A folder that the tests of several files share: it goes with the pool, once all tests have ended.

import { mkdtempSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { socketVariable } from "./warm/protocol.ts";

export function makeKeptFolder(prefix: string): string {
  const socket = process.env[socketVariable];
  return mkdtempSync(join(socket === undefined ? tmpdir() : dirname(socket), prefix));
}
