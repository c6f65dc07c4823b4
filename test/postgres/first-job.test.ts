// What a stranger with a database does first: init, describe, guess. By the real program; what is written passes check and loads.

import { chmodSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { parse } from "yaml";
import { hasPostgres, type PostgresServer, startPostgres } from "../support/postgres.ts";
import { createProject } from "../support/rig.ts";

let server: PostgresServer;

describe.skipIf(!hasPostgres)("the first job of a database", () => {
  beforeAll(async () => {
    server = await startPostgres();
    await server.query("GRANT CREATE ON SCHEMA public TO etl; CREATE SCHEMA crm AUTHORIZATION etl");
  });
  afterAll(() => server[Symbol.asyncDispose]());

  const variables = () =>
    `POSTGRES_URL=postgres://${encodeURIComponent(server.folder)}:${server.port}/crm\nPOSTGRES_USER=etl\nPOSTGRES_PASSWORD=x\n`;

  test("init writes connection, job and table; with these the job goes into a table that it makes, once", async () => {
    await using project = createProject({ ".env": variables() });
    const made = await project.run("init", "--source", "file", "--target", "postgres", "--json");
    expect(made.stderr).toBe("");
    expect(JSON.parse(made.stdout)).toMatchObject({
      job: "jobs/file-to-postgres.yaml",
      next: "loadline check jobs/file-to-postgres.yaml && loadline plan jobs/file-to-postgres.yaml",
    });
    expect((await project.run("connections", "prepare", "postgres")).code).toBe(0);
    const into = await project.run("run", "jobs/file-to-postgres.yaml", "--yes");
    expect(into.code, into.stderr).toBe(0);
    expect(await server.query("SELECT string_agg(contact_no, ' ' ORDER BY contact_no) AS all FROM contacts")).toEqual([
      { all: "C-1001 C-1002 C-1003" },
    ]);
    // The other way: its SQL makes a table in a database for tests.
    await using other = createProject({ ".env": variables() });
    expect((await other.run("init", "--source", "postgres", "--target", "file")).stdout).toContain(
      "run tables/postgres.sql in a database for tests: it makes the table contacts, with three rows",
    );
    await server.query("DROP TABLE contacts");
    await server.query(`SET ROLE etl; ${readFileSync(join(other.folder, "tables/postgres.sql"), "utf8")} RESET ROLE`);
    const out = await other.run("run", "jobs/postgres-to-file.yaml", "--yes");
    expect(out.code, out.stderr).toBe(0);
    expect(other.read("outbox/contacts.csv").split("\n")).toHaveLength(5);
    expect((await other.run("init", "--source", "file", "--target", "duckdb")).stderr).toContain(
      "loadline reads files of DuckDB and does not write them",
    );
  });

  test("a connection is a service of pg_service.conf, with its password from a file that nobody else may read", async () => {
    const written = `${server.port}:crm:etl:${server.password.replaceAll(/[\\:]/g, "\\$&")}\n`;
    await using project = createProject({
      "connections.yaml": `version: 1
connections:
  crm: { type: postgres, service: warehouse, service_file: ./services.conf, auth: { pgpass_file: ./pgpass } }
  both: { type: postgres, service: warehouse, url: "postgres://db/crm" }
`,
      "services.conf": `[warehouse]\nhost=127.0.0.1\nport=${server.port}\ndbname=crm\nuser=etl\n`,
      pgpass: `127.0.0.1:1:*:*:wrong\n*:${written}`,
    });
    expect((await project.run("connections")).stderr).toContain("expected one of url, service");
    project.write({ "connections.yaml": project.read("connections.yaml").replace(/^ {2}both.*\n/m, "") });
    chmodSync(join(project.folder, "pgpass"), 0o644);
    expect((await project.run("connections", "test", "crm")).stderr).toContain("may be read by others");
    chmodSync(join(project.folder, "pgpass"), 0o600);
    const tested = await project.run("connections", "test", "crm");
    expect(tested.stdout, tested.stderr).toContain("crm: signed in as etl");
  });

  test("describe tells schemas, tables, columns, keys and rights; guess maps them, and says what it can't", async () => {
    await server.query(`SET ROLE etl; CREATE TABLE crm.orders (order_no varchar(20) PRIMARY KEY, "Name" text NOT NULL, amount numeric(12, 2), close_date date,
      tags text[], updated_at timestamptz); INSERT INTO crm.orders VALUES ('O-1', 'x', 1.50, '2026-01-01', '{a}', now()); RESET ROLE;
      CREATE TABLE shown (id int PRIMARY KEY, born date); GRANT SELECT ON shown TO etl`);
    await using project = createProject({
      ".env": variables(),
      "connections.yaml": `version: 1
connections:
  crm: { type: postgres, url: "\${POSTGRES_URL}", auth: { user: "\${POSTGRES_USER}" } }
  salesforce: { type: salesforce, login_url: "\${SF_LOGIN_URL}", auth: { jwt: { client_id: "\${A}", username: "\${B}", key_file: "\${C}" } } }
  drop: { type: file, path: ./drop }
`,
      "drop/orders.csv": "order_no,Name,amount,close_date\nO-1,x,1.50,2026-01-01\nO-2,y,2.25,2026-01-02\n",
    });
    const listed = JSON.parse((await project.run("describe", "crm", "--json")).stdout) as { objects: object[] };
    expect(listed.objects).toContainEqual(
      expect.objectContaining({ name: "crm.orders", schema: "crm", queryable: true, createable: true }),
    );
    const shown = await project.run("describe", "crm", "shown");
    expect(shown.stdout).toContain("rows are named by: id");
    expect(shown.stdout).toContain("an administrator lets its rows be created: GRANT INSERT ON public.shown TO etl");
    const described = JSON.parse((await project.run("describe", "crm", "shown", "--json")).stdout) as object;
    expect(described).toMatchObject({ key: ["id"], grants: { deletable: "GRANT DELETE ON public.shown TO etl" } });

    const out = await project.run("guess", "crm:crm.orders");
    expect(out.stdout).toContain("# in doubt: not mapped: tags is an array");
    expect(out.stdout).toContain("incremental: { cursor: updated_at }");
    const job = parse(out.stdout) as { streams: { orders: { source: object; map: object } } };
    expect(job.streams.orders.source).toEqual({ connection: "crm", table: "crm.orders" });
    expect(Object.keys(job.streams.orders.map)).toEqual(["order_no", "Name", "amount", "close_date", "updated_at"]);
    project.write({ "out.yaml": out.stdout });
    expect((await project.run("run", "out.yaml")).code).toBe(0);
    expect(project.read("drop/orders.csv")).toContain("O-1,x,1.5,2026-01-01,");

    // The sandbox describes the org; what the table has, the database says.
    const into = await project.run("guess", "crm:crm.orders", "--into", "salesforce:opportunity", "--sandbox");
    expect(into.stderr).toBe("");
    expect(into.stdout).toContain("CloseDate: close_date\n");
    expect(into.stdout).toContain("object: Opportunity");

    project.write({ "drop/in.csv": "order_no,Name,amount,close_date\nO-1,y,1.50,2026-01-01\nO-2,y,2.25,2026-01-02\n" });
    const load = await project.run("guess", "drop/in.csv", "--into", "crm:crm.orders");
    expect(load.stdout).toContain("key: order_no\n      mode: upsert");
    project.write({ "in.yaml": load.stdout });
    const loaded = await project.run("run", "in.yaml", "--json");
    expect(Object.values(loaded.summary().streams)[0], loaded.stderr).toMatchObject({ creates: 1, updates: 1 });
    const wrong = await project.run("guess", "drop/in.csv", "--into", "crn:crm.orders");
    expect(wrong).toMatchObject({ code: 2, stderr: expect.stringContaining("--into crm:<object>") });
  });
});
