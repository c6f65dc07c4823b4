import { describe } from "vitest";
import { openSqliteRig } from "./sqlite-rig.ts";
import { testConnector } from "./suite.ts";

describe("SQLite", () => {
  testConnector(openSqliteRig);
});
