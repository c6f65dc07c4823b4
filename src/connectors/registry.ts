// The connectors, one line each. Loaded when first used, so that a command pays only for what it talks to.

import type { Source } from "../extract/source.ts";
import type { Connection, Environment } from "../job/job.ts";
import type { Target } from "../load/target.ts";
import { openFiles } from "./file/files.ts";

/** Both sides of a system. */
export interface OpenConnection {
  source: Source;
  target: Target;
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
    case "salesforce": {
      const { environment, onRetry, signal } = context;
      return (await import("./salesforce/target.ts")).openSalesforce(connection, environment, onRetry, signal);
    }
  }
}
