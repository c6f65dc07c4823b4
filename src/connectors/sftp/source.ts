// Files of an SFTP server as a source. In: the files that a run takes. Out: parts in the order of the files, several
// fetched at a time. What must hold: the folder on this machine and the names in it are ours, whatever the server says.

import { createWriteStream } from "node:fs";
import { join, posix } from "node:path";
import { pipeline } from "node:stream/promises";
import type {
  ChosenFile,
  ExtractedPart,
  ExtractRequest,
  FileCatalog,
  ListedFile,
  Source,
} from "../../extract/source.ts";
import { endingOf, packingOf } from "../../formats/packing.ts";
import { nameReceived } from "../../formats/received.ts";
import { download } from "./download.ts";
import type { Link } from "./link.ts";
import { findFiles } from "./listing.ts";
import { readAhead } from "./read-ahead.ts";
import { close, makeFolder, open, readAt, removeFile, renameToFree, stat } from "./remote.ts";
import type { Session } from "./session.ts";

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
  const { sha256, suspect } = await download({
    link,
    remote: posix.join(folder, label),
    label,
    bytes,
    modifiedMs,
    target: path,
    format: request.source.format,
    signal: request.signal,
    onBytes,
  });
  const locator = `${orgId}/${label} ${bytes} ${modifiedMs}`;
  return { ordinal, path, label, locator, bytes, sha256, compressed: packingOf(label) === "gzip", suspect, rows };
}

function openCatalog({ link, folder }: RemoteFolder): FileCatalog {
  const pathOf = (label: string) => posix.resolve(folder, label);
  const look = (label: string) => link.repeat(`look at ${label}`, (session) => lookAt(session, pathOf(label), label));
  return {
    readOnly: false,
    list: ({ files, place }) => link.repeat(`list ${folder}`, (session) => findFiles(session, folder, files, place)),
    look,
    async readText(label) {
      const there = await look(label);
      if (there === undefined) return undefined;
      const bytes = Math.min(there.bytes, textBytesMax);
      return (await readStart(link, pathOf(label), bytes)).toString("utf8");
    },
    async fetchHead(label, bytes, local) {
      const path = join(local, `head${endingOf(label)}`);
      await link.repeat(`read ${label}`, (session) => fetchStart(session, pathOf(label), bytes, path));
      return path;
    },
    move: (label, to) => link.repeat(`move ${label} to ${to}`, (session) => move(session, pathOf(label), pathOf(to))),
    remove: async (label) => {
      await link.repeat(`delete ${label}`, (session) => removeFile(session, pathOf(label)));
    },
  };
}

async function lookAt(session: Session, path: string, label: string): Promise<ListedFile | undefined> {
  const found = await stat(session, path);
  return found?.kind === "file" ? { label, bytes: found.bytes, modifiedMs: found.modifiedMs } : undefined;
}

/** Written anew by every attempt. */
async function fetchStart(session: Session, from: string, bytes: number, path: string): Promise<void> {
  const handle = await open(session, from, "r");
  try {
    await pipeline(readAhead(session, handle, 0, bytes), createWriteStream(path, { mode: 0o600 }));
  } finally {
    await close(session, handle).catch(() => undefined);
  }
}

function readStart(link: Link, path: string, bytes: number): Promise<Buffer> {
  return link.repeat(`read ${path}`, async (session) => {
    const handle = await open(session, path, "r");
    try {
      const buffer = Buffer.alloc(Math.max(1, bytes));
      return buffer.subarray(0, await readAt(session, handle, buffer, 0));
    } finally {
      await close(session, handle).catch(() => undefined);
    }
  });
}

/** Asked first and moved then, because not every server refuses a name that is taken. */
async function move(session: Session, from: string, to: string): Promise<boolean> {
  if ((await stat(session, to)) !== undefined) return false;
  // An attempt whose answer was lost has moved it.
  if ((await stat(session, from)) === undefined) return true;
  await makeFolders(session, posix.dirname(to));
  await renameToFree(session, from, to);
  return true;
}

async function makeFolders(session: Session, path: string): Promise<void> {
  if ((await stat(session, path)) !== undefined) return;
  await makeFolders(session, posix.dirname(path));
  try {
    await makeFolder(session, path);
  } catch (error) {
    // Another file that is moved there meanwhile may have made it.
    if ((await stat(session, path))?.kind !== "folder") throw error;
  }
}
