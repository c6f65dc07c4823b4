// Databases of SQL Server. In: a connection of type sqlserver. Out: both sides over sessions of one user. Must hold: what a job
// says is never built into SQL as it is, but for queries and filters, of which none ends the statement that it stands in.

import type { Connector } from "../../contract/connector.ts";
import { openDatabase, preparationOf, rehearseNone, requireReal } from "../sql/connector.ts";
import { findSqlserverProblems, readSqlserver, type SqlserverConnection, sqlserverShape } from "./connection.ts";

export const sqlserver: Connector = {
  type: "sqlserver",
  shape: sqlserverShape,
  findProblems: findSqlserverProblems,
  read: readSqlserver,
  async preparation(connection: SqlserverConnection) {
    const [{ openClient }, { definitionOf, hasMarks, prepare }] = await Promise.all([
      import("./client.ts"),
      import("./marks.ts"),
    ]);
    return preparationOf(connection, definitionOf(connection.user), { hasMarks, prepare }, (context) =>
      openClient(connection, context),
    );
  },
  rehearse: (connection: SqlserverConnection) => rehearseNone(connection),
  async open(connection: SqlserverConnection, context) {
    requireReal(connection);
    const [{ openClient }, { hasMarks }, { dialect }] = await Promise.all([
      import("./client.ts"),
      import("./marks.ts"),
      import("./dialect.ts"),
    ]);
    return openDatabase(await openClient(connection, context), dialect, { hasMarks });
  },
};
