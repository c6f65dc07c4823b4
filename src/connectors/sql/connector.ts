// What the connectors of databases do alike with a connection.

import { usageFailure } from "../../core/errors.ts";
import type { Connection } from "../../job/job.ts";

export interface SqlConnection extends Connection {
  /** False in a rehearsal, which has no database in its place. */
  isReal: boolean;
}

/** The real one is not to be touched by a rehearsal. */
export function rehearseNone<Database extends SqlConnection>(connection: Database): Database {
  return Object.create(connection, { isReal: { value: false, enumerable: true } }) as Database;
}

/** Throws a Failure (2) in a rehearsal. */
export function requireReal({ isReal, name, place }: SqlConnection): void {
  if (isReal) return;
  throw usageFailure(`${name}: the sandbox plays no database`, {
    where: place,
    next: "try the job against a database for tests: --env names a file with other variables",
  });
}
