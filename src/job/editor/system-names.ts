// What an editor is told of the systems of a project. Plain data: asked in pipeline/tools/editor-names.ts, written into the
// JSON Schema by names-schema.ts.

import type { FieldSchema } from "../../core/model.ts";

export interface SystemNames {
  connection: string;
  /** All that the user can see. */
  objects: readonly string[];
  /** By the name that a job may call the object: its fields. */
  described: ReadonlyMap<string, readonly FieldSchema[]>;
}

export interface ProjectNames {
  /** Of connections.yaml. */
  connections: readonly string[];
  /** Those that could be asked. */
  systems: readonly SystemNames[];
}
