// Free disk space is checked before staging, so that a full disk is a sentence at the start instead of a failure halfway.

import { statfsSync } from "node:fs";
import { Failure } from "../core/errors.ts";
import { exitCode } from "../core/exit-code.ts";

/** Staged rows, spilled data, the plan and its batches together, measured on wide and narrow files. */
const workPerInputByte = 2;
const workBytesMin = 8 << 20;

/** Throws a Failure when the folder's disk has no room for the work on so many bytes of input. */
export function refuseFullDisk(folder: string, inputBytes: number): void {
  const { bavail, bsize } = statfsSync(folder);
  const free = bavail * bsize;
  const wanted = Math.max(workBytesMin, inputBytes * workPerInputByte);
  if (free >= wanted) return;
  throw new Failure(
    exitCode.failed,
    `not enough disk space: ${megabytes(free)} free, about ${megabytes(wanted)} wanted`,
    {
      where: { file: folder },
      next: "free some space, then run loadline resume",
    },
  );
}

function megabytes(bytes: number): string {
  return `${Math.ceil(bytes / (1 << 20))} MB`;
}
