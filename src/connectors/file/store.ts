// A local folder that files are written into.

import { constants, copyFileSync, lstatSync, mkdirSync, renameSync, statSync } from "node:fs";
import { join } from "node:path";
import type { FileStore } from "../../contract/files.ts";
import { hashFile, syncFile } from "../../core/files.ts";
import type { Folder } from "./connection.ts";

export function openFolderStore(connection: Folder): FileStore {
  const folder = connection.outbox ?? connection.path;
  return {
    orgId: folder,
    warnings: [],
    has: async (name) => lstatSync(join(folder, name), { throwIfNoEntry: false }) !== undefined,
    async holds(name, { path, bytes }, by) {
      const there = join(folder, name);
      if (statSync(there, { throwIfNoEntry: false })?.size !== bytes) return false;
      return by === "size" || (await hashFile(there)) === (await hashFile(path));
    },
    mark: async (name) => {
      const there = join(folder, name);
      return statSync(there, { throwIfNoEntry: false })?.isFile() === true
        ? `sha256 ${await hashFile(there)}`
        : undefined;
    },
    write: async (name, { path, bytes, onBytes }) => {
      mkdirSync(folder, { recursive: true });
      copyFileSync(path, join(folder, name), constants.COPYFILE_FICLONE);
      syncFile(join(folder, name));
      onBytes(bytes);
    },
    rename: async (name, to) => {
      renameSync(join(folder, name), join(folder, to));
      syncFile(join(folder, to));
    },
    close: () => undefined,
  };
}
