// The server as it is on its worst days: killed in the middle of a COPY, a standby, its counter set on, rights taken away,
// tables as wide and names as odd as it allows.

import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { PostgresClient } from "../../src/connectors/postgres/client.ts";
import type { PostgresConnection } from "../../src/connectors/postgres/connection.ts";
import { exitCodeOf, explain } from "../../src/core/errors.ts";
import { readProjectConnections } from "../../src/pipeline/tools/connections.ts";
import { countsOf } from "../contract/project.ts";
import { moveJob } from "../support/database-project.ts";
import { hasPostgres, type PostgresServer, startPostgres } from "../support/postgres.ts";
import { openCrmProject, takenBy } from "./crm-project.ts";

let server: PostgresServer;

describe.skipIf(!hasPostgres)("PostgreSQL in trouble", () => {
  beforeAll(async () => {
    server = await startPostgres();
    await server.query("GRANT CREATE ON SCHEMA public TO etl");
  });
  afterAll(() => server[Symbol.asyncDispose]());

  const asRole = (sql: string) => server.query(`SET ROLE etl; ${sql}; RESET ROLE`);
  const out = 'connection: drop, files: "out-{run}.csv"';

  test("killed in the middle of a COPY, it is asked again, and the part is whole", async () => {
    await asRole("CREATE TABLE many (id int PRIMARY KEY); INSERT INTO many SELECT generate_series(1, 2000)");
    const query = "SELECT id FROM many WHERE id < 1500 OR (SELECT pg_advisory_xact_lock_shared(7)) IS NOT NULL";
    using project = openCrmProject(server, {
      "job.yaml": moveJob(`connection: crm, query: "${query}", key: id`, out, { id: "id" }),
    });
    const holder = await server.connect();
    await holder.query("SELECT pg_advisory_lock(7)");
    const running = takenBy(project, "job.yaml");
    const waits = "SELECT count(*) AS n FROM pg_stat_activity WHERE wait_event = 'advisory'";
    while ((await server.query(waits))[0]?.["n"] === "0");
    await server.restart("immediate");
    expect(await running).toHaveLength(2000);
    expect(project.retries.join()).toMatch(/terminating|terminated|closed|reset|refused/i);
  });

  test("a counter that was set on, and a standby: nothing is missed", async () => {
    await asRole("CREATE TABLE counted (id int PRIMARY KEY, name text); INSERT INTO counted VALUES (1, 'a')");
    const job = moveJob("connection: crm, table: counted, incremental: { cursor: xmin }", out, { id: "id" });
    using project = openCrmProject(server, { "job.yaml": job });
    expect(await takenBy(project, "job.yaml")).toEqual(["1"]);
    await server.restart("fast", "pg_resetwal", ["-e", "3"]);
    await asRole("INSERT INTO counted VALUES (2, 'b')");
    expect(await takenBy(project, "job.yaml")).toEqual(["1", "2"]);
    expect(project.warnings.join()).toMatch(/takes all again, for \d+ transactions have passed/);
    await asRole("INSERT INTO counted VALUES (3, 'c')");
    expect(await takenBy(project, "job.yaml")).toEqual(["3"]);
    await using standby = await server.startStandby();
    const writer = await server.connect();
    await writer.query("BEGIN; INSERT INTO counted VALUES (4, 'late')");
    await asRole("INSERT INTO counted VALUES (5, 'e')");
    await standby.replayed();
    const url = (port: number) => new RegExp(`:${port}/crm`);
    const point = (from: number, to: number) =>
      project.write({ "connections.yaml": project.read("connections.yaml").replace(url(from), `:${to}/crm`) });
    point(server.port, standby.port);
    expect(await takenBy(project, "job.yaml")).toEqual(["5"]);
    await writer.query("COMMIT");
    await writer.end();
    await standby.replayed();
    expect(await takenBy(project, "job.yaml")).toEqual(["4"]);
    point(standby.port, server.port);
    expect(await takenBy(project, "job.yaml")).toEqual([]);
  });

  test("what runs is cancelled on the server when the run is stopped", async () => {
    using project = openCrmProject(server, {});
    const connection = readProjectConnections(project.path("connections.yaml"), {}).get("crm") as PostgresConnection;
    const stop = new AbortController();
    const client = new PostgresClient(connection, { environment: {}, onRetry: () => undefined, signal: stop.signal });
    const running = client.transact("read", (session) => session.rows("SELECT pg_sleep(600)"));
    const sleeps = "SELECT count(*) AS n FROM pg_stat_activity WHERE wait_event = 'PgSleep'";
    while ((await server.query(sleeps))[0]?.["n"] === "0");
    stop.abort(new Error("stopped"));
    await expect(running).rejects.toThrow("stopped");
    expect(await server.query(sleeps)).toEqual([{ n: "0" }]);
  });

  test("1600 columns, and names that need quotes, are taken as they are", async () => {
    const odd = '"Odd ""Näme\nof two lines"';
    const columns = Array.from({ length: 1600 }, (_, index) => `c${index} int`);
    await asRole(`CREATE TABLE wide (${columns.join(", ")}, PRIMARY KEY (c0)); INSERT INTO wide (c0, c1599) VALUES (1, 7);
      CREATE TABLE ${odd} ("Id" int PRIMARY KEY, "a""b" text, "line\nbreak" text, "Größe ♥" text);
      INSERT INTO ${odd} VALUES (1, 'quote', 'break', 'heart')`);
    const source = `connection: crm, table: ${JSON.stringify(odd)}, incremental: { cursor: xmin }`;
    const map = { id: '"Id"', quote: '"a""b"', broken: '"line\nbreak"', heart: '"Größe ♥"' };
    const quoted = Object.entries(map).map(([name, sql]) => [name, JSON.stringify(sql)]);
    using project = openCrmProject(server, {
      "wide.yaml": moveJob("connection: crm, table: wide", out, { id: "c0", last: "c1599" }),
      "odd.yaml": moveJob(source, out, Object.fromEntries(quoted) as Record<string, string>),
    });
    expect(await takenBy(project, "wide.yaml")).toEqual(["1,7"]);
    expect(await takenBy(project, "odd.yaml")).toEqual(["1,quote,break,heart"]);
  });

  test("rights that were taken away are told with what gives them", async () => {
    await server.query(`CREATE TABLE theirs (id int PRIMARY KEY, name text, secret text); INSERT INTO theirs VALUES (1, 'a', 's');
      CREATE TABLE none (id int PRIMARY KEY, name text); GRANT SELECT (id, name), UPDATE (name) ON theirs TO etl`);
    const target = "connection: crm, table: theirs, key: id, mode:";
    using project = openCrmProject(server, {
      "part.yaml": moveJob("connection: crm, table: theirs", out, { name: "name" }),
      "secret.yaml": moveJob("connection: crm, table: theirs", out, { name: "secret" }),
      "none.yaml": moveJob("connection: crm, table: none", out, { name: "name" }),
      "insert.yaml": moveJob("connection: crm, table: theirs", `${target} upsert`, { id: "id", name: "name" }),
      "column.yaml": moveJob("connection: crm, table: theirs", `${target} update`, { id: "id", secret: "name" }),
      "update.yaml": moveJob("connection: crm, table: theirs", `${target} update`, {
        id: "id",
        name: JSON.stringify("'b'"),
      }),
    });
    expect(await takenBy(project, "part.yaml")).toEqual(["a"]);
    for (const [name, code, said] of [
      ["secret", 2, "GRANT SELECT (secret) ON public.theirs TO etl"],
      ["none", 8, "GRANT SELECT ON public.none TO etl"],
      ["insert", 2, "GRANT INSERT ON public.theirs TO etl; GRANT SELECT, UPDATE ON public.theirs TO etl"],
      ["update", 2, "GRANT SELECT, UPDATE ON public.theirs TO etl"],
    ] as const) {
      const error = await project.run(`${name}.yaml`).then(
        ({ error }) => error,
        (error: unknown) => error,
      );
      expect(explain(error), name).toContain(said);
      expect(exitCodeOf(error), name).toBe(code);
    }
    await server.query("GRANT SELECT ON theirs TO etl");
    expect(explain((await project.run("column.yaml")).error)).toContain(
      "GRANT INSERT (secret) ON public.theirs TO etl; GRANT UPDATE (secret) ON public.theirs TO etl",
    );
    const updated = await project.run("update.yaml");
    expect(countsOf(updated), explain(updated.error)).toMatchObject({ updates: 1, loaded: 1 });
  });
});
