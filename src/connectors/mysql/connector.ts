// MySQL and MariaDB databases. In: a connection of type mysql. Out: both sides over sessions of one user. Must hold: what a job
// says is never built into SQL as it is, but for queries and filters, which the server takes as one SELECT.

import type { Connector } from "../../contract/connector.ts";
import { openDatabase, preparationOf, rehearseNone, requireReal } from "../sql/connector.ts";
import { findMysqlProblems, type MysqlConnection, mysqlShape, readMysql } from "./connection.ts";

export const mysql: Connector = {
  type: "mysql",
  shape: mysqlShape,
  findProblems: findMysqlProblems,
  read: readMysql,
  readStarter: async () => (await import("./starter.ts")).starter,
  async preparation(connection: MysqlConnection) {
    const [{ MysqlClient }, { definitionOf, hasMarks, prepare }] = await Promise.all([
      import("./client.ts"),
      import("./marks.ts"),
    ]);
    return preparationOf(
      connection,
      definitionOf(connection.address.database, connection.user),
      { hasMarks, prepare },
      (context) => new MysqlClient(connection, context),
    );
  },
  rehearse: (connection: MysqlConnection) => rehearseNone(connection),
  async open(connection: MysqlConnection, context) {
    requireReal(connection);
    const [{ MysqlClient }, { hasMarks }, { dialect }] = await Promise.all([
      import("./client.ts"),
      import("./marks.ts"),
      import("./dialect.ts"),
    ]);
    return openDatabase(new MysqlClient(connection, context), dialect, { hasMarks });
  },
};
