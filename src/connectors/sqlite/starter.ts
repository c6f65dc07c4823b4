// What `loadline init` writes for a database file of SQLite's.

import type { Starter } from "../../contract/starter.ts";

const connection = {
  name: "sqlite",
  lines: () => `type: sqlite
path: "\${SQLITE_FILE}"
`,
};

export const starter: Starter = {
  source: connection,
  target: connection,
  variables: `# SQLite: the file of the database.
SQLITE_FILE=
`,
  tables: { createsTable: false },
};
