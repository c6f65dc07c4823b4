// The key that a server shows, to be pinned.

import { connectorOf } from "../../connectors/registry.ts";
import type { ServerKey } from "../../contract/connector.ts";
import { usageFailure } from "../../core/errors.ts";
import type { Connection, Environment } from "../../job/job.ts";

/** Sends no credential to it. Throws a Failure (exit 2) for a system that is not known by a key. */
export async function fetchServerKey(connection: Connection, environment: Environment): Promise<ServerKey> {
  const key = await connectorOf(connection).readServerKey?.(connection, environment);
  if (key !== undefined) return key;
  throw usageFailure(`connection ${connection.name} has no host key to pin: only servers of SFTP have one`, {
    where: connection.place,
  });
}
