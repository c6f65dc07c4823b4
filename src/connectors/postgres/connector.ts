// PostgreSQL databases. In: a connection of type postgres. Out: both sides over sessions of one role. Must hold: what a job
// says is never built into SQL as it is, but for queries and filters, which the server takes as one SELECT.

import type { Connector } from "../../contract/connector.ts";
import { rehearseNone, requireReal } from "../sql/connector.ts";
import { findPostgresProblems, type PostgresConnection, postgresShape, readPostgres } from "./connection.ts";

export const postgres: Connector = {
  type: "postgres",
  shape: postgresShape,
  findProblems: findPostgresProblems,
  read: readPostgres,
  readStarter: async () => (await import("./starter.ts")).starter,
  async preparation(connection: PostgresConnection) {
    const [{ PostgresClient }, { definitionOf, prepare }] = await Promise.all([
      import("./client.ts"),
      import("./marks.ts"),
    ]);
    return {
      statements: definitionOf(connection.user),
      async run(context) {
        const client = new PostgresClient(connection, context);
        try {
          await client.connect();
          await client.explain("preparing the database", () => client.transact("write", prepare));
        } finally {
          client.close();
        }
      },
    };
  },
  rehearse: (connection: PostgresConnection) => rehearseNone(connection),
  async open(connection: PostgresConnection, context) {
    requireReal(connection);
    const [{ PostgresClient }, { hasMarks }, { dialect }, { openSqlSource }, { openSqlTarget }] = await Promise.all([
      import("./client.ts"),
      import("./marks.ts"),
      import("./dialect.ts"),
      import("../sql/source.ts"),
      import("../sql/target.ts"),
    ]);
    const client = new PostgresClient(connection, context);
    await client.connect();
    const isPrepared = await client.transact("read", hasMarks);
    return { source: openSqlSource(client, dialect), target: openSqlTarget(client, dialect, isPrepared) };
  },
};
