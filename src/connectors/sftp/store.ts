// The folder of an SFTP server that files are written into. What must hold: at every instant either the old file or the
// new one can be got back; what the server says it did is looked at by the target, under the name that it should have.

import { posix } from "node:path";
import type { FileStore, LocalFile } from "../../contract/files.ts";
import { exists, look, removeFile, renameToFree, replaceFile } from "./remote.ts";
import type { Session } from "./session.ts";
import type { RemoteFolder } from "./source.ts";
import { hasBytes, upload } from "./upload.ts";

export function openSftpStore({ link, orgId, folder }: RemoteFolder, known: readonly string[]): FileStore {
  const pathOf = (name: string) => posix.join(folder, name);
  return {
    orgId,
    warnings: known,
    has: (name) => link.repeat(`look at ${name}`, (session) => exists(session, pathOf(name))),
    holds: (name, file, by) => link.repeat(`look at ${name}`, (session) => holds(session, pathOf(name), file, by)),
    mark: (name) => link.repeat(`look at ${name}`, (session) => mark(session, pathOf(name))),
    write: (name, { path, bytes, onBytes }, signal) =>
      upload({ link, path, bytes, remote: pathOf(name), signal, onBytes }),
    rename: (name, to) =>
      link.repeat(`rename ${name} to ${to}`, (session) => rename(session, pathOf(name), pathOf(to))),
    close: () => link.close(),
  };
}

/** A size that is wrong or not stated proves nothing: the bytes do then. */
async function holds(session: Session, path: string, file: LocalFile, by: "size" | "bytes"): Promise<boolean> {
  const there = await look(session, path);
  if (there === undefined) return false;
  if (by === "size" && there.bytes === file.bytes && there.bytes > 0) return true;
  return hasBytes(session, path, file);
}

/** No server tells more of a file that is not read. */
async function mark(session: Session, path: string): Promise<string | undefined> {
  const there = await look(session, path);
  return there === undefined ? undefined : `${there.bytes} bytes, ${there.modifiedMs}`;
}

async function rename(session: Session, from: string, to: string): Promise<void> {
  // An attempt whose answer was lost has renamed it.
  if (!(await exists(session, from))) return;
  const aside = `${from}.old`;
  if (await replaceFile(session, from, to)) return;
  // A server without the extension refuses a name that is taken: the old file makes room, and comes back if need be.
  const isTaken = await exists(session, to);
  if (isTaken) await renameToFree(session, to, aside);
  try {
    await renameToFree(session, from, to);
  } catch (error) {
    if (isTaken) await renameToFree(session, aside, to);
    throw error;
  }
  if (await exists(session, aside)) await removeFile(session, aside);
}
