// Oracle databases. In: a connection of type oracle. Out: both sides over sessions of one user. Must hold: what a job
// says is never built into SQL as it is, but for queries and filters, which the server takes as one SELECT.

import type { Connector } from "../../contract/connector.ts";
import { openDatabase, preparationOf, rehearseNone, requireReal } from "../sql/connector.ts";
import { findOracleProblems, type OracleConnection, oracleShape, readOracle } from "./connection.ts";

export const oracle: Connector = {
  type: "oracle",
  shape: oracleShape,
  findProblems: findOracleProblems,
  read: readOracle,
  async preparation(connection: OracleConnection) {
    const [{ openClient }, { definitionOf, hasMarks, prepare }] = await Promise.all([
      import("./client.ts"),
      import("./marks.ts"),
    ]);
    return preparationOf(connection, definitionOf(connection.user), { hasMarks, prepare }, (context) =>
      openClient(connection, context),
    );
  },
  rehearse: (connection: OracleConnection) => rehearseNone(connection),
  async open(connection: OracleConnection, context) {
    requireReal(connection);
    const [{ openClient }, { hasMarks }, { dialect }] = await Promise.all([
      import("./client.ts"),
      import("./marks.ts"),
      import("./dialect.ts"),
    ]);
    return openDatabase(await openClient(connection, context), dialect, { hasMarks });
  },
};
