// PostgreSQL databases. In: a connection of type postgres. Out: both sides over sessions of one role. Must hold: what a job
// says is never built into SQL as it is, but for queries and filters, which the server takes as one SELECT.

import type { Connector } from "../../contract/connector.ts";
import { openDatabase, preparationOf, rehearseNone, requireReal } from "../sql/connector.ts";
import { findPostgresProblems, type PostgresConnection, postgresShape, readPostgres } from "./connection.ts";

export const postgres: Connector = {
  type: "postgres",
  shape: postgresShape,
  findProblems: findPostgresProblems,
  read: readPostgres,
  readStarter: async () => (await import("./starter.ts")).starter,
  async preparation(connection: PostgresConnection) {
    const [{ PostgresClient }, { definitionOf, hasMarks, prepare }] = await Promise.all([
      import("./client.ts"),
      import("./marks.ts"),
    ]);
    return preparationOf(
      connection,
      definitionOf(connection.user),
      { hasMarks, prepare },
      (context) => new PostgresClient(connection, context),
    );
  },
  rehearse: (connection: PostgresConnection) => rehearseNone(connection),
  async open(connection: PostgresConnection, context) {
    requireReal(connection);
    const [{ PostgresClient }, { hasMarks }, { dialect }] = await Promise.all([
      import("./client.ts"),
      import("./marks.ts"),
      import("./dialect.ts"),
    ]);
    return openDatabase(new PostgresClient(connection, context), dialect, { hasMarks });
  },
};
