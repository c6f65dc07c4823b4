// The connectors, one line each. Loaded when first used, so that a command pays only for what it talks to.

import type { Source } from "../extract/source.ts";
import type { Connection, Environment } from "../job/job.ts";
import type { Target } from "../load/target.ts";
import { openFileSource } from "./file/source.ts";

export function openSource(connection: Connection): Source {
  if (connection.type === "file") return openFileSource(connection);
  throw new Error(`connection ${connection.name} can't be a source`);
}

/** Signs in. `signal` ends whatever the target is waiting for. */
export async function openTarget(
  connection: Connection,
  environment: Environment,
  onRetry: (text: string) => void,
  signal: AbortSignal,
): Promise<Target> {
  if (connection.type === "salesforce") {
    const { openSalesforceTarget } = await import("./salesforce/target.ts");
    return openSalesforceTarget(connection, environment, onRetry, signal);
  }
  throw new Error(`connection ${connection.name} can't be a target`);
}
