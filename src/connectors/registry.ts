// The connectors, one line each. Loaded when first used, so that a command pays only for what it talks to.

import type { Source } from "../extract/source.ts";
import type { Connection, Environment } from "../job/job.ts";
import type { Target } from "../load/target.ts";
import { openFiles } from "./file/files.ts";
import { openFileTarget } from "./file/target.ts";

/** Both sides of a system. */
export interface OpenConnection {
  source: Source;
  target: Target;
}

export interface ServerKey {
  host: string;
  port: number;
  type: string;
  fingerprint: string;
  /** What connections.yaml has. */
  pinned: string | null;
}

export interface ConnectionContext {
  environment: Environment;
  /** Where runs that share an account share its pace too; without one, nothing is written. */
  stateFolder?: string;
  onRetry(text: string): void;
  /** Ends whatever the system is waited for. */
  signal: AbortSignal;
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
