// The folder of an SFTP server that files are written into.

import { posix } from "node:path";
import type { FileStore } from "../../load/target.ts";
import { listFolder, removeFile, renameToFree, replaceFile, stat } from "./remote.ts";
import type { Session } from "./session.ts";
import type { RemoteFolder } from "./source.ts";
import { upload } from "./upload.ts";

export function openSftpStore({ link, orgId, folder }: RemoteFolder, known: readonly string[]): FileStore {
  const pathOf = (name: string) => posix.join(folder, name);
  return {
    orgId,
    warnings: known,
    list: () =>
      link.repeat(`list ${folder}`, async (session) => (await listFolder(session, folder)).map(({ name }) => name)),
    write: (name, { path, bytes, onBytes }, signal) =>
      upload({ link, path, bytes, remote: pathOf(name), signal, onBytes }),
    rename: (name, to) =>
      link.repeat(`rename ${name} to ${to}`, (session) => rename(session, pathOf(name), pathOf(to))),
    close: () => link.close(),
  };
}

async function rename(session: Session, from: string, to: string): Promise<void> {
  // An attempt whose answer was lost has renamed it.
  if ((await stat(session, from)) === undefined && (await stat(session, to)) !== undefined) return;
  if (await replaceFile(session, from, to)) return;
  // A server without the extension refuses a name that is taken: for a moment there is no file of that name.
  await removeFile(session, to);
  await renameToFree(session, from, to);
}
