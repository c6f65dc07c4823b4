// A folder for what a command unpacks and throws away: a plan of a file, say, which may have come encrypted. In: nothing. Out:
// a folder of this user alone (0700). What must hold: it goes with the command; what a killed one has left goes with the next,
// and what another one is using stays.

import { existsSync, lstatSync, mkdtempSync, readdirSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { isSqliteLockFree, openSqliteLock } from "../core/sqlite.ts";

const beginning = "loadline-plan-";

export interface PassingFolder extends Disposable {
  /** An empty folder in it. */
  path: string;
}

export function openPassingFolder(): PassingFolder {
  sweep();
  const folder = mkdtempSync(join(tmpdir(), beginning));
  // Held as long as this process lives, however it ends.
  const lock = openSqliteLock(lockIn(folder), () => undefined);
  return {
    path: join(folder, "plan"),
    [Symbol.dispose]() {
      lock?.close();
      rmSync(folder, { recursive: true, force: true });
    },
  };
}

/** Takes away what nobody holds any more. One that has no lock yet is just being made, and empty. */
function sweep(): void {
  const own = process.getuid?.();
  for (const name of readdirSync(tmpdir()).filter((one) => one.startsWith(beginning))) {
    const folder = join(tmpdir(), name);
    const found = lstatSync(folder, { throwIfNoEntry: false });
    if (found?.isDirectory() !== true || found.uid !== own || !existsSync(lockIn(folder))) continue;
    if (isSqliteLockFree(lockIn(folder))) rmSync(folder, { recursive: true, force: true });
  }
}

function lockIn(folder: string): string {
  return join(folder, "lock");
}
