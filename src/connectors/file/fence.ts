// The folder of a local connection is a fence. In: a name below it. Out: its path, or a refusal where the name, or a link
// on its way, leads out of the folder.

import { realpathSync } from "node:fs";
import { dirname, join, posix, sep } from "node:path";
import { Failure } from "../../core/errors.ts";
import { exitCode } from "../../core/exit-code.ts";
import { leadsOut } from "../../core/glob.ts";
import type { Place } from "../../job/job.ts";

/** Of a name that may be gone: then only the folder that it would be in is looked at. */
export function pathInside(folder: string, label: string): string {
  if (leadsOut(label)) throw outside(label, folder);
  const path = join(folder, posix.normalize(label));
  const end = resolveLinks(path) ?? resolveLinks(dirname(path));
  if (end !== undefined && !isInside(end, realpathSync(folder))) throw outside(label, folder);
  return path;
}

/** Both without links. */
export function isInside(path: string, folder: string): boolean {
  return path === folder || path.startsWith(folder.endsWith(sep) ? folder : `${folder}${sep}`);
}

export function outside(label: string, folder: string, place?: Place): Failure {
  return new Failure(exitCode.failed, `${label} leads out of ${folder}`, {
    ...(place === undefined ? {} : { where: place }),
    why: "files are read, moved and deleted in the folder of the connection only, links are followed inside it",
    next: "remove the link, or point `path` of the connection at the folder that is meant",
  });
}

function resolveLinks(path: string): string | undefined {
  try {
    return realpathSync(path);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ENOENT") return undefined;
    throw error;
  }
}
