// connections.yaml, read by the connectors that there are.

import { connectors } from "../../connectors/registry.ts";
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
