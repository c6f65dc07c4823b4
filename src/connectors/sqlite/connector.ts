// SQLite databases: files. In: a connection of type sqlite. Out: both sides of it. Must hold: the file is there, and is never
// made; a rehearsal reads and writes a copy.

import type { Connector } from "../../contract/connector.ts";
import { readSqlite, type SqliteConnection, sqliteShape } from "./connection.ts";

export const sqlite: Connector = {
  type: "sqlite",
  shape: sqliteShape,
  findProblems: () => [],
  read: readSqlite,
  readStarter: async () => (await import("./starter.ts")).starter,
  async preparation(connection: SqliteConnection) {
    const [{ SqliteClient }, { definition }] = await Promise.all([import("./client.ts"), import("./marks.ts")]);
    return {
      statements: `${definition};\n`,
      async run(context) {
        const client = new SqliteClient(connection, context);
        await client.connect();
        await client.explain("preparing the database", () =>
          client.transact("write", (session) => session.rows(definition)),
        );
      },
    };
  },
  rehearse: (connection: SqliteConnection, { outbox }) =>
    Object.create(connection, { outbox: { value: outbox, enumerable: true } }) as SqliteConnection,
  async open(connection: SqliteConnection, context) {
    const [{ SqliteClient }, { openSqlSource }, { openSqlTarget }, { targetDialect }, { readDialect }, { hasMarks }] =
      await Promise.all([
        import("./client.ts"),
        import("../sql/source.ts"),
        import("../sql/target.ts"),
        import("./dialect.ts"),
        import("./read.ts"),
        import("./marks.ts"),
      ]);
    const client = new SqliteClient(connection, context);
    await client.connect();
    const isPrepared = await client.explain("opening it", () => client.transact("read", hasMarks));
    return { source: openSqlSource(client, readDialect), target: openSqlTarget(client, targetDialect, isPrepared) };
  },
};
