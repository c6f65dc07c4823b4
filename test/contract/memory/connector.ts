// A connector that is as small as one can be; copy this folder to begin one. In: a connection of type memory. Out: both
// sides of the CRM that server.ts is. Must hold: docs/connector-guide.md says what each piece must hold, and
// test/contract/suite.ts tries it.

import type { Connector } from "../../../src/contract/connector.ts";
import { MemoryClient } from "./client.ts";
import { type MemoryConnection, memoryShape, readMemory } from "./connection.ts";
import { openMemorySource } from "./source.ts";
import { openMemoryTarget } from "./target.ts";

export const memory: Connector = {
  type: "memory",
  shape: memoryShape,
  findProblems: () => [],
  read: readMemory,
  async open(connection: MemoryConnection, context) {
    const client = new MemoryClient(connection, context);
    await client.connect();
    return { source: openMemorySource(client), target: openMemoryTarget(client) };
  },
};
