// What `loadline init` writes for an SFTP server.

import type { Starter } from "../../contract/starter.ts";

const connection = {
  name: "sftp",
  lines: (name: string) => `type: sftp
url: "\${SFTP_URL}"
auth: { password: "\${SFTP_PASSWORD}" }
# host_key: loadline connections pin ${name} prints the line
`,
};

export const starter: Starter = {
  source: connection,
  target: connection,
  variables: `# The SFTP server, sftp://user@host:port/folder.
SFTP_URL=
SFTP_PASSWORD=
`,
  sampleFolder: (name) => `fixtures/sftp/${name}`,
};
