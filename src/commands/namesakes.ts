// Jobs of one name. In: the files of a command, and those beside them. Out: a Failure, or a notice. What must hold: what a
// job remembers is kept apart by file, but its lock and its unfinished runs go by the name, so that two are never silent.

import { dirname, resolve } from "node:path";
import { showPath, usageFailure } from "../core/errors.ts";
import { findCalled } from "../job/jobs-beside.ts";
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

/** Says which jobs beside it have its name. */
export function tellNamesakes(file: string, name: string): void {
  const folder = dirname(resolve(file));
  const others = findCalled(folder, name, file);
  if (others.length === 0) return;
  const [first = ""] = others;
  const shown = showPath(first);
  const more = others.length === 1 ? "" : ` (and ${others.length - 1} more)`;
  printNotice(
    `! ${shown}${more} is a job called ${name} too: they lock each other out, and an unfinished run of one is finished before the other; give each a name of its own`,
  );
}
