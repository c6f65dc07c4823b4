// Files of a run that are read again: what the ledger says of them must still be so.

import { existsSync } from "node:fs";
import { join } from "node:path";
import { Failure } from "../../core/errors.ts";
import { exitCode } from "../../core/exit-code.ts";
import { hashFile } from "../../core/files.ts";

export interface RunFile {
  run: string;
  /** For the message: "the plan of stream contacts". */
  what: string;
  path: string;
  /** As the ledger has it. */
  sha256: string | null;
}

/** Throws a Failure that names a file which is missing or changed, and the two ways to go on. */
export async function verifyRunFile({ run, what, path, sha256 }: RunFile): Promise<void> {
  const isThere = existsSync(path);
  if (isThere && (sha256 === null || (await hashFile(path)) === sha256)) return;
  throw new Failure(exitCode.failed, isThere ? `${what} is not the one that was written` : `${what} is missing`, {
    where: { file: path },
    why: isThere
      ? "its SHA-256 is not the one that the ledger has"
      : "somebody has deleted it, or a part of the run's folder",
    next: `restore it, then loadline resume ${run}; or give the run up: loadline abandon ${run}`,
  });
}

/** Where a run keeps its files, below the state folder. */
export function runFolder(stateFolder: string, run: string): string {
  return join(stateFolder, "runs", run);
}
