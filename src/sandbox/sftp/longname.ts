// A line of `ls -l`, which SFTP version 3 sends along with each name of a folder and OpenSSH's `sftp` prints.

import type { Stats } from "node:fs";
import { now } from "../../core/clock.ts";

const halfYearMs = 183 * 86_400_000;

export function longnameOf(name: string, stats: Stats): string {
  const type = stats.isDirectory() ? "d" : stats.isSymbolicLink() ? "l" : "-";
  const rights = [6, 3, 0].map((shift) => {
    const bits = (stats.mode >> shift) & 7;
    return `${(bits & 4) === 0 ? "-" : "r"}${(bits & 2) === 0 ? "-" : "w"}${(bits & 1) === 0 ? "-" : "x"}`;
  });
  const owner = `${String(stats.nlink).padStart(4)} ${"sandbox".padEnd(8)} ${"sandbox".padEnd(8)}`;
  return `${type}${rights.join("")} ${owner} ${String(stats.size).padStart(8)} ${dateOf(stats.mtime)} ${name}`;
}

/** The time of day within half a year, otherwise the year. */
function dateOf(time: Date): string {
  const text = time.toUTCString();
  const month = text.slice(8, 11);
  const isRecent = Math.abs(now().getTime() - time.getTime()) < halfYearMs;
  const last = isRecent ? text.slice(17, 22) : String(time.getUTCFullYear()).padStart(5);
  return `${month} ${String(time.getUTCDate()).padStart(2)} ${last}`;
}
