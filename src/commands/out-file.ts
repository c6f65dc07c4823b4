// Where the files that options name are written.

import { existsSync } from "node:fs";
import { dirname, resolve } from "node:path";
import { pathInCommand, usageFailure } from "../core/errors.ts";

/** After the name of a plan that is encrypted, where it is not known who will read it. */
export const readersKey = " --decrypt-with <private key file>";

/** The file of a plan that is written as a command takes it then. */
export function planInCommand(out: string, recipients: object | undefined): string {
  return `${pathInCommand(out)}${recipients === undefined ? "" : readersKey}`;
}

/** The file, absolute. Throws a Failure (2) where its folder is not there. */
export function outFile(named: string): string {
  const path = resolve(named);
  if (existsSync(dirname(path))) return path;
  throw usageFailure(`there is no folder ${dirname(path)}`, {
    next: "make it, or name a file in a folder that is there",
  });
}
