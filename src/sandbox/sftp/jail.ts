// The folder that SFTP clients see as "/". In: paths as clients name them. Out: paths on this machine, all inside the
// folder: `..` ends at its top, and a link that leads out of it is refused.

import { realpathSync } from "node:fs";
import { basename, dirname, join, posix, sep } from "node:path";
import { StatusError, statusCode } from "./packets.ts";

export interface Jail {
  /** A client's path without `.` and `..`. */
  normalize(path: string): string;
  /** Of a file that links are followed to. Throws the system's error where there is none. */
  follow(path: string): string;
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
  return {
    normalize,
    follow: (path) => refuseOutside(realpathSync(join(root, normalize(path)))),
    entry(path) {
      const local = join(root, normalize(path));
      return local === root || local === join(root, sep)
        ? root
        : join(refuseOutside(realpathSync(dirname(local))), basename(local));
    },
  };
}
