// PostgreSQL databases. In: a connection of type postgres. Out: both sides over sessions of one role. Must hold: what a job
// says is never built into SQL as it is, but for queries and filters, which the server takes as one SELECT.

import type { Connector } from "../../contract/connector.ts";
import { usageFailure } from "../../core/errors.ts";
import { findPostgresProblems, type PostgresConnection, postgresShape, readPostgres } from "./connection.ts";

export const postgres: Connector = {
  type: "postgres",
  shape: postgresShape,
  findProblems: findPostgresProblems,
  read: readPostgres,
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
  // The real one is not to be touched by a rehearsal.
  rehearse: (connection: PostgresConnection) =>
    Object.create(connection, { isReal: { value: false, enumerable: true } }) as PostgresConnection,
  async open(connection: PostgresConnection, context) {
    if (!connection.isReal) {
      throw usageFailure(`${connection.name}: the sandbox plays no database`, {
        where: connection.place,
        next: "try the job against a database for tests: --env names a file with other variables",
      });
    }
    const [{ PostgresClient }, { hasMarks }, { openPostgresSource }, { openPostgresTarget }] = await Promise.all([
      import("./client.ts"),
      import("./marks.ts"),
      import("./source.ts"),
      import("./target.ts"),
    ]);
    const client = new PostgresClient(connection, context);
    await client.connect();
    const isPrepared = await client.transact("read", hasMarks);
    return { source: openPostgresSource(client), target: openPostgresTarget(client, isPrepared) };
  },
};
