// Names of files that match and are not taken, as the connectors of folders and of servers tell them.

import { Failure, type Place } from "./errors.ts";
import { exitCode } from "./exit-code.ts";
import { escapeGlob } from "./glob.ts";

/** `next`: what a person can do where the file lies. */
export function untakeable(label: string, why: string, place: Place, next: string): Failure {
  return new Failure(exitCode.failed, `${label} matches and can't be taken`, { where: place, why, next });
}

/** A name that is there as it is written, and as a glob means another file too. */
export function ambiguous(name: string, other: string, place: Place): Failure {
  return new Failure(exitCode.failed, `${name} is there under this very name, and as a glob it means ${other} too`, {
    where: place,
    next: `write "${escapeGlob(name)}" for the one file`,
  });
}
