// connections.yaml, read by the connectors that there are.

import { statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { connectors, openConnection } from "../../connectors/registry.ts";
import type { Allowance, Identity } from "../../contract/account.ts";
import { showPath, usageFailure } from "../../core/errors.ts";
import type { Connection, Environment } from "../../job/job.ts";
import { connectionsJsonSchema } from "../../job/json-schema.ts";
import { readConnections } from "../../job/read-connections.ts";

/** The connections of a project by name. Throws a Failure (exit 2) that holds every problem found. */
export function readProjectConnections(file: string, environment: Environment): Map<string, Connection> {
  return readConnections(file, connectors, environment);
}

/** JSON Schema of connections.yaml. */
export function schemaOfConnections(): object {
  return connectionsJsonSchema(connectors);
}

/** One connection to each system that the sandbox plays, called by its type. `folder`: for its file. */
export async function playedConnections(folder: string): Promise<Map<string, Connection>> {
  const lines: string[] = [];
  for (const { type, readStarter, readServerKey } of connectors) {
    const { source, records } = (await readStarter?.()) ?? {};
    // A folder is nobody's system.
    if (source !== undefined && (records !== undefined || readServerKey !== undefined))
      lines.push(`  ${type}:\n${source.lines(type).replaceAll(/^(?=.)/gm, "    ")}`);
  }
  const file = join(folder, "connections.yaml");
  writeFileSync(file, `version: 1\nconnections:\n${lines.join("")}`);
  return readConnections(file, connectors, {});
}

/** What signing in to a connection tells. */
export interface TestedConnection {
  connection: string;
  type: string;
  org: string;
  identity: Identity | null;
  allowance: Allowance | null;
  warnings: readonly string[];
}

/** Signs in, and asks who that is and what is left of the day. Throws a Failure: 8 refused, 75 unreachable, 2 not there. */
export async function testConnection(
  connection: Connection,
  { environment, signal }: { environment: Environment; signal: AbortSignal },
): Promise<TestedConnection> {
  const { name, type, path } = connection;
  if (path !== undefined && statSync(path, { throwIfNoEntry: false })?.isDirectory() !== true) {
    throw usageFailure(`connection ${name}: there is no folder ${showPath(path)}`, {
      where: connection.place,
      next: `mkdir -p ${showPath(path)}`,
    });
  }
  const { target } = await openConnection(connection, { environment, onRetry: () => undefined, signal });
  try {
    const identity = (await target.readIdentity?.()) ?? null;
    const allowance = (await target.readAllowance()) ?? null;
    return { connection: name, type, org: target.orgId, identity, allowance, warnings: target.warnings };
  } finally {
    target.close();
  }
}
