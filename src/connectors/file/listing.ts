// Which files of a local folder a glob means. In: a connection, a glob below its path. Out: files in the order of their
// names, with size and time. What must hold: nothing outside the folder is listed, a link that leads out of it is refused
// by name; an entry that matches and can't be taken is refused by name too.

import { type Buffer, isUtf8 } from "node:buffer";
import { type Dirent, readdirSync, readlinkSync, realpathSync, type Stats, statSync } from "node:fs";
import { join, posix } from "node:path";
import type { ListedFile, Listing } from "../../contract/files.ts";
import { type Failure, usageFailure } from "../../core/errors.ts";
import { type Glob, openGlob } from "../../core/glob.ts";
import { ambiguous, untakeable } from "../../core/refused-names.ts";
import type { Place } from "../../job/job.ts";
import type { Folder } from "./connection.ts";
import { isInside, outside, pathInside } from "./fence.ts";

interface Search {
  folder: string;
  glob: Glob;
  place: Place;
  found: Map<string, ListedFile>;
  nearly: string[];
}

/** Names that begin with a dot want a glob that does. */
export function findFiles(connection: Folder, written: string, place: Place): Listing {
  const folder = connection.path;
  if (statSync(folder, { throwIfNoEntry: false })?.isDirectory() !== true) {
    throw usageFailure(`connection ${connection.name}: there is no folder ${folder}`, {
      where: connection.place,
      next: "make the folder or correct `path`",
    });
  }
  const glob = openGlob(written);
  if (glob.leadsOut) throw outside(written, folder, place);
  const search: Search = { folder, glob, place, found: new Map(), nearly: [] };
  if (statSync(join(folder, glob.start), { throwIfNoEntry: false })?.isDirectory() === true) walk(search, glob.start);
  const asWritten = findAsWritten(search);
  if (asWritten !== undefined && !search.found.has(asWritten.label)) {
    const [other] = search.found.keys();
    if (other !== undefined && !glob.isName) throw ambiguous(asWritten.label, other, place);
  }
  // A name as it is written is that file; others are only like it.
  if (asWritten !== undefined && (glob.isName || search.found.size === 0)) return { files: [asWritten], nearly: [] };
  const files = [...search.found.values()].sort((left, right) => (left.label < right.label ? -1 : 1));
  return { files, nearly: search.nearly };
}

/** A file whose name is the glob, whatever characters that has. */
function findAsWritten({ folder, glob }: Search): ListedFile | undefined {
  const label = posix.normalize(glob.text);
  const stats = statOf(join(folder, label));
  if (stats?.isFile() !== true) return undefined;
  pathInside(folder, label);
  return describe(label, stats);
}

function walk(search: Search, below: string): void {
  const { folder, glob, place } = search;
  const path = join(folder, below);
  if (!isInside(realpathSync(path), realpathSync(folder))) throw outside(below, folder, place);
  for (const entry of readdirSync(path, { encoding: "buffer", withFileTypes: true }) as Dirent<Buffer>[]) {
    const label = posix.join(below, entry.name.toString("utf8"));
    refuseUnnameable(search, entry.name, label);
    const isMeant = glob.matches(label);
    const mayBeBelow = glob.mayBeBelow(label);
    if (!isMeant && glob.nearlyMatches(label) && !entry.isDirectory()) search.nearly.push(label);
    if (!isMeant && !mayBeBelow) continue;
    const stats = statOf(join(folder, label));
    if (stats?.isDirectory() === true) {
      if (mayBeBelow && !(glob.isDeep && entry.isSymbolicLink())) walk(search, label);
    } else if (isMeant && (stats !== undefined || entry.isSymbolicLink())) take(search, label, stats);
  }
}

/** Undefined also of a link that leads to itself. */
function statOf(path: string): Stats | undefined {
  try {
    return statSync(path, { throwIfNoEntry: false });
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ELOOP") return undefined;
    throw error;
  }
}

function take({ folder, place, found }: Search, label: string, stats: Stats | undefined): void {
  if (stats === undefined) throw notAFile(label, `it is a link that leads nowhere (${target(folder, label)})`, place);
  if (!isInside(realpathSync(join(folder, label)), realpathSync(folder))) throw outside(label, folder, place);
  if (!stats.isFile()) throw notAFile(label, "it is no file, no folder and no link", place);
  found.set(label, describe(label, stats));
}

function target(folder: string, label: string): string {
  try {
    return readlinkSync(join(folder, label));
  } catch {
    return "it is gone by now";
  }
}

function describe(label: string, stats: Stats): ListedFile {
  return { label, bytes: stats.size, modifiedMs: stats.mtimeMs };
}

/** Names are text everywhere else (in the ledger, in messages): one that is none would name another file there. */
function refuseUnnameable({ glob, place }: Search, name: Buffer, label: string): void {
  if (isUtf8(name) || !(glob.mayMatch(label) || glob.mayBeBelow(label))) return;
  throw notAFile(label, `its name is not UTF-8 (the bytes ${name.toString("hex")})`, place);
}

function notAFile(label: string, why: string, place: Place): Failure {
  return untakeable(label, why, place, "rename or remove it, or correct `files`");
}
