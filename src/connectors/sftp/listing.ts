// Which files of a server a glob means. In: a folder, a glob below it. Out: files in the order of their names, with size
// and time. What must hold: nothing outside the folder is listed: a link that leads out of it is refused by name; an entry
// that matches and can't be taken is refused by name too.

import { posix } from "node:path";
import type { ListedFile, Listing } from "../../contract/files.ts";
import { Failure } from "../../core/errors.ts";
import { exitCode } from "../../core/exit-code.ts";
import { type Glob, openGlob } from "../../core/glob.ts";
import { inParallel } from "../../core/in-parallel.ts";
import { ambiguous, untakeable } from "../../core/refused-names.ts";
import type { Place } from "../../job/job.ts";
import {
  isFolder,
  listFolder,
  look,
  lstat,
  orRefused,
  type RemoteEntry,
  type RemoteFile,
  readlink,
  realpath,
  stat,
} from "./remote.ts";
import type { Session } from "./session.ts";
import { StatusError, sftpStatus } from "./status.ts";

/** Files of a listing that are asked for by their names too: where one differs, all are. */
const triedMax = 16;
const askedAtOnce = 16;
/** In place of bytes that are no UTF-8. */
const replacement = "\uFFFD";

interface Search {
  session: Session;
  /** The server's own name of it (realpath). */
  folder: string;
  glob: Glob;
  place: Place;
  found: Map<string, RemoteFile>;
  nearly: string[];
}

/** Names that begin with a dot want a glob that does. */
export async function findFiles(session: Session, folder: string, glob: string, place: Place): Promise<Listing> {
  const search: Search = { session, folder, glob: openGlob(glob), place, found: new Map(), nearly: [] };
  if (search.glob.leadsOut) throw leadsOutOf(folder, glob, place);
  const asWritten = await findAsWritten(search);
  if (asWritten === undefined || !search.glob.isName) await walkFrom(search, asWritten !== undefined);
  if (asWritten !== undefined && !search.found.has(asWritten.label)) {
    const [other] = search.found.keys();
    if (other !== undefined) throw ambiguous(asWritten.label, other, place);
    return { files: [asWritten], nearly: [] };
  }
  const files = await believe(session, folder, search.found);
  files.sort((left, right) => (left.label < right.label ? -1 : 1));
  return { files, nearly: search.nearly };
}

/** A file whose name is the glob, whatever characters that has. */
async function findAsWritten({ session, folder, glob, place }: Search): Promise<ListedFile | undefined> {
  const label = posix.normalize(glob.text);
  const path = posix.join(folder, label);
  const entry = await orRefused(lstat(session, path));
  const isLink = !(entry instanceof StatusError) && entry?.kind === "link";
  const there = isLink
    ? entry
    : glob.isName
      ? await look(session, path)
      : entry instanceof StatusError
        ? undefined
        : entry;
  if (there === undefined || there.kind === "folder" || there.kind === "other") return undefined;
  // Where the server does not tell links from files, at least its own name of the file does.
  await refuseOutside(session, entry instanceof StatusError ? path : posix.dirname(path), { folder, label, place });
  const file = isLink ? await followLink(session, { folder, label, place }) : there;
  return file === undefined ? undefined : { label, bytes: file.bytes, modifiedMs: file.modifiedMs };
}

/** Where a name as it is written was found, it needs no listing, which the server may not allow. */
async function walkFrom(search: Search, isFound: boolean): Promise<void> {
  const { session, folder, glob } = search;
  try {
    if (await isFolder(session, posix.join(folder, glob.start))) await walk(search, glob.start);
  } catch (error) {
    const isForbidden = error instanceof StatusError && error.status === sftpStatus.permissionDenied;
    if (!isForbidden || !(isFound || glob.isName)) throw error;
  }
}

async function walk(search: Search, below: string): Promise<void> {
  const { session, folder, glob, place } = search;
  const path = posix.join(folder, below);
  await refuseOutside(session, path, { folder, label: below, place });
  for (const listed of await listFolder(session, path)) {
    const label = posix.join(below, listed.name);
    await refuseUnnameable(search, listed.name, label);
    if (glob.matches(label)) await take(search, label, listed);
    else if (glob.nearlyMatches(label)) search.nearly.push(label);
    if (!glob.mayBeBelow(label)) continue;
    if (listed.kind === "link" && !glob.isDeep) await walkLink(search, label);
    else if (listed.kind === "folder") await walk(search, label);
    else if (listed.kind === "unknown" && (await isFolder(session, posix.join(folder, label))))
      await walk(search, label);
  }
}

async function walkLink(search: Search, label: string): Promise<void> {
  const { session, folder, place } = search;
  if (!(await isFolder(session, posix.join(folder, label)))) return;
  await refuseLinkOut(session, { folder, label, place });
  await walk(search, label);
}

