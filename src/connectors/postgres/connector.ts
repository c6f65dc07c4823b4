// PostgreSQL databases. In: a connection of type postgres. Out: both sides over sessions of one role. Must hold: what a job
// says is never built into SQL as it is, but for queries and filters, which the server takes as one SELECT.

import type { Connector } from "../../contract/connector.ts";
import { findPostgresProblems, type PostgresConnection, postgresShape, readPostgres } from "./connection.ts";

export const postgres: Connector = {
  type: "postgres",
  shape: postgresShape,
  findProblems: findPostgresProblems,
  read: readPostgres,
  async open(connection: PostgresConnection, context) {
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
