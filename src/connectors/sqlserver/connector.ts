// Databases of SQL Server. In: a connection of type sqlserver. Out: both sides over sessions of one user. Must hold: what a job
// says is never built into SQL as it is, but for queries and filters, of which none ends the statement that it stands in.

import type { Connector } from "../../contract/connector.ts";
import { rehearseNone, requireReal } from "../sql/connector.ts";
import { findSqlserverProblems, readSqlserver, type SqlserverConnection, sqlserverShape } from "./connection.ts";

export const sqlserver: Connector = {
  type: "sqlserver",
  shape: sqlserverShape,
  findProblems: findSqlserverProblems,
  read: readSqlserver,
  async preparation(connection: SqlserverConnection) {
    const [{ openClient }, { definitionOf, prepare }] = await Promise.all([
      import("./client.ts"),
      import("./marks.ts"),
    ]);
    return {
      statements: definitionOf(connection.user),
      async run(context) {
        const client = await openClient(connection, context);
        try {
          await client.connect();
          await client.explain("preparing the database", () => client.transact("write", prepare));
        } finally {
          client.close();
        }
      },
    };
  },
  rehearse: (connection: SqlserverConnection) => rehearseNone(connection),
  async open(connection: SqlserverConnection, context) {
    requireReal(connection);
    const [{ openClient }, { hasMarks }, { dialect }, { openSqlSource }, { openSqlTarget }] = await Promise.all([
      import("./client.ts"),
      import("./marks.ts"),
      import("./dialect.ts"),
      import("../sql/source.ts"),
      import("../sql/target.ts"),
    ]);
    const client = await openClient(connection, context);
    await client.connect();
    const isPrepared = await client.explain("opening it", () => client.transact("read", hasMarks));
    return { source: openSqlSource(client, dialect), target: openSqlTarget(client, dialect, isPrepared) };
  },
};
