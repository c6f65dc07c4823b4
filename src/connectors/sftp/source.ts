// Files of an SFTP server as a source. In: the files that a run takes. Out: parts in the order of the files, several
// fetched at a time. What must hold: the folder on this machine and the names in it are ours, whatever the server says.

import { createHash } from "node:crypto";
import { createWriteStream } from "node:fs";
import { join, posix } from "node:path";
import { pipeline } from "node:stream/promises";
import type { ChosenFile, FileCatalog, ListedFile, Listing, LocalFile } from "../../contract/files.ts";
import type { ExtractedPart, ExtractRequest, Source } from "../../contract/source.ts";
import { Failure } from "../../core/errors.ts";
import { exitCode } from "../../core/exit-code.ts";
import { leadsOut } from "../../core/glob.ts";
import { endingOf, packingOf } from "../../formats/packing.ts";
import { nameReceived } from "../../formats/received.ts";
import { download } from "./download.ts";
import type { Link } from "./link.ts";
import { findFiles, isInside } from "./listing.ts";
import { readAhead, readToEnd } from "./read-ahead.ts";
import { exists, isFolder, look, makeFolder, realpath, removeFile, renameToFree, stat, withFile } from "./remote.ts";
import type { Session } from "./session.ts";
import { upload } from "./upload.ts";

/** Fetched at a time: small files wait for answers most of the time. */
const filesAtOnce = 8;
/** A manifest of more than this is none. */
const textBytesMax = 16 << 20;

export interface RemoteFolder {
  link: Link;
  /** sftp://user@host:port/folder: what state is kept under. */
  orgId: string;
  /** As the server names it. */
  folder: string;
}

export function openSftpSource(remote: RemoteFolder): Source {
  return {
    orgId: remote.orgId,
    files: openCatalog(remote),
    extract: (request) => extractFiles(remote, request),
  };
}

async function* extractFiles(remote: RemoteFolder, request: ExtractRequest): AsyncGenerator<ExtractedPart> {
  const known = new Set(request.known.map(({ ordinal }) => ordinal));
  const total = request.files.reduce((sum, { bytes }) => sum + bytes, 0);
  const fetchedBytes = new Map<number, number>();
  let done = request.known.reduce((sum, { bytes }) => sum + bytes, 0);
  const tell = (ordinal: number, bytes: number) => {
    done += bytes - (fetchedBytes.get(ordinal) ?? 0);
    fetchedBytes.set(ordinal, bytes);
    request.onProgress(done, total);
  };
  const stop = new AbortController();
  const signal = AbortSignal.any([request.signal, stop.signal]);
  const waiting = request.files.filter(({ ordinal }) => !known.has(ordinal));
  const running: Promise<ExtractedPart>[] = [];
  try {
    for (;;) {
      while (running.length < filesAtOnce && waiting.length > 0) {
        const file = waiting.shift() as ChosenFile;
        const fetched = fetchFile(remote, { ...request, signal }, file, (bytes) => tell(file.ordinal, bytes));
        fetched.catch(() => undefined);
        running.push(fetched);
      }
      const next = running.shift();
      if (next === undefined) return;
      yield await next;
    }
  } finally {
    stop.abort();
    await Promise.allSettled(running);
  }
}

async function fetchFile(
  { link, folder, orgId }: RemoteFolder,
  request: ExtractRequest,
  file: ChosenFile,
  onBytes: (bytes: number) => void,
): Promise<ExtractedPart> {
  const { ordinal, label, bytes, modifiedMs, rows } = file;
  const path = join(request.folder, nameReceived(ordinal, request.source.format, label));
  const {
    sha256,
    suspect,
    bytes: received,
  } = await download({
    link,
    remote: posix.join(folder, label),
    label,
    bytes,
    modifiedMs,
    target: path,
    format: request.source.format,
    signal: request.signal,
    onBytes,
    onDoubt: (text) => request.onDoubt?.(text),
  });
  const locator = `${orgId}/${label} ${bytes} ${modifiedMs}`;
  return {
    ordinal,
    path,
    label,
    locator,
    bytes: received,
    sha256,
    compressed: packingOf(label) === "gzip",
    suspect,
    rows,
  };
}

