// The files of a local folder: which are there, and what becomes of them once they are loaded. What must hold: a file is
// moved in one step, and never over another one.

import {
  existsSync,
  globSync,
  linkSync,
  mkdirSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  unlinkSync,
} from "node:fs";
import { dirname, join, relative, resolve, sep } from "node:path";
import { Failure, usageFailure } from "../../core/errors.ts";
import { exitCode } from "../../core/exit-code.ts";
import { syncFile } from "../../core/files.ts";
import type { FileCatalog, ListedFile } from "../../extract/source.ts";
import type { FileConnection } from "../../job/job.ts";

export function openFolder(connection: FileConnection): FileCatalog {
  const pathOf = (label: string) => resolve(connection.path, label);
  return {
    readOnly: connection.outbox !== undefined,
    list: async ({ files }) => listFiles(connection, files),
    fetchHead: async (label) => pathOf(label),
    readText: async (label) => (existsSync(pathOf(label)) ? readFileSync(pathOf(label), "utf8") : undefined),
    look: async (label) => lookAt(connection, pathOf(label)),
    move: async (label, to) => moveFile(pathOf(label), pathOf(to)),
    remove: async (label) => rmSync(pathOf(label), { force: true }),
  };
}

function listFiles(connection: FileConnection, glob: string): ListedFile[] {
  if (statSync(connection.path, { throwIfNoEntry: false })?.isDirectory() !== true) {
    throw usageFailure(`connection ${connection.name}: there is no folder ${connection.path}`, {
      where: connection.place,
      next: "make the folder or correct `path`",
    });
  }
  return globSync(glob, { cwd: connection.path })
    .flatMap((name) => lookAt(connection, join(connection.path, name)) ?? [])
    .sort((left, right) => (left.label < right.label ? -1 : 1));
}

function lookAt(connection: FileConnection, path: string): ListedFile | undefined {
  const stats = statSync(path, { throwIfNoEntry: false });
  if (stats?.isFile() !== true) return undefined;
  const label = relative(connection.path, path).replaceAll(sep, "/");
  return { label, bytes: stats.size, modifiedMs: stats.mtimeMs };
}

/** A second name, then without the first: renaming alone would write over a file of that name. */
function moveFile(from: string, to: string): boolean {
  mkdirSync(dirname(to), { recursive: true });
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

/** A move that broke off between its two steps left one file with two names. */
function isSameFile(left: string, right: string): boolean {
  const [one, other] = [statSync(left), statSync(right)];
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
