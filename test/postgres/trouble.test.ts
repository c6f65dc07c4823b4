// The server as it is on its worst days: killed in the middle of a COPY, a standby, its counter set on, rights taken away,
// tables as wide and names as odd as it allows.

import { spawnSync } from "node:child_process";
import { chownSync, statSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { readProjectJob } from "../../src/commands/project.ts";
import { PostgresClient } from "../../src/connectors/postgres/client.ts";
import type { PostgresConnection } from "../../src/connectors/postgres/connection.ts";
import { definitionOf } from "../../src/connectors/postgres/marks.ts";
import { exitCodeOf, explain } from "../../src/core/errors.ts";
import { checkJob } from "../../src/pipeline/tools/check-job.ts";
import { readProjectConnections } from "../../src/pipeline/tools/connections.ts";
import { preparationOf } from "../../src/pipeline/tools/preparation.ts";
import { countsOf } from "../contract/project.ts";
import { moveJob, namesOf, rejectsOf } from "../support/database-project.ts";
import { canMount, mountDisk } from "../support/disk.ts";
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
  const linesOf = (count: number) => `line\n${Array.from({ length: count }, (_, n) => `line ${n}\n`).join("")}`;
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
    const into = (more: string) =>
      moveJob("connection: drop, files: in.csv", `connection: crm, ${more}`, namesOf("id name"));
    using project = openCrmProject(server, {
      "job.yaml": job,
      "into.yaml": into("table: counted, mode: upsert, key: id"),
      "made.yaml": into("table: made, mode: upsert, key: id, create_table: true"),
      "drop/in.csv": "id,name\n1,a\n",
    });
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
    const refused = await project.run("into.yaml");
    expect(explain(refused.error)).toContain("the server is a standby, which only reads: name its primary in url");
    const made = await project.run("made.yaml");
    expect(explain(made.error)).toContain("name the primary in url, not a standby");
    expect([refused.summary.exitCode, made.summary.exitCode]).toEqual([2, 8]);
    point(standby.port, server.port);
    expect(await takenBy(project, "job.yaml")).toEqual([]);
  });

  test("killed in the middle of a load, it begins anew, and each row is written once", async () => {
    await server.query(definitionOf("etl"));
    await asRole(`CREATE TABLE lines (line text NOT NULL);
      CREATE FUNCTION hold() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN PERFORM pg_advisory_xact_lock_shared(8); RETURN NEW; END';
      CREATE TRIGGER hold BEFORE INSERT ON lines FOR EACH ROW WHEN (NEW.line = 'line 1500') EXECUTE FUNCTION hold()`);
    const job = moveJob("connection: drop, files: in.csv", "connection: crm, table: lines, mode: insert, key: line", {
      line: "line",
    });
    using project = openCrmProject(server, { "job.yaml": job, "drop/in.csv": linesOf(2000) });
    const holder = await server.connect();
    await holder.query("SELECT pg_advisory_lock(8)");
    const running = project.run("job.yaml");
    const waits = "SELECT count(*) AS n FROM pg_stat_activity WHERE wait_event = 'advisory'";
    while ((await server.query(waits))[0]?.["n"] === "0");
    await server.restart("immediate");
    expect(countsOf(await running)).toMatchObject({ creates: 2000, loaded: 2000, failed: 0 });
    const counted = "SELECT count(*) AS n, count(DISTINCT line) AS lines FROM lines";
    expect(await server.query(counted)).toEqual([{ n: "2000", lines: "2000" }]);
  });

  test.skipIf(!canMount)(
    "a full disk is told, and once there is room the load goes on: nothing lost, nothing doubled",
    async () => {
      await server.query(definitionOf("etl"));
      const disk = join(server.folder, "disk");
      using _mounted = mountDisk(disk, 1);
      const { uid, gid } = statSync(server.folder);
      chownSync(disk, uid, gid);
      await server.query(`CREATE TABLESPACE small LOCATION '${disk}'`);
      await server.query(
        "CREATE TABLE full_up (line text NOT NULL, more text) TABLESPACE small; ALTER TABLE full_up OWNER TO etl",
      );
      const target = "connection: crm, table: full_up, mode: insert, key: line, batch: { rows: 1000 }";
      const map = { line: "line", more: "repeat(line, 60)" };
      using project = openCrmProject(server, {
        "job.yaml": moveJob("connection: drop, files: in.csv", target, map),
        "drop/in.csv": linesOf(4000),
      });
      const first = await project.run("job.yaml");
      expect(explain(first.error)).toMatch(
        /the disk of crm is full[\s\S]*No space left[\s\S]*make room there, then loadline resume/,
      );
      expect(first.summary.exitCode).toBe(75);
      spawnSync("mount", ["-o", "remount,size=16m", disk]);
      expect((await project.run("job.yaml")).summary.exitCode).toBe(0);
      const counted = "SELECT count(*) AS n, count(DISTINCT line) AS lines FROM full_up";
      expect(await server.query(counted)).toEqual([{ n: "4000", lines: "4000" }]);
      for (const what of ["TABLE full_up", "TABLESPACE small"]) await server.query(`DROP ${what}`);
    },
  );

  test("a role that is not to write, rows that a policy refuses, and marks that it may not keep are told", async () => {
    await server.query(`DROP SCHEMA IF EXISTS loadline CASCADE; CREATE TABLE tenants (id int PRIMARY KEY, name text); GRANT ALL ON tenants TO etl;
      ALTER TABLE tenants ENABLE ROW LEVEL SECURITY; CREATE POLICY own ON tenants TO etl USING (name = 'own');
      INSERT INTO tenants VALUES (4, 'theirs'); CREATE SCHEMA loadline; CREATE TABLE loadline.batch (mark text PRIMARY KEY, results bytea NOT NULL)`);
    const into = (mode: string) =>
      moveJob(
        "connection: drop, files: in.csv",
        `connection: crm, table: tenants, key: id, mode: ${mode}`,
        namesOf("id name"),
      );
    using project = openCrmProject(server, {
      "upsert.yaml": into("upsert"),
      "insert.yaml": into("insert"),
      "drop/in.csv": "id,name\n1,own\n2,theirs\n3,own\n4,own\n",
    });
    const connections = readProjectConnections(project.path("connections.yaml"), {});
    const signal = new AbortController().signal;
    const check = (name: string) =>
      checkJob({ job: readProjectJob(project.path(name), connections), connections, environment: {}, signal });
    expect((await check("upsert.yaml")).warnings.join()).toContain(
      "crm has no table loadline.batch that this user may write",
    );
    await expect(check("insert.yaml")).rejects.toThrow("crm does not remember what was inserted");
    const crm = connections.get("crm");
    if (crm === undefined) throw new Error("no connection");
    const { run } = await preparationOf(crm);
    await expect(run({ environment: {}, onRetry: () => undefined, signal })).rejects.toThrow(/may not|refused/);
    const ended = await project.run("upsert.yaml");
    expect(countsOf(ended), explain(ended.error)).toMatchObject({ creates: 4, loaded: 2, failed: 2 });
    expect(rejectsOf(project).map(({ id, loadline_error }) => [id, loadline_error])).toEqual([
      ["2", expect.stringContaining("violates row-level security policy")],
      ["4", expect.stringContaining("or this user may not see it")],
    ]);
    await server.query("ALTER ROLE etl SET default_transaction_read_only = on");
    expect(explain((await project.run("upsert.yaml")).error)).toContain(
      "ALTER ROLE etl SET default_transaction_read_only = off",
    );
    await server.query("ALTER ROLE etl RESET default_transaction_read_only; DROP SCHEMA loadline CASCADE");
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
    // The server takes its time to hear of it; one that did not would sleep for longer than a test may take.
    while ((await server.query(sleeps))[0]?.["n"] !== "0");
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
