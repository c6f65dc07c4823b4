// What `loadline init` writes for a database file of DuckDB's.

import type { Starter } from "../../contract/starter.ts";

const connection = {
  name: "duckdb",
  lines: () => `type: duckdb
path: "\${DUCKDB_FILE}"
`,
};

export const starter: Starter = {
  source: connection,
  target: connection,
  variables: `# DuckDB: the file of the database.
DUCKDB_FILE=
`,
  tables: { createsTable: false, onlyRead: "loadline reads files of DuckDB and does not write them" },
};