async function take({ session, folder, place, found }: Search, label: string, listed: RemoteEntry): Promise<void> {
  if (listed.kind === "folder") return;
  if (listed.kind === "other") throw notAFile(label, "it is no file, no folder and no link", place);
  if (listed.kind === "link") {
    const file = await followLink(session, { folder, label, place });
    if (file !== undefined) found.set(label, file);
  } else if (listed.kind === "file" || (await isOpened(session, posix.join(folder, label)))) {
    found.set(label, listed);
  }
}

/** What does not say what it is: a folder if it can be listed and its mode does not say otherwise. */
async function isOpened(session: Session, path: string): Promise<boolean> {
  const stated = await look(session, path);
  if (stated?.kind === "file") return true;
  return stated?.kind !== "folder" && !(await isFolder(session, path));
}

interface Named {
  folder: string;
  label: string;
  place: Place;
}

/** Undefined for a link to a folder. */
async function followLink(session: Session, named: Named): Promise<RemoteFile | undefined> {
  const file = await stat(session, posix.join(named.folder, named.label));
  if (file === undefined) throw notAFile(named.label, "it is a link that leads nowhere", named.place);
  if (file.kind === "folder") return undefined;
  await refuseLinkOut(session, named);
  return file;
}

/** Not every server's realpath follows links: what the link itself says counts too. */
async function refuseLinkOut(session: Session, { folder, label, place }: Named): Promise<void> {
  const path = posix.join(folder, label);
  const said = posix.resolve(posix.dirname(path), await readlink(session, path));
  for (const end of [said, await realpath(session, said), await realpath(session, path)]) {
    if (!isInside(end, folder)) throw leadsOutOf(folder, label, place);
  }
}

async function refuseOutside(session: Session, path: string, { folder, label, place }: Named): Promise<void> {
  if (!isInside(await realpath(session, path), folder)) throw leadsOutOf(folder, label, place);
}

export function isInside(path: string, folder: string): boolean {
  return path === folder || path.startsWith(folder.endsWith("/") ? folder : `${folder}/`);
}

/**
 * What a listing states of sizes and times is tried on some files, because servers state it otherwise than when they are
 * asked for one file, or not at all: then all are asked for.
 */
async function believe(
  session: Session,
  folder: string,
  found: ReadonlyMap<string, RemoteFile>,
): Promise<ListedFile[]> {
  const listed = [...found].map(([label, { bytes, modifiedMs }]): ListedFile => ({ label, bytes, modifiedMs }));
  const tried = listed.slice(0, triedMax);
  const lacking = listed.slice(triedMax).filter(({ bytes, modifiedMs }) => bytes === 0 || modifiedMs === 0);
  const stated = await ask(session, folder, [...tried, ...lacking]);
  const isBelieved = tried.every(({ label, bytes, modifiedMs }) => {
    const now = stated.get(label);
    return now?.bytes === bytes && now.modifiedMs === modifiedMs;
  });
  if (!isBelieved) return [...(await ask(session, folder, listed)).values()];
  return listed.map((file) => stated.get(file.label) ?? file);
}

async function ask(session: Session, folder: string, files: readonly ListedFile[]): Promise<Map<string, ListedFile>> {
  const stated = new Map<string, ListedFile>();
  const asking = inParallel(files, askedAtOnce, async (file) => {
    const now = await look(session, posix.join(folder, file.label));
    // Gone since: what is fetched next says so.
    return now === undefined ? file : { label: file.label, bytes: now.bytes, modifiedMs: now.modifiedMs };
  });
  for await (const file of asking) stated.set(file.label, file);
  return stated;
}

/** A name that can't be asked for, or could be a path: if it is meant by the glob, it is refused. */
async function refuseUnnameable({ session, folder, glob, place }: Search, name: string, label: string): Promise<void> {
  if (/[/\\\0]/.test(name)) {
    const last = name.split(/[/\\]/).at(-1) ?? "";
    if (!glob.matches(posix.join(posix.dirname(label), last)) && !glob.matches(last)) return;
    throw notAFile(name, "a name with a slash, a backslash or a NUL could be a path", place);
  }
  if (!name.includes(replacement) || !(glob.mayMatch(label) || glob.mayBeBelow(label))) return;
  if ((await lstat(session, posix.join(folder, label))) !== undefined) return;
  throw notAFile(name, "its name is not UTF-8, so the server can't be asked for it", place);
}

function notAFile(label: string, why: string, place: Place): Failure {
  return untakeable(label, why, place, "have it renamed or removed on the server, or correct `files`");
}

function leadsOutOf(folder: string, label: string, place: Place): Failure {
  return new Failure(exitCode.failed, `${label} leads out of ${folder}`, {
    where: place,
    why: "files are taken from the folder of the connection only, links are followed inside it",
    next: "remove the link, or point the URL of the connection at the folder that is meant",
  });
}
