// Holds a lock in a process of its own until it is killed.

import { takeLock } from "../../src/checkpoint/lock.ts";

const [stateFolder = ""] = process.argv.slice(2);
const lock = await takeLock({
  stateFolder,
  name: "job-contacts",
  what: "job contacts",
  waitMs: 0,
  signal: new AbortController().signal,
  onDamage: () => undefined,
});
process.stdout.write("held\n");
process.on("exit", () => lock[Symbol.dispose]());
setInterval(() => undefined, 60_000);
