// The example job with MySQL, against MariaDB's own server and the sandbox's HubSpot: it brings over what changed and what is
// gone, and comes to rest. And what only the way to a server shows: a stop, and a connection that is killed.

import { cpSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { parse } from "yaml";
import { MysqlClient } from "../../src/connectors/mysql/client.ts";
import type { MysqlConnection } from "../../src/connectors/mysql/connection.ts";
import { dialect } from "../../src/connectors/mysql/dialect.ts";
import { hasMariadb, type MariadbServer, startMariadb } from "../support/mariadb.ts";
import { createProject, repository, startSandbox } from "../support/rig.ts";

let server: MariadbServer;

describe.skipIf(!hasMariadb)("MySQL beside HubSpot", () => {
  beforeAll(async () => {
    server = await startMariadb();
    await server.query(readFileSync(join(repository, "fixtures/mysql/tables.sql"), "utf8"));
  });
  afterAll(() => server[Symbol.asyncDispose]());

  test("mysql-customers-to-hubspot: customers that changed, and those that are gone", async () => {
    await using sandbox = await startSandbox({ schema: parse(readFileSync(join(repository, "sandbox.yaml"), "utf8")) });
    await using project = createProject();
    for (const name of ["connections.yaml", "jobs"])
      cpSync(join(repository, name), project.path(name), { recursive: true });
    project.env = {
      HUBSPOT_URL: sandbox.hubspot,
      SHOP_URL: `mysql://127.0.0.1:${server.port}/${server.database}`,
      SHOP_USER: server.user,
      SHOP_PASSWORD: server.password,
    };
    const run = async () => {
      const done = await project.run("run", "jobs/mysql-customers-to-hubspot.yaml", "--yes", "--json");
      expect(done.code, done.stderr).toBe(0);
      const streams = Object.entries(done.summary().streams);
      expect(streams.filter(([, { failed, rejected }]) => failed + rejected > 0)).toEqual([]);
      return Object.fromEntries(streams.flatMap(([name, { loaded }]) => (loaded > 0 ? [[name, loaded]] : [])));
    };
    await server.query(`INSERT INTO customers (email, first_name, last_name, city) VALUES ('Ann@x.example', 'Ann', 'Straße 😀', 'Köln'),
      ('bob@x.example', 'Bob', NULL, ''), (NULL, 'No', 'Address', NULL), ('cid@x.example', NULL, 'Cid', NULL);
      INSERT INTO orders (customer_no, total) VALUES (1, 9.99)`);
    expect(await run()).toEqual({ contacts: 3 });
    await server.query(
      "UPDATE customers SET city = 'Bonn' WHERE customer_no = 1; DELETE FROM customers WHERE customer_no = 4",
    );
    await sandbox.advance(60_000);
    expect(await run()).toEqual({ contacts: 1, gone: 1 });
    expect(await run()).toEqual({});
    const told = (await sandbox.dumpHubSpot("contacts")).map(({ properties, archived }) => {
      const { email, lastname, city, lifecyclestage } = properties;
      return archived ? [email, "archived"] : [email, lastname ?? "", city ?? "", lifecyclestage];
    });
    expect(told.sort()).toEqual([
      ["ann@x.example", "Straße 😀", "Bonn", "customer"],
      ["bob@x.example", "", "", "lead"],
      ["cid@x.example", "archived"],
    ]);
  });

  /** A client of the server, whose run `stop` ends. */
  function openClient(): { client: MysqlClient; stop: AbortController; retries: string[] } {
    const { socket, user, password, database } = server;
    const secret = { resolve: () => ({ reveal: () => password }) };
    const connection = {
      ...{ name: "crm", type: "mysql", holds: "tables", user, password: secret, isReal: true },
      address: { host: socket, port: 0, database },
    } as unknown as MysqlConnection;
    const stop = new AbortController();
    const retries: string[] = [];
    const context = { environment: {}, onRetry: (text: string) => void retries.push(text), signal: stop.signal };
    return { client: new MysqlClient(connection, context), stop, retries };
  }

  /** Statements of the user that run at this moment. */
  const running = () =>
    server.query(
      `SELECT CAST(ID AS CHAR) AS id FROM information_schema.PROCESSLIST WHERE USER = '${server.user}' AND INFO LIKE '%SLEEP(%'`,
    );

  async function whenRunning(count: number): Promise<Record<string, string | null>[]> {
    for (;;) {
      const found = await running();
      if (found.length === count) return found;
      await new Promise((resolve) => setImmediate(resolve));
    }
  }

  test("a stop kills the query on the server", async () => {
    const { client, stop } = openClient();
    const asked = client.transact("read", (session) => session.rows("SELECT SLEEP(600)"));
    const ended = asked.then(
      () => "answered",
      () => "stopped",
    );
    await whenRunning(1);
    stop.abort();
    expect(await ended).toBe("stopped");
    expect(await whenRunning(0)).toEqual([]);
    client.close();
  });

  test("a part whose connection is killed half way is taken anew, whole", async () => {
    const { client, retries } = openClient();
    await using project = createProject();
    const path = project.path("part.csv");
    const signal = new AbortController().signal;
    // Many rows come, then the server rests until it is killed; the second time it does not rest.
    const select = (rest: number) =>
      `SELECT seq AS n, REPEAT('x', 200) AS filler, IF(seq = 19000, SLEEP(${rest}), 0) AS rested FROM seq_1_to_20000`;
    let tries = 0;
    const copied = client.transact("read", (session) => {
      tries += 1;
      return dialect.copyOut(session, select(tries === 1 ? 600 : 0), path, signal);
    });
    const [one] = await whenRunning(1);
    await server.query(`KILL CONNECTION ${Number(one?.["id"])}`);
    expect(await copied).toMatchObject({ rows: 20_000 });
    expect(retries).toHaveLength(1);
    expect(readFileSync(path, "utf8").trim().split("\n")).toHaveLength(20_001);
    client.close();
  });
});
