// JSON Schema (draft 2020-12) of the files, for editors and CI, made from the schemas that read them.

import { z } from "zod";
import { connectionsShape } from "./connection-schema.ts";
import type { ConnectionType } from "./connection-type.ts";
import { withNames } from "./editor/names-schema.ts";
import type { ProjectNames } from "./editor/system-names.ts";
import type { JsonSchema } from "./editor/when.ts";
import { jobShape } from "./schema.ts";

/**
 * The schema of a job file, with the names of a project where there is one. What must exist elsewhere in the file, e.g. the
 * columns of `redact`, it cannot tell.
 */
export function jobJsonSchema(names: ProjectNames = { connections: [], systems: [] }): object {
  return withNames(z.toJSONSchema(jobShape, { io: "input" }) as JsonSchema, names);
}

/** The schema of connections.yaml. */
export function connectionsJsonSchema(types: readonly ConnectionType[]): object {
  return z.toJSONSchema(connectionsShape(types), { io: "input" });
}
