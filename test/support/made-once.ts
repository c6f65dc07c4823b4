// What a database server's first files are, made once for all files of tests, and copied for each server: making them takes
// ten times as much (0.85 s of processor time for PostgreSQL, 0.5 s for MariaDB).

import { execFileSync } from "node:child_process";
import { existsSync, renameSync, rmSync } from "node:fs";
import { dirname, join } from "node:path";
import { socketVariable } from "./warm/protocol.ts";

/** `name`: beside the socket of the tests' host, where they have one. */
export function makeOnce(name: string, folder: string, make: (folder: string) => void): void {
  const socket = process.env[socketVariable];
  const made = socket === undefined ? undefined : join(dirname(socket), name);
  const copy = (from: string, to: string) => execFileSync("cp", ["-a", from, to]);
  if (made !== undefined && existsSync(made)) {
    copy(made, folder);
    return;
  }
  make(folder);
  if (made === undefined) return;
  const own = `${made}-${process.pid}`;
  copy(folder, own);
  try {
    renameSync(own, made);
  } catch {
    // Another process was faster.
    rmSync(own, { recursive: true });
  }
}
