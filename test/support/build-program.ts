// Runs once before the tests: they start the real program, so dist/ must be what src/ is now. Types are not looked at:
// that is `npm run check`, which comes first in `npm test`. Says where their folders are, and opens the pool of
// warm programs (rig.ts).

import { execFileSync } from "node:child_process";
import { repository } from "./child.ts";
import { useMemoryDisk } from "./fast-disk.ts";
import { openPool } from "./warm/pool.ts";
import { socketVariable } from "./warm/protocol.ts";

export async function setup(): Promise<() => Promise<void>> {
  execFileSync(process.execPath, ["scripts/build.ts", "--noCheck"], { cwd: repository, stdio: "inherit" });
  const disk = useMemoryDisk();
  const pool = await openPool();
  process.env[socketVariable] = pool.socket;
  return async () => {
    await pool.close();
    disk[Symbol.dispose]();
  };
}
