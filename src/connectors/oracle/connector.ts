// Oracle databases. In: a connection of type oracle. Out: both sides over sessions of one user. Must hold: what a job
// says is never built into SQL as it is, but for queries and filters, which the server takes as one SELECT.

import type { Connector } from "../../contract/connector.ts";
import { rehearseNone, requireReal } from "../sql/connector.ts";
import { findOracleProblems, type OracleConnection, oracleShape, readOracle } from "./connection.ts";

export const oracle: Connector = {
  type: "oracle",
  shape: oracleShape,
  findProblems: findOracleProblems,
  read: readOracle,
  async preparation(connection: OracleConnection) {
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
  rehearse: (connection: OracleConnection) => rehearseNone(connection),
  async open(connection: OracleConnection, context) {
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
