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

/** Signs in. `signal` ends whatever the system is waited for. */
export async function openConnection(
  connection: Connection,
  environment: Environment,
  onRetry: (text: string) => void,
  signal: AbortSignal,
): Promise<OpenConnection> {
  switch (connection.type) {
    case "file":
      return openFiles(connection);
    case "salesforce":
      return (await import("./salesforce/target.ts")).openSalesforce(connection, environment, onRetry, signal);
  }
}
