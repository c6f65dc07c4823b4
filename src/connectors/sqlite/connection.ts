// An SQLite database as connections.yaml names it.

import { z } from "zod";
import { optionalProtected } from "../../job/connection-schema.ts";
import type { ConnectionScope } from "../../job/connection-type.ts";
import { closedMap } from "../../job/schema-parts.ts";
import { databasePath, type FileDatabase, readFileDatabase } from "../kit/database-file.ts";

export interface SqliteConnection extends FileDatabase {
  type: "sqlite";
  /** Where a rehearsal puts its copy. */
  outbox?: string;
}

export const sqliteShape = closedMap({
  type: z.literal("sqlite").describe("The kind of system."),
  path: databasePath,
  protected: optionalProtected,
});

export function readSqlite(written: z.infer<typeof sqliteShape>, scope: ConnectionScope): SqliteConnection {
  return readFileDatabase("sqlite", written, scope);
}
