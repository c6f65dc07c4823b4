// Files of a server, as promises over one session. What the server answers is data: what it states of a file may be
// wrong or missing, and no name of its ever becomes a path on this machine.

import { constants } from "node:fs";
import type { FileEntryWithStats, Stats } from "ssh2";
import type { Session } from "./session.ts";
import { StatusError, sftpStatus } from "./status.ts";

export interface RemoteFile {
  /** As stated, which may be wrong; 0 where it is not. Every attribute may be missing (draft-ietf-secsh-filexfer-02, 5). */
  bytes: number;
  /** Whole seconds, as SFTP version 3 has them; 0 where the server does not say. */
  modifiedMs: number;
  /** Unknown where the mode lacks the bits that tell: servers on Windows send 0666 alone. */
  kind: "file" | "folder" | "link" | "other" | "unknown";
}

export interface RemoteEntry extends RemoteFile {
  name: string;
}

/** Answers in a row that bring no new name, and a listing has no end. */
const oldAnswersMax = 100;

export function realpath(session: Session, path: string): Promise<string> {
  return session.call(`find ${path}`, (sftp, ended) => sftp.realpath(path, ended));
}

/** What a link says, relative to its folder or absolute. */
export function readlink(session: Session, path: string): Promise<string> {
  return session.call(`read the link ${path}`, (sftp, ended) => sftp.readlink(path, ended));
}

/** Of what a link leads to. Undefined where there is nothing. */
export function stat(session: Session, path: string): Promise<RemoteFile | undefined> {
  return orNone(session.call<Stats>(`look at ${path}`, (sftp, ended) => sftp.stat(path, ended)).then(readStats));
}

/** Of a link itself. */
export function lstat(session: Session, path: string): Promise<RemoteFile | undefined> {
  return orNone(session.call<Stats>(`look at ${path}`, (sftp, ended) => sftp.lstat(path, ended)).then(readStats));
}

function fstat(session: Session, handle: Buffer, path: string): Promise<RemoteFile> {
  return session.call<Stats>(`look at ${path}`, (sftp, ended) => sftp.fstat(handle, ended)).then(readStats);
}

/**
 * As `stat`, of servers that list or open a file and don't know it by its name, as mailboxes do: it is opened then, and
 * what is still not said is not known. Who has it open says so: a server may allow one open file.
 */
export async function look(session: Session, path: string, handle?: Buffer): Promise<RemoteFile | undefined> {
  const stated = await orRefused(stat(session, path));
  if (stated !== undefined && !(stated instanceof StatusError)) return stated;
  if (handle !== undefined) return fstatOrNothing(session, handle, path);
  const opened = withFile(session, path, "r", (own) => fstatOrNothing(session, own, path));
  const found = await orRefused(opened);
  if (!(found instanceof StatusError)) return found;
  if (stated !== undefined) throw stated;
  return undefined;
}

/** Whether something has this name, a link among it. */
export async function exists(session: Session, path: string): Promise<boolean> {
  const there = await orRefused(lstat(session, path));
  return (there instanceof StatusError ? await look(session, path) : there) !== undefined;
}

/** Not every server answers FSTAT. */
async function fstatOrNothing(session: Session, handle: Buffer, path: string): Promise<RemoteFile> {
  const said = await orRefused(fstat(session, handle, path));
  return said instanceof StatusError ? { bytes: 0, modifiedMs: 0, kind: "file" } : said;
}

/** What is in a folder, each name once, in no order. */
export async function listFolder(session: Session, path: string): Promise<RemoteEntry[]> {
  const handle = await session.call<Buffer>(`list ${path}`, (sftp, ended) => sftp.opendir(path, ended));
  const entries = new Map<string, RemoteEntry>();
  try {
    for (let old = 0; old < oldAnswersMax; ) {
      const some = await session.call<FileEntryWithStats[]>(`list ${path}`, (sftp, ended) =>
        sftp.readdir(handle, ended),
      );
      // As OpenSSH's client takes it: nothing is the end.
      if (some.length === 0) break;
      const before = entries.size;
      for (const entry of some) {
        const name = nameIn(path, entry.filename);
        if (name !== "." && name !== "..") entries.set(name, { name, ...readEntry(entry) });
      }
      old = entries.size > before ? 0 : old + 1;
      if (old === oldAnswersMax) throw new StatusError(sftpStatus.failure, "the listing has no end");
    }
  } catch (error) {
    if (!(error instanceof StatusError) || error.status !== sftpStatus.endOfFile) throw error;
  } finally {
    await close(session, handle).catch(() => undefined);
  }
  return [...entries.values()];
}

/** Some servers list whole paths. */
function nameIn(folder: string, listed: string): string {
  const start = folder.endsWith("/") ? folder : `${folder}/`;
  return listed.startsWith(start) ? listed.slice(start.length) : listed;
}

/** Whether it can be listed. */
export async function isFolder(session: Session, path: string): Promise<boolean> {
  const there = await orRefused(stat(session, path));
  if (!(there instanceof StatusError) && there?.kind !== "unknown") return there?.kind === "folder";
  const opened = await orRefused(session.call<Buffer>(`list ${path}`, (sftp, ended) => sftp.opendir(path, ended)));
  if (opened instanceof StatusError) return false;
  await close(session, opened).catch(() => undefined);
  return true;
}

