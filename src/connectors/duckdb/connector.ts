// Database files of DuckDB's: a source. In: a connection of type duckdb. Out: a source, and a target that only describes. Must
// hold: the file is never made and never written, in a rehearsal neither.

import type { Connector } from "../../contract/connector.ts";
import { type DuckdbConnection, duckdbShape, readDuckdb } from "./connection.ts";

export const duckdb: Connector = {
  type: "duckdb",
  shape: duckdbShape,
  findProblems: () => [],
  read: readDuckdb,
  readStarter: async () => (await import("./starter.ts")).starter,
  rehearse: (connection) => connection,
  async open(connection: DuckdbConnection, context) {
    const [{ DuckdbClient }, { openSqlSource }, { readDialect }, { openDescriber }] = await Promise.all([
      import("./client.ts"),
      import("../sql/source.ts"),
      import("./read.ts"),
      import("./describer.ts"),
    ]);
    const client = new DuckdbClient(connection, context);
    await client.connect();
    return { source: openSqlSource(client, readDialect), target: openDescriber(client) };
  },
};
