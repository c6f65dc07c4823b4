// A memory CRM as connections.yaml names it.

import { z } from "zod";
import { buildReference, type ConnectionScope } from "../../../src/job/connection-type.ts";
import type { Connection, Reference } from "../../../src/job/job.ts";
import { closedMap, secret, text } from "../../../src/job/schema-parts.ts";

export interface MemoryConnection extends Connection {
  type: "memory";
  url: string;
  token: Reference;
}

export const memoryShape = closedMap({
  type: z.literal("memory").describe("The kind of system."),
  url: text.describe("Where it listens."),
  token: secret.describe("The token; a reference."),
});

export function readMemory(written: z.infer<typeof memoryShape>, scope: ConnectionScope): MemoryConnection {
  return {
    name: scope.name,
    type: "memory",
    holds: "objects",
    url: written.url,
    token: buildReference(written.token, ["token"], scope),
    protected: false,
    place: scope.placeAt([]),
  };
}
