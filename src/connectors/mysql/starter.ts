// What `loadline init` writes for a MySQL or MariaDB database.

import type { Starter } from "../../contract/starter.ts";

const connection = {
  name: "mysql",
  lines: () => `type: mysql
url: "\${MYSQL_URL}"
auth: { user: "\${MYSQL_USER}", password: "\${MYSQL_PASSWORD}" }
protected: true # loading wants --yes
`,
};

export const starter: Starter = {
  source: connection,
  target: connection,
  variables: `# MySQL or MariaDB: mysql://host:port/database, and a user that may do what the jobs do.
MYSQL_URL=
MYSQL_USER=
MYSQL_PASSWORD=
`,
  tables: { createsTable: false },
};
