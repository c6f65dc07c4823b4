// Where the tests' folders are: in memory, where it serves as a disk and there is enough of it. A tenth of the tests'
// processor time went into bringing files to a disk that nobody reads again. What a kill leaves is the same there; no
// test cuts the power. Who sets TMPDIR has the folders where that says.

import { chmodSync, mkdtempSync, rmSync, statfsSync, statSync } from "node:fs";
import { freemem } from "node:os";
import { join } from "node:path";

const memoryDisk = "/dev/shm";
/** Several times what tests write at one time. */
const bytesMin = 4 * 2 ** 30;

/** Makes a folder in memory the place of temporary files, for this process and those that it starts. */
export function useMemoryDisk(): Disposable {
  if (process.env["TMPDIR"] !== undefined || !hasRoom()) return { [Symbol.dispose]: () => undefined };
  // Short, for views break lines, and a socket has 107 characters.
  const folder = mkdtempSync(join(memoryDisk, "ll-"));
  // As below /tmp, another user comes to a folder in it that is open to all.
  chmodSync(folder, 0o711);
  process.env["TMPDIR"] = folder;
  return {
    [Symbol.dispose]() {
      delete process.env["TMPDIR"];
      rmSync(folder, { recursive: true, force: true });
    },
  };
}

/** Older kernels don't keep there when a file was made, which tells tests the order of runs. */
function hasRoom(): boolean {
  try {
    const { bavail, bsize } = statfsSync(memoryDisk);
    return Math.min(bavail * bsize, freemem()) >= bytesMin && statSync(memoryDisk).birthtimeMs > 0;
  } catch {
    return false;
  }
}
