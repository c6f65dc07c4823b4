// SFTP servers, as a source and as a target. In: a connection of type sftp. Out: both sides over one link. Must hold: a
// server is trusted by its key alone; what it states is not believed before it is read.

import type { Connector } from "../../contract/connector.ts";
import { Secret } from "../../core/secret.ts";
import { findSftpProblems, readSftp, type SftpConnection, sftpShape } from "./connection.ts";

/** Everybody knows it, and a folder has its name. */
const sandboxPassword = () => new Secret("sandbox", { redacted: false });

export const sftp: Connector = {
  type: "sftp",
  shape: sftpShape,
  findProblems: findSftpProblems,
  read: readSftp,
  readStarter: async () => (await import("./starter.ts")).starter,
  async open(connection: SftpConnection, context) {
    const [{ openSftp }, { openFileTarget }] = await Promise.all([
      import("./sftp.ts"),
      import("../kit/whole-file-target.ts"),
    ]);
    const { source, store } = await openSftp(connection, context);
    return { source, target: openFileTarget(store) };
  },
  async readServerKey(connection: SftpConnection, environment) {
    const { host, port } = connection.address;
    const { type, fingerprint } = await (await import("./sftp.ts")).readServerKey(connection, environment);
    return { host, port, type, fingerprint, pinned: connection.hostKey ?? null };
  },
  rehearse({ name, place }: SftpConnection, { addresses, makeServerFolder }): SftpConnection {
    const { username, hostname, port } = new URL(addresses.sftp);
    return {
      name,
      type: "sftp",
      holds: "files",
      address: { user: username, host: hostname, port: Number(port), folder: makeServerFolder() },
      auth: { kind: "password", password: { resolve: sandboxPassword } },
      hostKey: addresses.hostKey,
      protected: false,
      place,
    };
  },
};
