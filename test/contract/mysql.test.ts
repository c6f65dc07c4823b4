import { afterAll, describe } from "vitest";
import { hasMariadb } from "../support/mariadb.ts";
import { openMysqlRig, stopMariadb } from "./mysql-rig.ts";
import { testConnector } from "./suite.ts";

afterAll(stopMariadb);

describe.skipIf(!hasMariadb)("MariaDB, by type mysql", () => {
  testConnector(openMysqlRig);
});
