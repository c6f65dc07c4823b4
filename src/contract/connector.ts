// A connector: a type of connection, and how one is opened. In: a connection of connections.yaml. Out: both sides of the
// system. Must hold: a connector is loaded when it is first opened; what differs between systems is told here and by the
// capabilities of Source and Target, never asked by name.

import type { ConnectionType } from "../job/connection-type.ts";
import type { Connection, Environment } from "../job/job.ts";
import type { ConnectionContext, OpenConnection } from "./connection.ts";
import type { Starter } from "./starter.ts";

export interface Connector extends ConnectionType {
  /** Signs in. Throws a Failure: 8 where that is refused, 75 where nobody answers. */
  open(connection: Connection, context: ConnectionContext): Promise<OpenConnection>;
  /** What `loadline init` writes for it; without it, init knows nothing of the system. */
  readStarter?(): Promise<Starter>;
  /** The key that a server shows, where a system is known by one. Sends no credential. */
  readServerKey?(connection: Connection, environment: Environment): Promise<ServerKey>;
  /** Of a database that is to remember what was written: what that wants of it, and how it is made. */
  preparation?(connection: Connection): Promise<Preparation>;
  /** For `--sandbox`: the same connection with its system played by the sandbox. Without it, the real one stays. */
  rehearse?(connection: Connection, rehearsal: RehearsalPlace): Connection;
}

/** What a rehearsal has for its connections. */
export interface RehearsalPlace {
  addresses: SandboxAddresses;
  /** Where files that are written go, of this connection alone. */
  outbox: string;
  /** Makes the folder that the sandbox serves as this connection's server; gives its path there. */
  makeServerFolder(): string;
}

export interface SandboxAddresses {
  salesforce: string;
  hubspot: string;
  sftp: string;
  hostKey: string;
}

export interface Preparation {
  /** Statements for whoever administers the database. May be run again. */
  statements: string;
  /** Runs them as the connection's own user. Throws a Failure (8) where that user may not. */
  run(context: ConnectionContext): Promise<void>;
}

export interface ServerKey {
  host: string;
  port: number;
  type: string;
  fingerprint: string;
  /** What connections.yaml has. */
  pinned: string | null;
}
