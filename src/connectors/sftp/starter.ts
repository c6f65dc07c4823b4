// What `loadline init` writes for an SFTP server.

import type { Starter } from "../../contract/starter.ts";

const connection = {
  name: "sftp",
  lines: `type: sftp
url: "\${SFTP_URL}"
auth: { password: "\${SFTP_PASSWORD}" }
# host_key: loadline connections pin sftp prints the line
`,
};

export const starter: Starter = {
  source: connection,
  target: connection,
  variables: `# The SFTP server, sftp://user@host:port/folder.
SFTP_URL=
SFTP_PASSWORD=
`,
  sampleFolder: `fixtures/sftp/${connection.name}`,
};
