// The machine: Node, the disk that the state lies on, and who may read it.

import { accessSync, constants, existsSync, lstatSync, readdirSync, statfsSync } from "node:fs";
import { join } from "node:path";
import { explain, showPath } from "../../../core/errors.ts";
import { userName } from "../../../core/user.ts";
import { type Finding, ok, warning, wrong } from "./finding.ts";

const oldestNode = 24;

export function lookAtNode(version = process.versions.node): Finding {
  const major = Number(version.split(".")[0]);
  if (major >= oldestNode) return ok("node", `Node ${version}`);
  return wrong(
    "node",
    `Node ${version}: ${oldestNode} or newer is wanted`,
    `npm install --save-dev node@${oldestNode} brings one`,
  );
}

const megabyte = 1_000_000;
const freeWrong = 100 * megabyte;
const freeWarning = 2000 * megabyte;

/**
 * Kinds of file systems by statfs(2)'s f_type (https://man7.org/linux/man-pages/man2/statfs.2.html) that a state does not
 * live on well. "WAL does not work over a network filesystem": https://sqlite.org/wal.html
 */
const kinds: ReadonlyMap<number, { name: string; is: "network" | "passing" | "unknown" }> = new Map([
  [0x6969, { name: "NFS", is: "network" }],
  [0xff534d42, { name: "CIFS", is: "network" }],
  [0xfe534d42, { name: "SMB", is: "network" }],
  [0x517b, { name: "SMB", is: "network" }],
  [0x5346414f, { name: "AFS", is: "network" }],
  [0x00c36400, { name: "Ceph", is: "network" }],
  [0x01021997, { name: "9p", is: "network" }],
  [0x01021994, { name: "tmpfs", is: "passing" }],
  [0x858458f6, { name: "ramfs", is: "passing" }],
  [0x794c7630, { name: "overlay", is: "passing" }],
  [0x65735546, { name: "FUSE", is: "unknown" }],
]);

/** `folder`: one that is there, on the disk where the state is or will be. */
export function lookAtDisk(folder: string, statfs: typeof statfsSync = statfsSync): Finding[] {
  const { bavail, bsize, type } = statfs(folder);
  return [lookAtSpace(folder, bavail * bsize), lookAtKind(folder, type >>> 0)];
}

function lookAtSpace(folder: string, free: number): Finding {
  const told = `${Math.floor(free / megabyte)} MB free in ${showPath(folder)}`;
  const next = "free some space; loadline state purge --older-than 7d deletes folders of old runs";
  if (free < freeWrong) return wrong("disk", told, next);
  return free < freeWarning ? warning("disk", told, next) : ok("disk", told);
}

function lookAtKind(folder: string, type: number): Finding {
  const kind = kinds.get(type);
  const where = showPath(folder);
  switch (kind?.is) {
    case undefined:
      return ok("file system", `a local one, type 0x${type.toString(16)}`);
    case "network":
      return wrong(
        "file system",
        `${where} is on ${kind?.name}: SQLite's locks and its log do not hold on a network file system`,
        "put the project on a local disk; to carry the state between machines use loadline state export",
      );
    case "passing":
      return warning(
        "file system",
        `${where} is on ${kind?.name}: what is there goes with the container or the machine`,
        "mount a volume for .loadline, or carry the state with loadline state export and import",
      );
    default:
      return warning(
        "file system",
        `${where} is on ${kind?.name}: whether locks hold there is for what is behind it`,
        "use a local disk, unless you know that it keeps locks (fcntl) between processes",
      );
  }
}

/** Whether others may read what is there. `folder`: the project's. */
export function lookAtPermissions(folder: string, stateFolder: string): Finding[] {
  const findings: Finding[] = [];
  const secrets = join(folder, ".env");
  if (existsSync(secrets) && isOpen(secrets)) {
    findings.push(
      warning("permissions", `${showPath(secrets)} can be read by others`, `chmod 600 ${showPath(secrets)}`),
    );
  }
  if (!existsSync(stateFolder)) {
    const parent = canWrite(folder);
    if (parent !== undefined)
      findings.push(wrong("permissions", parent, "let this user write into the project's folder"));
    return findings.length > 0 ? findings : [ok("permissions", "there is no state yet, and it can be made")];
  }
  const state = canWrite(stateFolder);
  if (state !== undefined) {
    findings.push(wrong("permissions", state, `chown -R ${userName()} ${showPath(stateFolder)}`));
    return findings;
  }
  const names = ["", ...readdirSync(stateFolder).filter((name) => name !== ".gitignore" && !name.endsWith(".json"))];
  const open = names.map((name) => join(stateFolder, name)).filter(isOpen);
  if (open.length > 0) {
    const more = open.length > 1 ? ` and ${open.length - 1} more` : "";
    const next = `chmod -R go= ${showPath(stateFolder)}`;
    findings.push(warning("permissions", `${showPath(open[0] ?? "")}${more} can be read by others`, next));
  }
  return findings.length > 0 ? findings : [ok("permissions", `${showPath(stateFolder)} is this user's alone`)];
}

function isOpen(path: string): boolean {
  return process.platform !== "win32" && (lstatSync(path).mode & 0o077) !== 0;
}

function canWrite(path: string): string | undefined {
  try {
    accessSync(path, constants.R_OK | constants.W_OK | constants.X_OK);
    return undefined;
  } catch (error) {
    return `${showPath(path)} can't be read and written by ${userName()}: ${explain(error).split("\n")[0]}`;
  }
}
