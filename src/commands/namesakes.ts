// Jobs of one name. In: the files of a command, and those beside them. Out: a Failure, or a notice. What must hold: what a
// job remembers is kept apart by file, but its lock and its unfinished runs go by the name, so that two are never silent.

import { readdirSync, readFileSync, statSync } from "node:fs";
import { basename, dirname, join, resolve } from "node:path";
import { showPath, usageFailure } from "../core/errors.ts";
import { readJob } from "../job/read-job.ts";
import { printNotice } from "../report/output.ts";

/** Throws a Failure (2) where one command is to take two jobs of one name, or one twice. */
export function refuseNamesakes(files: readonly string[]): void {
  if (files.length < 2) return;
  const known = new Map<string, string>();
  for (const file of files) {
    const name = nameOf(file);
    const other = name === undefined ? undefined : known.get(name);
    if (name !== undefined && other !== undefined) {
      const isSame = resolve(other) === resolve(file);
      throw usageFailure(isSame ? `${file} is named twice` : `${other} and ${file} are both called ${name}`, {
        next: isSame ? "name it once" : "give each job a name of its own",
      });
    }
    if (name !== undefined) known.set(name, file);
  }
}

/** Undefined for a file that is no job: that is told when its turn comes. */
function nameOf(file: string): string | undefined {
  try {
    return readJob(resolve(file)).name;
  } catch {
    return undefined;
  }
}

/** Of the files beside a job so many are looked at, of at most so many bytes. */
const filesMax = 200;
const bytesMax = 262_144;

/** Says which jobs beside it have its name. */
export function tellNamesakes(file: string, name: string): void {
  const folder = dirname(resolve(file));
  const others = readdirSync(folder)
    .filter((other) => /\.ya?ml$/.test(other) && other !== basename(file))
    .slice(0, filesMax)
    .filter((other) => isCalled(join(folder, other), name));
  if (others.length === 0) return;
  const [first = ""] = others;
  const shown = showPath(join(folder, first));
  const more = others.length === 1 ? "" : ` (and ${others.length - 1} more)`;
  printNotice(
    `! ${shown}${more} is a job called ${name} too: they lock each other out, and an unfinished run of one is finished before the other; give each a name of its own`,
  );
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
