// A database file of DuckDB's as connections.yaml names it.

import { z } from "zod";
import type { ConnectionScope } from "../../job/connection-type.ts";
import { closedMap } from "../../job/schema-parts.ts";
import { databasePath, type FileDatabase, readFileDatabase } from "../kit/database-file.ts";

export interface DuckdbConnection extends FileDatabase {
  type: "duckdb";
}

export const duckdbShape = closedMap({
  type: z.literal("duckdb").describe("The kind of system."),
  path: databasePath,
});

export function readDuckdb(written: z.infer<typeof duckdbShape>, scope: ConnectionScope): DuckdbConnection {
  return readFileDatabase("duckdb", written, scope);
}
