// MySQL and MariaDB databases. In: a connection of type mysql. Out: both sides over sessions of one user. Must hold: what a job
// says is never built into SQL as it is, but for queries and filters, which the server takes as one SELECT.

import type { Connector } from "../../contract/connector.ts";
import { rehearseNone, requireReal } from "../sql/connector.ts";
import { findMysqlProblems, type MysqlConnection, mysqlShape, readMysql } from "./connection.ts";

export const mysql: Connector = {
  type: "mysql",
  shape: mysqlShape,
  findProblems: findMysqlProblems,
  read: readMysql,
  readStarter: async () => (await import("./starter.ts")).starter,
  async preparation(connection: MysqlConnection) {
    const [{ MysqlClient }, { definitionOf, prepare }] = await Promise.all([
      import("./client.ts"),
      import("./marks.ts"),
    ]);
    return {
      statements: definitionOf(connection.address.database, connection.user),
      async run(context) {
        const client = new MysqlClient(connection, context);
        try {
          await client.connect();
          await client.explain("preparing the database", () => client.transact("write", prepare));
        } finally {
          client.close();
        }
      },
    };
  },
  rehearse: (connection: MysqlConnection) => rehearseNone(connection),
  async open(connection: MysqlConnection, context) {
    requireReal(connection);
    const [{ MysqlClient }, { hasMarks }, { dialect }, { openSqlSource }, { openSqlTarget }] = await Promise.all([
      import("./client.ts"),
      import("./marks.ts"),
      import("./dialect.ts"),
      import("../sql/source.ts"),
      import("../sql/target.ts"),
    ]);
    const client = new MysqlClient(connection, context);
    await client.connect();
    const isPrepared = await client.transact("read", hasMarks);
    return { source: openSqlSource(client, dialect), target: openSqlTarget(client, dialect, isPrepared) };
  },
};
