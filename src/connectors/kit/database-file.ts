// A database that is a file, as connections.yaml names it. In: a path. Out: where it is. Must hold: a file is opened where it
// is and never made; a rehearsal writes to a copy.

import { statSync } from "node:fs";
import { resolve as resolvePath } from "node:path";
import { Failure, usageFailure } from "../../core/errors.ts";
import { exitCode } from "../../core/exit-code.ts";
import type { ConnectionScope } from "../../job/connection-type.ts";
import type { Connection } from "../../job/job.ts";
import { expandReferences } from "../../job/references.ts";
import { referencing } from "../../job/schema-parts.ts";

export interface FileDatabase extends Connection {
  /** Absolute. Reading it throws a Failure (exit 2) if it holds a reference to an unset variable. */
  readonly file: string;
}

export const databasePath = referencing.describe("The database's file, relative to this file.");

export function readFileDatabase<Type extends string>(
  type: Type,
  written: { path: string; protected?: boolean | undefined },
  scope: ConnectionScope,
): FileDatabase & { type: Type } {
  return {
    name: scope.name,
    type,
    holds: "tables",
    get file() {
      const place = scope.placeAt(["path"]);
      return resolvePath(scope.folder, expandReferences(written.path, scope.environment, place, scope.folder));
    },
    protected: written.protected ?? false,
    place: scope.placeAt([]),
  };
}

/** Throws a Failure where there is no file to open. */
export function requireFile({ name, file, place }: FileDatabase, making: string): void {
  let isFile: boolean | undefined;
  try {
    isFile = statSync(file, { throwIfNoEntry: false })?.isFile();
  } catch (error) {
    throw new Failure(exitCode.signIn, `${name}: ${file} can't be looked at`, {
      where: place,
      why: error instanceof Error ? error.message : String(error),
      next: "let this user read the folder",
    });
  }
  if (isFile === true) return;
  throw usageFailure(isFile === false ? `${name}: ${file} is no file` : `${name}: there is no file ${file}`, {
    where: place,
    next: `correct path of the connection; a database is never made by loadline: ${making}`,
  });
}
