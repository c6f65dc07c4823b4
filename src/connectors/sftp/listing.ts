// Which files of a server a glob means. In: a folder, a glob below it. Out: files in the order of their names, with size
// and time. What must hold: nothing outside the folder is listed: a link that leads out of it is refused by name.

import { posix } from "node:path";
import { Failure } from "../../core/errors.ts";
import { exitCode } from "../../core/exit-code.ts";
import type { Place } from "../../job/job.ts";
import { listFolder, type RemoteEntry, readlink, realpath, stat } from "./remote.ts";
import type { Session } from "./session.ts";

export interface FoundFile {
  /** Below the folder. */
  label: string;
  bytes: number;
  modifiedMs: number;
}

/** Characters of a glob; without them it is a name. */
const special = /[*?[\]{}]/;

/** `folder` is the server's own name of it (realpath). Names that begin with a dot want a glob that does. */
export async function findFiles(session: Session, folder: string, glob: string, place: Place): Promise<FoundFile[]> {
  const segments = posix.normalize(glob).split("/");
  if (segments.includes("..") || posix.isAbsolute(glob)) throw leadsOut(glob, folder, place);
  const fixed = segments.slice(0, -1).findIndex((segment) => special.test(segment));
  const start = segments.slice(0, fixed < 0 ? -1 : fixed).join("/");
  const isDeep = segments.includes("**") || /\{[^}]*\//.test(glob);
  const depth = isDeep ? Number.POSITIVE_INFINITY : segments.length;
  const found: FoundFile[] = [];
  const walk = async (below: string): Promise<void> => {
    const path = posix.join(folder, below);
    refuseOutside(await realpath(session, path), folder, below, place);
    for (const entry of await listFolder(session, path)) {
      const label = posix.join(below, entry.name);
      if (entry.kind === "folder") {
        if (label.split("/").length < depth && !entry.name.startsWith(".")) await walk(label);
      } else if (posix.matchesGlob(label, glob)) {
        const file = await followLink(session, folder, label, entry, place);
        if (file !== undefined) found.push(file);
      }
    }
  };
  if ((await stat(session, posix.join(folder, start)))?.kind === "folder") await walk(start);
  return found.sort((left, right) => (left.label < right.label ? -1 : 1));
}

/** Undefined for what is no file, and for a link that leads nowhere. */
async function followLink(
  session: Session,
  folder: string,
  label: string,
  entry: RemoteEntry,
  place: Place,
): Promise<FoundFile | undefined> {
  const { bytes, modifiedMs } = entry;
  if (entry.kind === "file") return { label, bytes, modifiedMs };
  if (entry.kind !== "link") return undefined;
  const path = posix.join(folder, label);
  const file = await stat(session, path);
  if (file?.kind !== "file") return undefined;
  // Not every server's realpath follows links: what the link itself says counts too.
  const said = posix.resolve(posix.dirname(path), await readlink(session, path));
  for (const end of [said, await realpath(session, said), await realpath(session, path)]) {
    refuseOutside(end, folder, label, place);
  }
  return { label, bytes: file.bytes, modifiedMs: file.modifiedMs };
}

function refuseOutside(path: string, folder: string, label: string, place: Place): void {
  const inside = path === folder || path.startsWith(folder.endsWith("/") ? folder : `${folder}/`);
  if (!inside) throw leadsOut(label, folder, place);
}

function leadsOut(label: string, folder: string, place: Place): Failure {
  return new Failure(exitCode.failed, `${label} leads out of ${folder}`, {
    where: place,
    why: "files are taken from the folder of the connection only, links are followed inside it",
    next: "remove the link, or point the URL of the connection at the folder that is meant",
  });
}
