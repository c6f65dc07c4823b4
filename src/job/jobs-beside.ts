// Jobs that lie beside a job file, by their names. In: a folder. Out: the files of the jobs that are called so. What must
// hold: a file that is no job, or none yet, is passed over.

import { readdirSync, readFileSync, statSync } from "node:fs";
import { basename, join, resolve } from "node:path";

/** Of the files beside a job so many are looked at, of at most so many bytes. */
const filesMax = 200;
const bytesMax = 262_144;

/** The jobs of a folder that are called `name`, but for `file`. */
export function findCalled(folder: string, name: string, file: string): string[] {
  return readdirSync(resolve(folder))
    .filter((other) => /\.ya?ml$/.test(other) && other !== basename(file))
    .slice(0, filesMax)
    .map((other) => join(folder, other))
    .filter((path) => isCalled(path, name));
}

/** By its text: a job in the making need not be right, and one that can't be read can't be run. */
function isCalled(path: string, name: string): boolean {
  let text = "";
  try {
    const found = statSync(path);
    if (found.isFile() && found.size <= bytesMax) text = readFileSync(path, "utf8");
  } catch {
    return false;
  }
  const written = /^name:[ \t]*(?<quote>["']?)(?<name>[^"'#\s]+)\k<quote>[ \t]*(#.*)?$/m.exec(text)?.groups?.["name"];
  return written === name && /^streams:/m.test(text);
}
