// The shape of connections.yaml, and what the shapes of its types share. Where a credential belongs only a reference is
// accepted, so that a file with a secret in it cannot be committed unnoticed.

import { z } from "zod";
import type { ConnectionType, WrittenConnection } from "./connection-type.ts";
import { closedMap, name, version } from "./schema-parts.ts";

/** `protected:` of a system that can be loaded. */
export const optionalProtected = z
  .boolean()
  .describe("Loads into it want an approved plan or --yes. Default: false.")
  .optional();

export interface ConnectionsFile {
  version: 1;
  connections: Record<string, WrittenConnection>;
}

/** connections.yaml as it is written. */
export function connectionsShape(types: readonly ConnectionType[]): z.ZodType<ConnectionsFile> {
  const [first, ...others] = types.map(({ shape }) => shape);
  if (first === undefined) throw new Error("no type of connection is known");
  return closedMap({
    version,
    connections: z
      .record(name, z.discriminatedUnion("type", [first, ...others]))
      .describe("The systems, by the name that jobs use."),
  }).meta({ title: "loadline connections file" });
}

/** Of keys of which one is wanted. */
export function hasOneKey(value: object): boolean {
  return Object.keys(value).length === 1;
}