function openCatalog(remote: RemoteFolder): FileCatalog {
  const { link, folder } = remote;
  const pathOf = (label: string) => pathInside(folder, label);
  const lookFor = (label: string) =>
    link.repeat(`look at ${label}`, (session) => lookAt(session, pathOf(label), label));
  return {
    readOnly: false,
    list: ({ files, place }): Promise<Listing> =>
      link.repeat(`list ${folder}`, (session) => findFiles(session, folder, files, place)),
    look: lookFor,
    async readText(label) {
      if ((await lookFor(label)) === undefined) return undefined;
      return link.repeat(`read ${label}`, (session) => readText(session, pathOf(label), label));
    },
    async fetchHead(label, bytes, local) {
      const path = join(local, `head${endingOf(label)}`);
      await link.repeat(`read ${label}`, (session) => fetchStart(session, pathOf(label), bytes, path));
      return path;
    },
    hash: (label) => link.repeat(`read ${label}`, (session) => hashRemote(session, pathOf(label))),
    move: (label, to) =>
      link.repeat(`move ${label} to ${to}`, (session) => move(session, pathOf(label), pathOf(to), folder)),
    write: (label, file, signal) => write(remote, pathOf(label), file, signal),
    remove: (label) => link.repeat(`delete ${label}`, (session) => remove(session, pathOf(label))),
  };
}

function pathInside(folder: string, label: string): string {
  if (leadsOut(label)) throw outside(label, folder);
  return posix.join(folder, label);
}

function outside(label: string, folder: string): Failure {
  return new Failure(exitCode.failed, `${label} leads out of ${folder}`, {
    why: "files are read, moved and deleted in the folder of the connection only",
    next: "point the URL of the connection at the folder that is meant",
  });
}

async function lookAt(session: Session, path: string, label: string): Promise<ListedFile | undefined> {
  const found = await look(session, path);
  const isFile = found?.kind === "file" || found?.kind === "unknown";
  return isFile ? { label, bytes: found.bytes, modifiedMs: found.modifiedMs } : undefined;
}

/** Written anew by every attempt. */
function fetchStart(session: Session, from: string, bytes: number, path: string): Promise<void> {
  return withFile(session, from, "r", (handle) =>
    pipeline(readAhead(session, handle, 0, bytes), createWriteStream(path, { mode: 0o600 })),
  );
}

/** The whole of it: half a manifest names half of the files. */
function readText(session: Session, path: string, label: string): Promise<string> {
  return withFile(session, path, "r", async (handle) => {
    const blocks: Buffer[] = [];
    let bytes = 0;
    for await (const block of readToEnd(session, handle, 0, 0)) {
      blocks.push(Buffer.from(block));
      bytes += block.length;
      if (bytes > textBytesMax) throw new Failure(exitCode.failed, `${label} is too large for a manifest`);
    }
    return Buffer.concat(blocks).toString("utf8");
  });
}

function hashRemote(session: Session, path: string): Promise<string> {
  return withFile(session, path, "r", async (handle) => {
    const hash = createHash("sha256");
    const { bytes = 0 } = (await look(session, path, handle)) ?? {};
    for await (const block of readToEnd(session, handle, 0, bytes)) hash.update(block);
    return hash.digest("hex");
  });
}

/** Asked first and moved then, because not every server refuses a name that is taken; and looked at afterwards. */
async function move(session: Session, from: string, to: string, folder: string): Promise<boolean> {
  if ((await stat(session, to)) !== undefined) return false;
  // An attempt whose answer was lost has moved it.
  if ((await look(session, from)) === undefined) return true;
  await makeFolders(session, posix.dirname(to));
  const place = await realpath(session, posix.dirname(to));
  if (!isInside(place, folder)) throw outside(to, folder);
  await renameToFree(session, from, to);
  await refuseStill(session, from, "moved");
  return true;
}

async function write({ link, folder }: RemoteFolder, to: string, file: LocalFile, signal: AbortSignal): Promise<void> {
  await link.repeat(`make the folder of ${to}`, async (session) => {
    await makeFolders(session, posix.dirname(to));
    const place = await realpath(session, posix.dirname(to));
    if (!isInside(place, folder)) throw outside(to, folder);
  });
  await upload({ link, remote: to, ...file, signal, onBytes: () => undefined });
}

async function remove(session: Session, path: string): Promise<void> {
  await removeFile(session, path);
  await refuseStill(session, path, "deleted");
}

async function refuseStill(session: Session, path: string, done: string): Promise<void> {
  if (!(await exists(session, path))) return;
  throw new Failure(exitCode.failed, `the server says that ${path} was ${done}, and it still is there`, {
    next: "ask the owner of the server, then loadline resume: its rows are loaded",
  });
}

async function makeFolders(session: Session, path: string): Promise<void> {
  if ((await stat(session, path)) !== undefined) return;
  await makeFolders(session, posix.dirname(path));
  try {
    await makeFolder(session, path);
  } catch (error) {
    // Another file that is moved there meanwhile may have made it.
    if (!(await isFolder(session, path))) throw error;
  }
}
