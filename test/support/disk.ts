// A small disk of its own, to be filled up. Tests that need one are skipped where nobody may mount it.

import { spawnSync } from "node:child_process";
import { mkdirSync, mkdtempSync, rmdirSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

/** For `test.skipIf`. */
export const canMount = tryMounting();

/** Takes what is left, to the last byte. */
export function fillDisk(disk: string): string {
  const filler = join(disk, "filler");
  for (const size of [1 << 20, 1 << 12, 1]) {
    try {
      for (;;) writeFileSync(filler, Buffer.alloc(size), { flag: "a" });
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== "ENOSPC") throw error;
    }
  }
  return filler;
}

export function mountDisk(folder: string, megabytes: number): Disposable {
  mkdirSync(folder);
  const made = spawnSync("mount", ["-t", "tmpfs", "-o", `size=${megabytes}m`, "tmpfs", folder]);
  if (made.status !== 0) throw new Error(`mounting a disk of its own: ${String(made.stderr)}`);
  return { [Symbol.dispose]: () => void spawnSync("umount", ["-l", folder]) };
}

function tryMounting(): boolean {
  const folder = mkdtempSync(join(tmpdir(), "loadline-mount-"));
  const mounted = spawnSync("mount", ["-t", "tmpfs", "-o", "size=1m", "tmpfs", folder]).status === 0;
  if (mounted) spawnSync("umount", [folder]);
  rmdirSync(folder);
  return mounted;
}
