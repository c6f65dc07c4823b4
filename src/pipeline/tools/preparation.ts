// What a database wants before it remembers what was written to it.

import { connectorOf } from "../../connectors/registry.ts";
import type { Preparation } from "../../contract/connector.ts";
import { usageFailure } from "../../core/errors.ts";
import type { Connection } from "../../job/job.ts";

/** Throws a Failure (2) where the connection wants no such thing. */
export async function preparationOf(connection: Connection): Promise<Preparation> {
  const preparation = await connectorOf(connection).preparation?.(connection);
  if (preparation !== undefined) return preparation;
  throw usageFailure(`connection ${connection.name} is of type ${connection.type}: nothing is to be prepared`, {
    where: connection.place,
  });
}