/** Runs `act` on an open file. Where a server takes no more open files, this one waits until the others are closed. */
export async function withFile<T>(
  session: Session,
  path: string,
  flags: "r" | "r+" | "w",
  act: (handle: Buffer) => Promise<T>,
): Promise<T> {
  const { openFiles } = session.limits;
  const handle = await openFiles.open(() => open(session, path, flags));
  try {
    return await act(handle);
  } finally {
    await close(session, handle).catch(() => undefined);
    openFiles.closed();
  }
}

/** `flags` are those of ssh2. */
function open(session: Session, path: string, flags: "r" | "r+" | "w"): Promise<Buffer> {
  return session.call(`open ${path}`, (sftp, ended) => sftp.open(path, flags, ended));
}

function close(session: Session, handle: Buffer): Promise<void> {
  return session.call("close a file", (sftp, ended) => sftp.close(handle, ended));
}

/** Fills the buffer from a position on; gives fewer bytes only at the end of the file. */
export async function readAt(session: Session, handle: Buffer, buffer: Buffer, position: number): Promise<number> {
  let filled = 0;
  while (filled < buffer.length) {
    const from = filled;
    const bytes = await session.call<number>("read a file", (sftp, ended) =>
      sftp.read(handle, buffer, from, buffer.length - from, position + from, ended),
    );
    if (bytes === 0) break;
    filled += bytes;
  }
  return filled;
}

export function writeAt(session: Session, handle: Buffer, data: Buffer, position: number): Promise<void> {
  return session.call("write a file", (sftp, ended) => sftp.write(handle, data, 0, data.length, position, ended));
}

/** True where the server can say that a file is on its disk, and has said so. */
export async function syncToDisk(session: Session, handle: Buffer): Promise<boolean> {
  try {
    await session.call<void>("sync a file", (sftp, ended) => sftp.ext_openssh_fsync(handle, ended));
    return true;
  } catch (error) {
    if (error instanceof StatusError && error.status === sftpStatus.unsupported) return false;
    throw error;
  }
}

/** Over a file of that name, in one step. False where the server can't do that, in whatever words it says so. */
export async function replaceFile(session: Session, from: string, to: string): Promise<boolean> {
  const replaced = session.call<void>(`rename ${from}`, (sftp, ended) => sftp.ext_openssh_rename(from, to, ended));
  const answer = await orRefused(replaced);
  if (!(answer instanceof StatusError)) return true;
  if (answer.status === sftpStatus.permissionDenied || answer.status === sftpStatus.noSuchFile) throw answer;
  return false;
}

/** Refused by the server where the name is taken (draft-ietf-secsh-filexfer-02, 6.5). */
export function renameToFree(session: Session, from: string, to: string): Promise<void> {
  return session.call(`rename ${from}`, (sftp, ended) => sftp.rename(from, to, ended));
}

export function removeFile(session: Session, path: string): Promise<true | undefined> {
  return orNone(
    session.call<void>(`delete ${path}`, (sftp, ended) => sftp.unlink(path, ended)).then(() => true as const),
  );
}

export function makeFolder(session: Session, path: string): Promise<void> {
  return session.call(`make the folder ${path}`, (sftp, ended) => sftp.mkdir(path, ended));
}

async function orNone<T>(asked: Promise<T>): Promise<T | undefined> {
  const answer = await orRefused(asked);
  if (!(answer instanceof StatusError)) return answer;
  if (answer.status === sftpStatus.noSuchFile) return undefined;
  throw answer;
}

/** The server's refusal as a value; a fault of the connection is thrown. */
export async function orRefused<T>(asked: Promise<T>): Promise<T | StatusError> {
  try {
    return await asked;
  } catch (error) {
    if (error instanceof StatusError) return error;
    throw error;
  }
}

function readStats({ size, mtime, mode }: Partial<Stats>): RemoteFile {
  return { bytes: size ?? 0, modifiedMs: (mtime ?? 0) * 1000, kind: kindOf(mode ?? 0) };
}

/** The bits of a mode that tell what it is (draft-ietf-secsh-filexfer-02, 5: as POSIX has them). */
function kindOf(mode: number): RemoteFile["kind"] {
  switch (mode & constants.S_IFMT) {
    case 0:
      return "unknown";
    case constants.S_IFREG:
      return "file";
    case constants.S_IFDIR:
      return "folder";
    case constants.S_IFLNK:
      return "link";
    default:
      return "other";
  }
}

const kindsOfLetters: Record<string, RemoteFile["kind"]> = { "-": "file", d: "folder", l: "link" };

/** Where the mode does not tell what an entry is, its line does, which looks as that of `ls -l` does. */
function readEntry({ attrs, longname }: FileEntryWithStats): RemoteFile {
  const stated = readStats(attrs);
  if (stated.kind !== "unknown" || !/^[-dl][-rwxsStT]{9}/.test(longname)) return stated;
  return { ...stated, kind: kindsOfLetters[longname[0] ?? ""] ?? "unknown" };
}
