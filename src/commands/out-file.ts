// Where the files that options name are written.

import { existsSync } from "node:fs";
import { dirname, resolve } from "node:path";
import { usageFailure } from "../core/errors.ts";

/** The file, absolute. Throws a Failure (2) where its folder is not there. */
export function outFile(named: string): string {
  const path = resolve(named);
  if (existsSync(dirname(path))) return path;
  throw usageFailure(`there is no folder ${dirname(path)}`, {
    next: "make it, or name a file in a folder that is there",
  });
}
