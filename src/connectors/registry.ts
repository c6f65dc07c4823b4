// The connectors, one line each. In: a connection as connections.yaml names it. Out: the open connection, signed in. Must
// hold: a connector is loaded when it is first used, so that a command pays only for what it talks to.

import type { ConnectionContext, OpenConnection } from "../contract/connection.ts";
import type { Connection, Environment } from "../job/job.ts";
import { openFiles } from "./file/files.ts";
import { openFileTarget } from "./file/target.ts";

export interface ServerKey {
  host: string;
  port: number;
  type: string;
  fingerprint: string;
  /** What connections.yaml has. */
  pinned: string | null;
}

/** Signs in. */
export async function openConnection(connection: Connection, context: ConnectionContext): Promise<OpenConnection> {
  switch (connection.type) {
    case "file":
      return openFiles(connection);
    case "hubspot":
      return (await import("./hubspot/target.ts")).openHubSpot(connection, context);
    case "salesforce":
      return (await import("./salesforce/target.ts")).openSalesforce(connection, context);
    case "sftp": {
      const { source, store } = await (await import("./sftp/sftp.ts")).openSftp(connection, context);
      return { source, target: openFileTarget(store) };
    }
  }
}

/** The key of a server that is known by one; undefined for the others. */
export async function readServerKey(connection: Connection, environment: Environment): Promise<ServerKey | undefined> {
  if (connection.type !== "sftp") return undefined;
  const { host, port } = connection.address;
  const { type, fingerprint } = await (await import("./sftp/sftp.ts")).readServerKey(connection, environment);
  return { host, port, type, fingerprint, pinned: connection.hostKey ?? null };
}
