// What `loadline init` writes for a PostgreSQL database.

import type { Starter } from "../../contract/starter.ts";

const connection = {
  name: "postgres",
  lines: () => `type: postgres
url: "\${POSTGRES_URL}"
auth: { user: "\${POSTGRES_USER}", password: "\${POSTGRES_PASSWORD}" }
protected: true # loading wants --yes
`,
};

export const starter: Starter = {
  source: connection,
  target: connection,
  variables: `# PostgreSQL: postgres://host:port/database, and a role that may do what the jobs do.
POSTGRES_URL=
POSTGRES_USER=
POSTGRES_PASSWORD=
`,
  tables: { createsTable: true },
};
