// What only a database has: NULL beside the empty text, types that nobody else holds, queries, late commits, keys of several
// columns, triggers. By the product's own way, against PostgreSQL's own server.

import { parse } from "csv-parse/sync";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { definitionOf } from "../../src/connectors/postgres/marks.ts";
import { explain } from "../../src/core/errors.ts";
import { startPostgresRelay } from "../contract/postgres-relay.ts";
import { countsOf } from "../contract/project.ts";
import { moveJob, namesOf } from "../support/database-project.ts";
import { hasPostgres, type PostgresServer, startPostgres } from "../support/postgres.ts";
import { openCrmProject } from "./crm-project.ts";

let server: PostgresServer;

describe.skipIf(!hasPostgres)("PostgreSQL", () => {
  beforeAll(async () => {
    server = await startPostgres();
    await server.query("GRANT CREATE ON SCHEMA public TO etl");
  });
  afterAll(() => server[Symbol.asyncDispose]());

  const openProject = (files: Record<string, string>) => openCrmProject(server, files);

  /** Tables are the role's own, so that it may do all with them. */
  const asRole = (sql: string) => server.query(`SET ROLE etl; ${sql}; RESET ROLE`);

  test("what one table holds, another one gets: NULL, empty texts, every digit, every microsecond", async () => {
    const columns =
      "id int PRIMARY KEY, name text, amount numeric(38, 10), free numeric, big bigint, real8 float8, seen timestamptz, born date, clock time, u uuid, ok boolean, fixed char(5)";
    await asRole(`CREATE TABLE a (${columns}); CREATE TABLE b (${columns});
      INSERT INTO a VALUES
      (1, '', 1234567890123456789012345678.0123456789, 0.1, 9223372036854775807, 0.30000000000000004, '2026-03-29 01:30:00.123456+00', '0001-01-01', '23:59:59.5', 'A0EEBC99-9C0B-4EF8-BB6D-6BB9BD380A11', true, 'ab'),
      (2, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL),
      (3, '∅', -0.5, -12345678901234567890.5, -1, 1e-7, '9999-12-31 23:59:59+00', '2024-02-29', '00:00', 'a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a12', false, ''),
      (4, '␀ "x", y' || chr(10) || 'z', 0, 0, 0, 0, '1999-01-01 00:00:00+00', '1970-01-01', '12:00', NULL, NULL, '∅')`);
    using project = openProject({
      "job.yaml": moveJob(
        "connection: crm, table: a",
        "connection: crm, table: b, mode: mirror, key: id",
        namesOf("id name amount free big real8 seen born clock u ok fixed"),
      ),
    });
    const first = await project.run("job.yaml");
    expect(countsOf(first), explain(first.error)).toMatchObject({ creates: 4, loaded: 4, rejected: 0 });
    const [differing] = await server.query(
      "SELECT count(*) AS n FROM a FULL JOIN b USING (id) WHERE a IS DISTINCT FROM b",
    );
    expect(differing).toEqual({ n: "0" });
    expect(countsOf(await project.run("job.yaml"))).toMatchObject({ unchanged: 4, updates: 0, loaded: 0 });
    await asRole(
      "UPDATE a SET name = NULL WHERE id = 1; UPDATE a SET name = '' WHERE id = 2; UPDATE b SET name = '' WHERE id = 4",
    );
    const told = await project.run("job.yaml");
    expect(countsOf(told), explain(told.error)).toMatchObject({ updates: 3, unchanged: 1, loaded: 3 });
    expect(await server.query("SELECT count(*) AS n FROM a FULL JOIN b USING (id) WHERE a IS DISTINCT FROM b")).toEqual(
      [{ n: "0" }],
    );
  });

  test("json, xml and bytes come back character for character; what is none costs its row", async () => {
    const columns = "id int PRIMARY KEY, doc json, page xml, raw bytea";
    await asRole(`CREATE TABLE kept (${columns}); CREATE TABLE gone (${columns}); CREATE TABLE given (id int PRIMARY KEY, doc text, raw text);
      INSERT INTO kept VALUES (1, '{"b":1,  "a":[1.50, null], "b":2}', '<a b="1">é<!-- x --></a>', '\\x00ff5c'), (2, '""', '<a/>', '\\x'), (3, NULL, NULL, NULL), (4, 'null', NULL, '\\xe288856e');
      INSERT INTO given VALUES (1, '{"a":', '\\x0'), (2, '{}', '\\x0A')`);
    const move = (from: string, into: string, names: string) =>
      moveJob(
        `connection: crm, table: ${from}`,
        `connection: crm, table: ${into}, mode: upsert, key: id`,
        namesOf(names),
      );
    using project = openProject({
      "all.yaml": move("kept", "gone", "id doc page raw"),
      "bad.yaml": move("given", "gone", "id doc raw"),
      "json.yaml": move("given", "gone", "id doc"),
    });
    const first = await project.run("all.yaml");
    expect(countsOf(first), explain(first.error)).toMatchObject({ loaded: 4, rejected: 0 });
    const differing = `SELECT id FROM kept a FULL JOIN gone b USING (id) WHERE CAST(a AS text) IS DISTINCT FROM CAST(b AS text)`;
    expect(await server.query(differing)).toEqual([]);
    expect(countsOf(await project.run("all.yaml"))).toMatchObject({ unchanged: 4, loaded: 0 });
    expect(countsOf(await project.run("bad.yaml"))).toMatchObject({ rejected: 1, loaded: 1 });
    expect(await server.query("SELECT CAST(raw AS text) AS raw FROM gone WHERE id = 2")).toEqual([{ raw: "\\x0a" }]);
    expect(countsOf(await project.run("json.yaml"))).toMatchObject({ loaded: 0, failed: 1 });
  });

  test("a value that nobody else holds costs its row, by name; a type without a sure text is refused with what to write", async () => {
    await asRole(`CREATE TABLE odd (id int PRIMARY KEY, amount numeric, born date, seen timestamptz, clock time, part float8, tags text[]);
      INSERT INTO odd VALUES (1, 'NaN', '2020-01-01', NULL, NULL, NULL, NULL), (2, 1, 'infinity', NULL, NULL, NULL, NULL), (3, 1, '0044-03-15 BC', NULL, NULL, NULL, NULL),
        (4, 1, NULL, 'infinity', NULL, NULL, NULL), (5, 1, NULL, NULL, '24:00', NULL, NULL), (6, 1, NULL, NULL, NULL, 'Infinity', NULL), (7, 1.5, '2020-01-01', '2020-01-01', '23:00', 1e300, '{a}')`);
    using project = openProject({
      "job.yaml": moveJob("connection: crm, table: odd", "connection: drop, files: out.csv", {
        id: "id",
        amount: "amount * 2",
        born: "born",
        seen: "seen",
        clock: "clock",
        part: "part",
      }),
      "array.yaml": moveJob("connection: crm, table: odd", "connection: drop, files: out.csv", { tags: "tags" }),
    });
    const ended = await project.run("job.yaml");
    expect(countsOf(ended), explain(ended.error)).toMatchObject({ extracted: 7, rejected: 6, creates: 1 });
    const rejects = parse(project.ofRun("rejects/rows.csv"), { columns: true }) as Record<string, string>[];
    expect(rejects.map(({ id, loadline_error }) => `${id} ${loadline_error}`)).toEqual([
      "1 amount is no number that others can hold",
      "2 born is no day of the years 1 to 9999",
      "3 born is no day of the years 1 to 9999",
      "4 seen is no day of the years 1 to 9999",
      "5 clock is no time of a day before 24:00",
      "6 part is no number that others can hold",
    ]);
    expect(explain((await project.run("array.yaml")).error)).toContain(
      "tags is an array, which has no text that is sure",
    );
  });

  test("a query is one SELECT that reads; what it lacks of a key is told", async () => {
    await asRole(
      "CREATE SEQUENCE counter; CREATE TABLE q (id int PRIMARY KEY, name text, at timestamp); INSERT INTO q VALUES (1, 'a', now()), (2, 'b', now()), (3, 'b', now())",
    );
    const source = (query: string, more = "") =>
      moveJob(`connection: crm, query: ${JSON.stringify(query)}${more}`, "connection: drop, files: out.csv", {
        name: "name",
      });
    using project = openProject({
      "good.yaml": source("SELECT name FROM q WHERE name <> '' -- all;\n;"),
      "two.yaml": source("SELECT 1 AS name; DROP TABLE q"),
      "out.yaml": source("SELECT 1 AS name) q; DROP TABLE q; SELECT (1"),
      "writes.yaml": source("SELECT CAST(nextval('counter') AS text) AS name"),
      "keyless.yaml": source("SELECT name, now() AS at FROM q", ", incremental: { cursor: at }"),
      "zone.yaml": moveJob(
        "connection: crm, table: q, incremental: { cursor: at }",
        "connection: drop, files: out.csv",
        {
          name: "name",
        },
      ),
      "key.yaml": source("SELECT name FROM q", ", key: nam"),
      "where.yaml": moveJob(
        `connection: crm, table: q, where: "id > 1) OR (name = 'a'"`,
        "connection: drop, files: out.csv",
        { name: "name" },
      ),
      "sandbox.yaml": source("SELECT 1 AS name"),
    });
    const good = await project.run("good.yaml");
    // Two rows that hold the same are two rows.
    expect(countsOf(good), explain(good.error)).toMatchObject({ extracted: 3, creates: 3, duplicates: 0 });
    for (const [name, said] of [
      ["two", "syntax error"],
      ["out", "cannot insert multiple commands|syntax error"],
      ["writes", "read-only transaction"],
      ["keyless", "an incremental source wants a key"],
      ["zone", "at is a time without a zone"],
      ["key", "source.key: there is no column nam[\\s\\S]*did you mean name\\?"],
    ] as const) {
      const { summary, error } = await project.run(`${name}.yaml`);
      expect(explain(error), name).toMatch(new RegExp(said));
      expect(summary.exitCode, name).toBe(2);
    }
    expect(countsOf(await project.run("where.yaml"))).toMatchObject({ extracted: 3 });
    expect(await server.query("SELECT count(*) AS n FROM q")).toEqual([{ n: "3" }]);
  });

  test("a window ends before what is still being written began, where the role may see it", async () => {
    await asRole(
      "CREATE TABLE late (id int PRIMARY KEY, changed timestamptz NOT NULL DEFAULT now()); INSERT INTO late VALUES (1)",
    );
    using project = openProject({
      "job.yaml": moveJob(
        "connection: crm, table: late, incremental: { cursor: changed, overlap: 0s }",
        'connection: drop, files: "out-{run}.csv"',
        { id: "id" },
      ),
    });
    const taken = async () => {
      const { summary, error } = await project.run("job.yaml");
      expect(summary.exitCode, explain(error)).toBe(0);
      return project.read(`drop/out-${summary.run}.csv`).trim().split("\n").slice(1);
    };
    expect(await taken()).toEqual(["1"]);
    const writer = await server.connect();
    await writer.query("SET ROLE etl; BEGIN; INSERT INTO late VALUES (2)");
    // Of its own role's sessions a role sees all; these are the owner's, so it must be let.
    await server.query("GRANT pg_read_all_stats TO etl");
    await server.query("INSERT INTO late VALUES (3)");
    expect(await taken()).toEqual(["3"]);
    await writer.query("COMMIT");
    await writer.end();
    expect(await taken()).toContain("2");
    await server.query("REVOKE pg_read_all_stats FROM etl");
  });

  test("without loadline.batch nothing is inserted that could be doubled; prepared, what two runs insert is there twice", async () => {
    await asRole("CREATE TABLE log (line text NOT NULL); CREATE TABLE seen (code text NOT NULL UNIQUE, line text)");
    using project = openProject({
      "insert.yaml": moveJob(
        "connection: drop, files: in.csv",
        "connection: crm, table: log, mode: insert, key: line",
        {
          line: "line",
        },
      ),
      "second.yaml": moveJob(
        "connection: drop, files: in.csv",
        "connection: crm, table: log, mode: insert, key: line",
        {
          line: "line",
        },
      ),
      "upsert.yaml": moveJob(
        "connection: drop, files: in.csv",
        "connection: crm, table: seen, mode: upsert, key: code",
        {
          code: "line",
          line: "line",
        },
      ),
      "drop/in.csv": "line\na\nb\n",
    });
    const refused = await project.run("insert.yaml");
    expect(refused.summary.exitCode).toBe(2);
    expect(explain(refused.error)).toMatch(
      /does not remember what was inserted[\s\S]*loadline connections prepare crm/,
    );
    const upserted = await project.run("upsert.yaml");
    expect(countsOf(upserted), explain(upserted.error)).toMatchObject({ creates: 2, loaded: 2, failed: 0 });
    expect(countsOf(await project.run("upsert.yaml"))).toMatchObject({ unchanged: 2, loaded: 0 });
    await server.query(definitionOf("etl"));
    expect(countsOf(await project.run("insert.yaml"))).toMatchObject({ creates: 2, loaded: 2 });
    project.write({ "drop/in.csv": "line\na\nb\nc\n" });
    const second = await project.run("second.yaml");
    expect(countsOf(second), explain(second.error)).toMatchObject({ failed: 0, inDoubt: 0 });
    const lines = await server.query("SELECT line, count(*) AS n FROM log GROUP BY line ORDER BY line");
    expect(lines.find(({ line }) => line === "c")).toEqual({ line: "c", n: "1" });
  });

  test("without loadline.batch, rows whose deletion nobody heard of are deleted, and no refusals", async () => {
    await server.query("DROP SCHEMA IF EXISTS loadline CASCADE");
    await asRole("CREATE TABLE leavers (code text PRIMARY KEY); INSERT INTO leavers VALUES ('a'), ('b'), ('c')");
    await using relay = await startPostgresRelay(server.port, server.database);
    using project = openProject({
      "job.yaml": moveJob(
        "connection: drop, files: in.csv",
        "connection: crm, table: leavers, mode: delete, key: code",
        {
          code: "code",
        },
      ),
      "drop/in.csv": "code\na\nb\n",
    });
    const connections = project
      .read("connections.yaml")
      .replace(/url: "[^"]*"/, `url: "postgres://127.0.0.1:${relay.port}/crm"`);
    project.write({ "connections.yaml": connections.replace("user: etl", "user: owner") });
    relay.arm([{ call: "write", nth: 1, mishap: "cut after" }]);
    const ended = await project.run("job.yaml");
    expect(countsOf(ended), explain(ended.error)).toMatchObject({ deletes: 2, loaded: 2, failed: 0 });
    expect(relay.met).toBe(1);
    expect(await server.query("SELECT code FROM leavers")).toEqual([{ code: "c" }]);
  });

  test("rows of keys of several columns are changed and deleted by them; one that is refused names its columns, and costs no other", async () => {
    await asRole(`CREATE TABLE parent (id int PRIMARY KEY); INSERT INTO parent VALUES (1);
      CREATE TABLE line (order_no text, "Line No" int, parent int REFERENCES parent, qty int CHECK (qty > 0), PRIMARY KEY (order_no, "Line No"));
      INSERT INTO line VALUES ('a"b', 1, 1, 10), ('a"b', 2, 1, 20), ('c', 1, 1, 30);
      CREATE FUNCTION skip() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN IF NEW.order_no = ''skipped'' THEN RETURN NULL; END IF; RETURN NEW; END';
      CREATE TRIGGER skip BEFORE INSERT ON line FOR EACH ROW EXECUTE FUNCTION skip()`);
    const map = { order_no: "o", '"Line No"': "n", parent: "p", qty: "q" };
    await server.query(definitionOf("etl"));
    using project = openProject({
      "job.yaml": moveJob(
        "connection: drop, files: in.csv",
        `connection: crm, table: line, mode: mirror, key: [order_no, "Line No"]`,
        map,
        "guards: { deletes: 100% }\n",
      ),
      "drop/in.csv": 'o,n,p,q\n"a""b",1,1,11\n"a""b",2,1,0\nnew,1,1,40\nnew,2,9,50\nnew,3,1,-1\nskipped,1,1,60\n',
    });
    const ended = await project.run("job.yaml");
    expect(countsOf(ended), explain(ended.error)).toMatchObject({
      updates: 2,
      creates: 4,
      mirrorDeletes: 1,
      failed: 4,
      loaded: 3,
    });
    const rejects = parse(project.ofRun("rejects/rows.csv"), { columns: true }) as Record<string, string>[];
    expect(rejects.map(({ o, n, loadline_field, loadline_error }) => [o, n, loadline_field, loadline_error])).toEqual([
      ['a"b', "2", "qty", expect.stringContaining("check constraint")],
      ["new", "2", "parent", expect.stringContaining("foreign key")],
      ["new", "3", "qty", expect.stringContaining("check constraint")],
      ["skipped", "1", "", expect.stringContaining("no such row")],
    ]);
    expect(await server.query(`SELECT order_no, "Line No", qty FROM line ORDER BY 1, 2`)).toEqual([
      { order_no: 'a"b', "Line No": "1", qty: "11" },
      { order_no: 'a"b', "Line No": "2", qty: "20" },
      { order_no: "new", "Line No": "1", qty: "40" },
    ]);
  });
});
