import { afterAll, beforeAll, describe, test } from "vitest";
import { proveReplacement } from "../support/kept-replacement.ts";
import { hasMariadb, type MariadbServer, startMariadb } from "../support/mariadb.ts";

const marks = `CREATE TABLE IF NOT EXISTS loadline_batch (mark varchar(200) CHARACTER SET ascii COLLATE ascii_bin PRIMARY KEY,
  results longblob NOT NULL, written timestamp(6) NOT NULL DEFAULT CURRENT_TIMESTAMP(6)) ENGINE = InnoDB`;

describe.skipIf(!hasMariadb)("MySQL", () => {
  let server: MariadbServer;
  beforeAll(async () => {
    server = await startMariadb();
  });
  afterAll(() => server[Symbol.asyncDispose]());

  test("a kept plan gives no table a new content that others have changed since", async () => {
    await server.query(`${marks}; CREATE TABLE given (code varchar(20) PRIMARY KEY); INSERT INTO given VALUES ('old')`);
    const { socket, user, password } = server;
    await proveReplacement({
      connection: `{ type: mysql, url: "mysql://${encodeURIComponent(socket)}/crm", auth: { user: ${user}, password: "\${MYSQL_PASSWORD}" } }`,
      env: { MYSQL_PASSWORD: password },
      add: (code) => server.query(`INSERT INTO given VALUES ('${code}')`),
      codes: async () => (await server.query("SELECT code FROM given ORDER BY 1")).map(({ code }) => code),
    });
  });
});
