import { afterAll, describe } from "vitest";
import { hasPostgres } from "../support/postgres.ts";
import { openPostgresRig, stopPostgres } from "./postgres-rig.ts";
import { testConnector } from "./suite.ts";

afterAll(stopPostgres);

describe.skipIf(!hasPostgres)("PostgreSQL", () => {
  testConnector(openPostgresRig);
});
