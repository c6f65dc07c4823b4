// Files of a server, as promises over one session. What the server answers is data: a name that could be a path is
// passed over, and no name ever becomes a path on this machine.

import type { FileEntryWithStats, Stats } from "ssh2";
import { type Session, StatusError, sftpStatus } from "./session.ts";

export interface RemoteFile {
  bytes: number;
  /** Whole seconds, as SFTP version 3 has them. */
  modifiedMs: number;
  kind: "file" | "folder" | "link" | "other";
}

export interface RemoteEntry extends RemoteFile {
  name: string;
}

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

export function fstat(session: Session, handle: Buffer, path: string): Promise<RemoteFile> {
  return session.call<Stats>(`look at ${path}`, (sftp, ended) => sftp.fstat(handle, ended)).then(readStats);
}

/** What is in a folder, in no order. */
export async function listFolder(session: Session, path: string): Promise<RemoteEntry[]> {
  const handle = await session.call<Buffer>(`list ${path}`, (sftp, ended) => sftp.opendir(path, ended));
  const entries: RemoteEntry[] = [];
  try {
    for (;;) {
      const some = await session.call<FileEntryWithStats[]>(`list ${path}`, (sftp, ended) =>
        sftp.readdir(handle, ended),
      );
      for (const { filename, attrs } of some) {
        if (isName(filename)) entries.push({ name: filename, ...readStats(attrs) });
      }
    }
  } catch (error) {
    if (!(error instanceof StatusError) || error.status !== sftpStatus.endOfFile) throw error;
  } finally {
    await close(session, handle).catch(() => undefined);
  }
  return entries;
}

/** `flags` are those of ssh2: "r", "r+", "wx". */
export function open(session: Session, path: string, flags: "r" | "r+" | "w"): Promise<Buffer> {
  return session.call(`open ${path}`, (sftp, ended) => sftp.open(path, flags, ended));
}

export function close(session: Session, handle: Buffer): Promise<void> {
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

/** Over a file of that name, in one step. False where the server can't do that. */
export async function replaceFile(session: Session, from: string, to: string): Promise<boolean> {
  try {
    await session.call<void>(`rename ${from}`, (sftp, ended) => sftp.ext_openssh_rename(from, to, ended));
    return true;
  } catch (error) {
    if (error instanceof StatusError && error.status === sftpStatus.unsupported) return false;
    throw error;
  }
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
  try {
    return await asked;
  } catch (error) {
    if (error instanceof StatusError && error.status === sftpStatus.noSuchFile) return undefined;
    throw error;
  }
}

function readStats(stats: Stats): RemoteFile {
  const kind = stats.isFile() ? "file" : stats.isDirectory() ? "folder" : stats.isSymbolicLink() ? "link" : "other";
  return { bytes: stats.size, modifiedMs: stats.mtime * 1000, kind };
}

function isName(name: string): boolean {
  return name !== "" && name !== "." && name !== ".." && !/[/\\\0]/.test(name);
}
