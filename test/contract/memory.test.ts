import { describe } from "vitest";
import { openMemoryRig } from "./memory/rig.ts";
import { testConnector } from "./suite.ts";

describe("the memory CRM", () => {
  testConnector(openMemoryRig);
});
