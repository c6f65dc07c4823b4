// SQLite databases: files. In: a connection of type sqlite. Out: both sides of it. Must hold: the file is there, and is never
// made; a rehearsal reads and writes a copy.

import type { Connector } from "../../contract/connector.ts";
import { openDatabase, preparationOf } from "../sql/connector.ts";
import { readSqlite, type SqliteConnection, sqliteShape } from "./connection.ts";

export const sqlite: Connector = {
  type: "sqlite",
  shape: sqliteShape,
  findProblems: () => [],
  read: readSqlite,
  readStarter: async () => (await import("./starter.ts")).starter,
  async preparation(connection: SqliteConnection) {
    const [{ SqliteClient }, { definition, hasMarks, prepare }] = await Promise.all([
      import("./client.ts"),
      import("./marks.ts"),
    ]);
    return preparationOf(
      connection,
      `${definition};\n`,
      { hasMarks, prepare },
      (context) => new SqliteClient(connection, context),
    );
  },
  rehearse: (connection: SqliteConnection, { outbox }) =>
    Object.create(connection, { outbox: { value: outbox, enumerable: true } }) as SqliteConnection,
  async open(connection: SqliteConnection, context) {
    const [{ SqliteClient }, { hasMarks }, { targetDialect }, { readDialect }] = await Promise.all([
      import("./client.ts"),
      import("./marks.ts"),
      import("./dialect.ts"),
      import("./read.ts"),
    ]);
    return openDatabase(new SqliteClient(connection, context), targetDialect, { hasMarks }, readDialect);
  },
};
