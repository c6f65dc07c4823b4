// The folder that SFTP clients see as "/". In: paths as clients name them. Out: paths on this machine, all inside the
// folder: `..` ends at its top, and a link that leads out of it is refused.

import { existsSync, realpathSync } from "node:fs";
import { basename, dirname, join, posix, sep } from "node:path";
import { StatusError, statusCode } from "./packets.ts";

export interface Jail {
  /** A client's path without `.` and `..`. */
  normalize(path: string): string;
  /** Of a file that links are followed to. Throws the system's error where there is none. */
  follow(path: string): string;
  /** A client's path with all links followed; the last name need not be there. */
  resolve(path: string): string;
  /** Of the entry itself, which need not be there, and may be a link. */
  entry(path: string): string;
}

export function openJail(folder: string): Jail {
  const root = realpathSync(folder);
  const normalize = (path: string): string => posix.resolve("/", path);
  const refuseOutside = (path: string): string => {
    if (path === root || path.startsWith(root + sep)) return path;
    throw new StatusError(statusCode.permissionDenied, "Permission denied");
  };
  const follow = (path: string): string => refuseOutside(realpathSync(join(root, normalize(path))));
  const entry = (path: string): string => {
    const local = join(root, normalize(path));
    return local === root || local === join(root, sep)
      ? root
      : join(refuseOutside(realpathSync(dirname(local))), basename(local));
  };
  return {
    normalize,
    follow,
    entry,
    resolve(path) {
      const named = entry(path);
      const found = existsSync(named) ? follow(path) : named;
      return found.slice(root.length) || "/";
    },
  };
}
