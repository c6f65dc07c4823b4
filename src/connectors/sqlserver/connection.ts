// A database of SQL Server or Azure SQL as connections.yaml names it.

import type { z } from "zod";
import type { ConnectionProblem, ConnectionScope } from "../../job/connection-type.ts";
import { findServerProblems, readServer, type ServerConnection, serverShape } from "../sql/connection.ts";
import type { UrlDialect } from "../sql/url.ts";

export interface SqlserverConnection extends ServerConnection {
  type: "sqlserver";
}

export const sqlserverShape = serverShape("sqlserver", "sqlserver://host:port/database.");

type WrittenSqlserver = z.infer<typeof sqlserverShape>;

const url: UrlDialect = { schemes: ["sqlserver", "mssql"], usualPort: 1433, parameter: "encrypt" };

export function findSqlserverProblems(written: WrittenSqlserver): ConnectionProblem[] {
  return findServerProblems(written, url);
}

export function readSqlserver(written: WrittenSqlserver, scope: ConnectionScope): SqlserverConnection {
  return readServer("sqlserver", written, scope, url);
}
