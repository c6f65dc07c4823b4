// The files of a local folder: which are there, and what becomes of them once they are loaded. What must hold: nothing
// outside the folder is read, moved or deleted, whatever a glob, a link or a job says; a file is moved in one step, and
// never over another one.

import {
  chmodSync,
  copyFileSync,
  existsSync,
  linkSync,
  lstatSync,
  mkdirSync,
  readFileSync,
  readlinkSync,
  realpathSync,
  renameSync,
  rmSync,
  statSync,
  symlinkSync,
  unlinkSync,
} from "node:fs";
import { dirname, isAbsolute, join, posix, relative, resolve } from "node:path";
import type { FileCatalog, ListedFile } from "../../contract/files.ts";
import { Failure } from "../../core/errors.ts";
import { exitCode } from "../../core/exit-code.ts";
import { hashFile, syncFile } from "../../core/files.ts";
import type { Folder } from "./connection.ts";
import { isInside, outside, pathInside } from "./fence.ts";
import { findFiles } from "./listing.ts";

export function openFolder(connection: Folder): FileCatalog {
  const pathOf = (label: string) => pathInside(connection.path, label);
  return {
    readOnly: connection.outbox !== undefined,
    list: async ({ files, place }) => findFiles(connection, files, place),
    fetchHead: async (label) => pathOf(label),
    readText: async (label) => (existsSync(pathOf(label)) ? readFileSync(pathOf(label), "utf8") : undefined),
    look: async (label) => lookAt(pathOf(label), label),
    hash: (label) => hashFile(pathOf(label)),
    move: async (label, to) => moveFile(connection.path, pathOf(label), to),
    write: async (label, { path }) => copyInside(connection.path, path, label),
    remove: async (label) => rmSync(pathOf(label), { force: true }),
  };
}

function lookAt(path: string, label: string): ListedFile | undefined {
  const stats = statSync(path, { throwIfNoEntry: false });
  return stats?.isFile() === true ? { label, bytes: stats.size, modifiedMs: stats.mtimeMs } : undefined;
}

/** A second name, then without the first: renaming alone would write over a file of that name. */
function moveFile(folder: string, from: string, label: string): boolean {
  const to = join(folder, posix.normalize(label));
  makeInside(folder, dirname(to), label);
  if (lstatSync(from).isSymbolicLink()) return moveLink(from, to);
  try {
    linkSync(from, to);
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code === "EEXIST" && !isSameFile(from, to)) return false;
    if (code === "EXDEV") throw otherFileSystem(from, to);
    if (code !== "EEXIST") return renameIfFree(from, to);
  }
  unlinkSync(from);
  syncFile(to);
  return true;
}

/** A link that is relative would lead elsewhere from another folder. */
function moveLink(from: string, to: string): boolean {
  const written = readlinkSync(from);
  const there = isAbsolute(written) ? written : relative(dirname(to), resolve(dirname(from), written));
  try {
    symlinkSync(there, to);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== "EEXIST") throw error;
    // A move that broke off between its two steps left both.
    if (!lstatSync(to).isSymbolicLink() || readlinkSync(to) !== there) return false;
  }
  unlinkSync(from);
  syncFile(to);
  return true;
}

/** Whoever may read the folder may read it: files of loadline's own are private. */
function copyInside(folder: string, from: string, label: string): void {
  const to = join(folder, posix.normalize(label));
  makeInside(folder, dirname(to), label);
  rmSync(to, { force: true });
  copyFileSync(from, to);
  chmodSync(to, 0o666 & ~process.umask());
  syncFile(to);
}

/** A folder for moved files. One of its names may be a link that leads out. */
function makeInside(folder: string, path: string, label: string): void {
  let there = path;
  while (lstatSync(there, { throwIfNoEntry: false }) === undefined) there = dirname(there);
  if (!isInside(realpathSync(there), realpathSync(folder))) throw outside(label, folder);
  mkdirSync(path, { recursive: true });
}

/** A move that broke off between its two steps left one file with two names. */
function isSameFile(left: string, right: string): boolean {
  const [one, other] = [lstatSync(left), lstatSync(right)];
  return one.ino === other.ino && one.dev === other.dev;
}

/** For file systems without second names. */
function renameIfFree(from: string, to: string): boolean {
  if (existsSync(to)) return false;
  renameSync(from, to);
  syncFile(to);
  return true;
}

function otherFileSystem(from: string, to: string): Failure {
  return new Failure(exitCode.failed, "the file can't be moved in one step", {
    where: { file: from },
    why: `${dirname(to)} is on another file system`,
    next: "name a folder on the same one in source.after.move, then loadline resume",
  });
}
