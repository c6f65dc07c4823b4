// What only a database has: NULL beside the empty text, types that nobody else holds, queries, late commits, keys of several
// columns, triggers. By the product's own way, against PostgreSQL's own server.

import { parse } from "csv-parse/sync";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { definitionOf } from "../../src/connectors/postgres/marks.ts";
import { explain } from "../../src/core/errors.ts";
import { startPostgresRelay } from "../contract/postgres-relay.ts";
import { countsOf } from "../contract/project.ts";
import { moveJob, namesOf, rejectsOf, rowsOf } from "../support/database-project.ts";
import { hasPostgres, type PostgresServer, startPostgres } from "../support/postgres.ts";
import { openCrmProject } from "./crm-project.ts";
import { kept, never, ownTypes } from "./types.ts";

let server: PostgresServer;

describe.skipIf(!hasPostgres)("PostgreSQL", () => {
  beforeAll(async () => {
    server = await startPostgres();
    await server.query(`GRANT CREATE ON SCHEMA public TO etl; ${ownTypes}`);
  });
  afterAll(() => server[Symbol.asyncDispose]());

  const openProject = (files: Record<string, string>) => openCrmProject(server, files);

  /** Tables are the role's own, so that it may do all with them. */
  const asRole = (sql: string) => server.query(`SET ROLE etl; ${sql}; RESET ROLE`);

  test("of every type, what one table holds another one gets, character for character, and knows again", async () => {
    const columns = `id int PRIMARY KEY, ${kept.map(({ type }, at) => `c${at} ${type}`).join(", ")}`;
    const rows = Math.max(...kept.map(({ values }) => values.length));
    const cells = (row: number) => kept.map(({ values }) => values[row] ?? "NULL").join(", ");
    const lines = Array.from({ length: rows }, (_, row) => `(${row}, ${cells(row)})`);
    await asRole(
      `CREATE TABLE a (${columns}); CREATE TABLE b (${columns}); INSERT INTO a VALUES ${lines.join(", ")}, (${rows}${", NULL".repeat(kept.length)})`,
    );
    const names = namesOf(`id ${kept.map((_, at) => `c${at}`).join(" ")}`);
    using project = openProject({
      "job.yaml": moveJob("connection: crm, table: a", "connection: crm, table: b, mode: mirror, key: id", names),
    });
    const count = rows + 1;
    const first = await project.run("job.yaml");
    expect(countsOf(first), `${explain(first.error)} ${project.ofRun("rejects/rows.csv")}`).toMatchObject({
      creates: count,
      loaded: count,
      rejected: 0,
    });
    const differing = (name: string) => `format('%s', a.${name}) IS DISTINCT FROM format('%s', b.${name})`;
    const told = kept.map((_, at) => `CASE WHEN ${differing(`c${at}`)} THEN 'c${at} ' ELSE '' END`).join(" || ");
    const compared = `SELECT id, ${told} AS columns FROM a FULL JOIN b USING (id) WHERE ${told} <> '' OR a.id IS NULL OR b.id IS NULL`;
    expect(await server.query(compared)).toEqual([]);
    expect(countsOf(await project.run("job.yaml"))).toMatchObject({ unchanged: count, updates: 0, loaded: 0 });
    await asRole(
      "UPDATE a SET c0 = NULL WHERE id = 0; UPDATE a SET c0 = '' WHERE id = 1; UPDATE b SET c0 = '' WHERE id = 2",
    );
    const again = await project.run("job.yaml");
    expect(countsOf(again), explain(again.error)).toMatchObject({ updates: 3, unchanged: count - 3, loaded: 3 });
    expect(await server.query(compared)).toEqual([]);
  });

  test("a value that a column would change, or others can't hold, costs its row, by name; types without a sure text are refused with what to do", async () => {
    const bad = kept.flatMap(({ type, refused = [] }, at) => refused.map(([text, said]) => ({ at, type, text, said })));
    const odd = kept.flatMap(({ type, unheld }, at) => (unheld === undefined ? [] : [{ at, type, ...unheld }]));
    const columns = kept.map(({ type }, at) => `c${at} ${type}`).join(", ");
    await asRole(`CREATE TABLE judged (id int PRIMARY KEY, ${columns}); CREATE TABLE odd (id int PRIMARY KEY, ${columns});
      ${odd.map(({ at, value }) => `INSERT INTO odd (id, c${at}) VALUES (${at}, ${value});`).join(" ")}
      CREATE TABLE never (id int PRIMARY KEY, ${never.map(({ type }, at) => `c${at} ${type}`).join(", ")}, g int GENERATED ALWAYS AS (id + 1) STORED, n int GENERATED ALWAYS AS IDENTITY)`);
    const used = [...new Set(bad.map(({ at }) => `c${at}`))];
    const line = ({ at, text }: (typeof bad)[number], n: number) =>
      [n, ...used.map((name) => (name === `c${at}` ? `"${text.replaceAll('"', '""')}"` : ""))].join(",");
    const drop = "connection: drop, files: in.csv";
    const all = [...never.map((_, at) => `c${at}`), "g", "n"];
    using project = openProject({
      "in.yaml": moveJob(
        drop,
        "connection: crm, table: judged, mode: upsert, key: id",
        namesOf(`id ${used.join(" ")}`),
      ),
      "out.yaml": moveJob("connection: crm, table: odd", "connection: drop, files: out.csv", {
        id: "id",
        ...Object.fromEntries(odd.map(({ at }) => [`c${at}`, `c${at}`])),
      }),
      "into.yaml": moveJob(drop, "connection: crm, table: never, mode: upsert, key: id", {
        id: "id",
        ...Object.fromEntries(all.map((name) => [name, "id"])),
      }),
      "from.yaml": moveJob(
        "connection: crm, table: never",
        "connection: drop, files: out.csv",
        Object.fromEntries(never.map((_, at) => [`c${at}`, `c${at}`])),
      ),
      "drop/in.csv": `${["id", ...used].join(",")}\n${bad.map(line).join("\n")}\n`,
    });
    const judged = await project.run("in.yaml");
    expect(countsOf(judged), explain(judged.error)).toMatchObject({ extracted: bad.length, loaded: 0 });
    const rejects = parse(project.ofRun("rejects/rows.csv"), { columns: true }) as Record<string, string>[];
    const told = new Map(rejects.map(({ id, loadline_error }) => [Number(id), loadline_error]));
    const untold = bad.map(({ type, text, said }, n) => ({ type, text, said, told: told.get(n) ?? "" }));
    expect(untold.filter(({ said, told }) => !told.includes(said))).toEqual([]);
    const read = await project.run("out.yaml");
    expect(countsOf(read), explain(read.error)).toMatchObject({ extracted: odd.length, rejected: odd.length });
    const unheld = parse(project.ofRun("rejects/rows.csv"), { columns: true }) as Record<string, string>[];
    expect(unheld.map(({ id, loadline_error }) => `${id} ${loadline_error}`)).toEqual(
      odd.map(({ at, said }) => `${at} c${at} ${said}`),
    );
    const into = explain((await project.run("into.yaml")).error);
    const from = explain((await project.run("from.yaml")).error);
    for (const [at, { said }] of never.entries()) {
      expect(into).toContain(`never.c${at} can't be written: it ${said}, which has no text that is sure`);
      expect(from).toContain(`c${at} ${said}, which has no text that is sure`);
    }
    expect(into).toContain("never.g can't be written: it is made of other columns");
    expect(into).toContain("never.n can't be written: it is numbered by the server");
  });

  test("blanks that mean nothing, a domain's default, a collation of its own, a lone \\., JSON in any form and a column q are what they are to the server", async () => {
    await server.query(
      "CREATE COLLATION caseless (provider = icu, locale = 'und-u-ks-level2', deterministic = false); CREATE DOMAIN greeting AS text DEFAULT 'hello' NOT NULL",
    );
    await asRole(`CREATE TABLE people (id int PRIMARY KEY, padded bpchar, says greeting, city text COLLATE caseless UNIQUE, name text, "Name" text, n numeric(5, -2), doc jsonb);
      INSERT INTO people (id, padded, says, city, doc) VALUES (1, 'ab  ', 'hi', 'Ulm', '{"a": [], "b": 100}'); CREATE TABLE lone (line text PRIMARY KEY)`);
    const drop = "connection: drop, files: in.csv";
    const into = "connection: crm, table: people, mode: upsert, key:";
    const long = Array.from({ length: 9000 }, (_, n) => ((n * 7919) % 10_007).toString(36)).join("");
    const query = "SELECT CAST(NULL AS text) AS q, v FROM (VALUES ('a'), ('b')) x (v)";
    using project = openProject({
      "people.yaml": moveJob(drop, `${into} id`, namesOf("id padded says city doc")),
      "names.yaml": moveJob(drop, `${into} id`, { id: "id", name: "city", Name: "city", n: "id" }),
      "city.yaml": moveJob(drop, `${into} city`, namesOf("id city")),
      "lone.yaml": moveJob(
        "connection: drop, files: lone.csv",
        "connection: crm, table: lone, mode: upsert, key: line",
        namesOf("line"),
      ),
      "q.yaml": moveJob(`connection: crm, query: "${query}"`, "connection: drop, files: out.csv", {
        id: "loadline_id",
      }),
      "drop/in.csv": `id,padded,says,city,doc\n1,"ab ",hi,Ulm,"{""b"":1e2, ""a"":[]}"\n2,,,Bonn,"[1.50,{""b"":1,""aa"":2,""b"":3}]"\n3,,hi,BONN,\n4,,hi,${long},\n`,
      "drop/lone.csv": 'line\na\n\\.\n"b\n\\.\nc"\nd\n',
    });
    const ended = await project.run("people.yaml");
    expect(countsOf(ended), explain(ended.error)).toMatchObject({ unchanged: 1, creates: 3, loaded: 1, failed: 2 });
    expect(rejectsOf(project)[1]?.["loadline_error"]).toContain("index row");
    expect(await server.query("SELECT id, says, city, doc FROM people ORDER BY id")).toEqual([
      { id: "1", says: "hi", city: "Ulm", doc: '{"a": [], "b": 100}' },
      { id: "2", says: "hello", city: "Bonn", doc: '[1.50, {"b": 3, "aa": 2}]' },
    ]);
    const refused = explain((await project.run("names.yaml", "plan")).error);
    expect(refused).toContain("Name and name differ in capital letters alone");
    expect(refused).toContain("people.n can't be written: it is of type numeric(5,-2), which rounds what it is given");
    expect(explain((await project.run("city.yaml", "plan")).error)).toContain("city is no external id");
    expect(countsOf(await project.run("lone.yaml"))).toMatchObject({ loaded: 4 });
    expect(await server.query('SELECT line FROM lone ORDER BY line COLLATE "C"')).toEqual(
      ["\\.", "a", "b\n\\.\nc", "d"].map((line) => ({ line })),
    );
    await project.run("q.yaml");
    expect(new Set(rowsOf(project, "drop/out.csv").map(({ id }) => id?.length))).toEqual(new Set([34]));
  });

  test("present values are asked for by key, or all are read where that costs less", async () => {
    const made = (name: string, rows: number) =>
      `CREATE TABLE ${name} (id int PRIMARY KEY, name text); INSERT INTO ${name} SELECT n, 'a' FROM generate_series(1, ${rows}) n; ANALYZE ${name};`;
    await asRole(made("few", 2000) + made("many", 9000));
    const into = (table: string) =>
      moveJob(
        "connection: drop, files: in.csv",
        `connection: crm, table: ${table}, mode: upsert, key: id`,
        namesOf("id name"),
      );
    using project = openProject({
      "few.yaml": into("few"),
      "many.yaml": into("many"),
      "drop/in.csv": `id,name\n${Array.from({ length: 1000 }, (_, n) => `${n + 1},b\n`).join("")}`,
    });
    for (const [name, how] of [
      ["few", "one scan"],
      ["many", "one query by key"],
    ] as const) {
      expect(countsOf(await project.run(`${name}.yaml`, "plan"))).toMatchObject({ updates: 1000, creates: 0 });
      expect(project.ofRun("events.jsonl")).toContain(`"how":"${how}`);
    }
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
      "good.yaml": source("SELECT name, id, -id AS id FROM q WHERE name <> '' -- all;\n;"),
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
    await asRole(
      `CREATE TABLE leavers (code text PRIMARY KEY, region int DEFAULT 1, UNIQUE (region, code)); INSERT INTO leavers SELECT 'customer-00000000' || n FROM generate_series(1, 3) n;
       CREATE TABLE notes (id int PRIMARY KEY, leaver text REFERENCES leavers ON DELETE CASCADE); INSERT INTO notes VALUES (1, 'customer-000000002'), (2, 'customer-000000003');
       CREATE TABLE lines (id int PRIMARY KEY, leaver text, region int, FOREIGN KEY (leaver, region) REFERENCES leavers (code, region) ON DELETE CASCADE);
       INSERT INTO lines VALUES (1, 'customer-000000002', 1), (2, 'customer-000000002', NULL), (3, 'customer-000000003', 1);
       CREATE TABLE visits (id int PRIMARY KEY, leaver text REFERENCES leavers ON DELETE SET NULL, usual text DEFAULT 'customer-000000003' REFERENCES leavers ON DELETE SET DEFAULT);
       INSERT INTO visits VALUES (1, 'customer-000000001', 'customer-000000002'), (2, 'customer-000000002', 'customer-000000003');
       CREATE TABLE moves (id int PRIMARY KEY, region int, leaver text, FOREIGN KEY (leaver, region) REFERENCES leavers (code, region) ON DELETE SET NULL (leaver));
       INSERT INTO moves VALUES (1, 1, 'customer-000000001');
       CREATE TABLE pairs (one text REFERENCES leavers ON DELETE CASCADE, two text REFERENCES leavers ON DELETE CASCADE);
       INSERT INTO pairs VALUES ('customer-000000002', 'customer-000000001'), (NULL, 'customer-000000002')`,
    );
    await server.query("CREATE TABLE sealed (leaver text REFERENCES leavers ON DELETE CASCADE)");
    await using relay = await startPostgresRelay(server.port, server.database);
    using project = openProject({
      "job.yaml": moveJob(
        "connection: drop, files: in.csv",
        "connection: crm, table: leavers, mode: delete, key: code",
        {
          code: "code",
        },
      ),
      // As long as ids of Salesforce, of which 15 letters count.
      "drop/in.csv": "code\ncustomer-000000001\ncustomer-000000002\n",
    });
    await project.run("job.yaml", "plan");
    expect(project.warnings.join("\n")).toContain(
      "may take along records of public.sealed (leaver), which this user may not read: they are not counted",
    );
    project.warnings.length = 0;
    const connections = project
      .read("connections.yaml")
      .replace(/url: "[^"]*"/, `url: "postgres://127.0.0.1:${relay.port}/crm"`);
    project.write({ "connections.yaml": connections.replace("user: etl", "user: owner") });
    relay.arm([{ call: "write", nth: 1, mishap: "cut after" }]);
    const ended = await project.run("job.yaml");
    expect(countsOf(ended), explain(ended.error)).toMatchObject({ deletes: 2, loaded: 2, failed: 0 });
    expect(relay.met).toBe(1);
    expect(await server.query("SELECT code FROM leavers")).toEqual([{ code: "customer-000000003" }]);
    expect(project.warnings.filter((text) => text.includes("deleting from"))).toEqual(
      [
        "takes along 1 record of public.lines (leaver, region)",
        "takes along 1 record of public.notes (leaver)",
        "takes along 1 record of public.pairs (one)",
        "takes along 1 record of public.pairs (two)",
        "empties leaver of 1 record of public.moves",
        "empties leaver of 2 records of public.visits",
        "puts its default into usual of 1 record of public.visits",
      ].map((told) => `rows: deleting from public.leavers ${told}`),
    );
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
