// Windows by the transaction that wrote a row: nothing that shows late is missed, and what the counter can't tell is taken
// again or refused, by name.

import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { exitCodeOf, explain } from "../../src/core/errors.ts";
import { moveJob } from "../support/database-project.ts";
import { hasPostgres, type PostgresServer, startPostgres } from "../support/postgres.ts";
import { openCrmProject, takenBy } from "./crm-project.ts";

let server: PostgresServer;

describe.skipIf(!hasPostgres)("cursor: xmin", () => {
  beforeAll(async () => {
    server = await startPostgres();
    await server.query("GRANT CREATE ON SCHEMA public TO etl");
  });
  afterAll(() => server[Symbol.asyncDispose]());

  const asRole = (sql: string) => server.query(`SET ROLE etl; ${sql}; RESET ROLE`);
  const job = (table: string, more = "") =>
    moveJob(
      `connection: crm, table: ${table}, incremental: { cursor: xmin${more} }`,
      'connection: drop, files: "out-{run}.csv"',
      { id: "id", name: "name" },
    );

  test("late commits, savepoints, updates that touch no index, frozen rows: nothing is missed, and nothing comes twice", async () => {
    await asRole("CREATE TABLE late (id int PRIMARY KEY, name text); INSERT INTO late VALUES (1, 'a'), (2, 'b')");
    using project = openCrmProject(server, { "job.yaml": job("late") });
    expect(await takenBy(project, "job.yaml")).toEqual(["1,a", "2,b"]);
    expect(await takenBy(project, "job.yaml")).toEqual([]);
    const [writer, saver] = [await server.connect(), await server.connect()];
    await writer.query("BEGIN; INSERT INTO late VALUES (3, 'late')");
    await saver.query("BEGIN; SAVEPOINT one; INSERT INTO late VALUES (4, 'saved'); RELEASE one; SAVEPOINT two");
    await saver.query(
      "INSERT INTO late VALUES (5, 'two'); ROLLBACK TO two; SAVEPOINT three; UPDATE late SET name = 'c' WHERE id = 2",
    );
    await server.query("INSERT INTO late VALUES (6, 'early'); UPDATE late SET name = 'hot' WHERE id = 1");
    await server.query("VACUUM (FREEZE) late");
    expect(await takenBy(project, "job.yaml")).toEqual(["1,hot", "6,early"]);
    // Those of the run before are in the window still, for two writers are: they are known.
    expect(await takenBy(project, "job.yaml")).toEqual([]);
    await writer.query("COMMIT");
    await writer.end();
    expect(await takenBy(project, "job.yaml")).toEqual(["3,late"]);
    await saver.query("COMMIT");
    await saver.end();
    expect(await takenBy(project, "job.yaml")).toEqual(["2,c", "4,saved"]);
    await server.query("VACUUM (FREEZE) late");
    expect(await takenBy(project, "job.yaml")).toEqual([]);
    const { summary } = await project.run("job.yaml");
    expect(summary.streams["rows"]?.watermark?.to).toMatch(/^0000000[1-9]\/\d{20}$/);
  });

  test("rows that come in without being written, and a counter that is not the one of before: all is taken again, and told", async () => {
    await asRole(`CREATE TABLE parts (id int, name text, PRIMARY KEY (id)) PARTITION BY RANGE (id);
      CREATE TABLE low PARTITION OF parts FOR VALUES FROM (0) TO (10); INSERT INTO parts VALUES (1, 'a');
      CREATE TABLE high (id int PRIMARY KEY, name text); INSERT INTO high VALUES (11, 'attached')`);
    using project = openCrmProject(server, { "job.yaml": job("parts") });
    expect(await takenBy(project, "job.yaml")).toEqual(["1,a"]);
    await asRole("ALTER TABLE parts ATTACH PARTITION high FOR VALUES FROM (10) TO (20)");
    expect(await takenBy(project, "job.yaml")).toEqual(["1,a", "11,attached"]);
    expect(project.warnings.join()).toContain("takes all again, for public.parts was altered since");
    expect(await takenBy(project, "job.yaml")).toEqual([]);
  });

  test("what it can't tell is refused", async () => {
    await asRole(`CREATE TABLE hidden (id int PRIMARY KEY, name text); CREATE VIEW seen AS SELECT * FROM hidden;
      ALTER TABLE hidden ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY; CREATE POLICY few ON hidden USING (id > 1)`);
    const query = "connection: crm, query: SELECT id AS name FROM hidden, key: name, incremental: { cursor: xmin }";
    using project = openCrmProject(server, {
      "hidden.yaml": job("hidden"),
      "view.yaml": job("seen"),
      "overlap.yaml": job("hidden", ", overlap: 5m"),
      "since.yaml": job("hidden", ', since: "2026-01-01"'),
      "query.yaml": moveJob(query, "connection: drop, files: out.csv", { name: "name" }),
    });
    for (const [name, said] of [
      ["hidden", "row security lets this role see only later"],
      ["view", "is of a table's rows; public.seen is none"],
      ["overlap", "overlap does not go with cursor: xmin"],
      ["since", "since does not go with cursor: xmin"],
      ["query", "a query has none"],
    ] as const) {
      const error = await project.run(`${name}.yaml`).then(
        ({ error }) => error,
        (error: unknown) => error,
      );
      expect(explain(error), name).toContain(said);
      expect(exitCodeOf(error), name).toBe(2);
    }
  });
});
