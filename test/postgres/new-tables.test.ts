// Tables, and columns of tables, that a job makes. What must hold: a plan tells the statements and makes nothing; a load makes
// them before its first row, and once; every type is what the map gives; another shape is another policy's business.

import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { definitionOf } from "../../src/connectors/postgres/marks.ts";
import { explain } from "../../src/core/errors.ts";
import { countsOf } from "../contract/project.ts";
import { repository } from "../support/child.ts";
import { moveJob } from "../support/database-project.ts";
import { hasPostgres, type PostgresServer, startPostgres } from "../support/postgres.ts";
import { openCrmProject } from "./crm-project.ts";

let server: PostgresServer;
const program = [join(repository, "bin/loadline.js"), "run"];

describe.skipIf(!hasPostgres)("tables that a job makes", () => {
  beforeAll(async () => {
    server = await startPostgres();
    await server.query(`GRANT CREATE ON SCHEMA public TO etl; ${definitionOf("etl")}`);
  });
  afterAll(() => server[Symbol.asyncDispose]());

  const columnsOf = (table: string) =>
    server.query(
      `SELECT string_agg(concat_ws(' ', attname, format_type(atttypid, atttypmod), CASE WHEN attnotnull THEN '!' END), ', ' ORDER BY attnum) AS columns,
        (SELECT string_agg(pg_get_indexdef(indexrelid), '; ' ORDER BY indexrelid) FROM pg_index WHERE indrelid = attrelid) AS indexes FROM pg_attribute WHERE attrelid = to_regclass($1) AND attnum > 0 GROUP BY attrelid`,
      [table],
    );

  test("of the map's types, told in the plan and made by the load; killed between, it goes on; then columns that the map has got", async () => {
    const map = {
      no: "CAST(no AS BIGINT)",
      '"Full Name"': "name",
      amount: "CAST(nullif(amount, '') AS DECIMAL(12, 2))",
      born: "CAST(nullif(born, '') AS DATE)",
      ok: "ok = 'y'",
      seen: "CAST(nullif(seen, '') AS TIMESTAMP)",
      share: "CAST(nullif(amount, '') AS DOUBLE) / 3",
    };
    const target = "connection: crm, table: Sales.made, create_table: true, mode: mirror, key: no";
    const source = "connection: drop, files: in.csv";
    using project = openCrmProject(server, {
      "job.yaml": moveJob(source, target, map, "timezone: UTC\n"),
      "drop/in.csv": "no,name,amount,born,ok,seen\n1,Ann,12.50,2020-02-29,y,2026-01-01 12:00:00\n2,Bo,,,n,\n",
    });
    const planned = await project.run("job.yaml", "plan");
    expect(planned.summary.exitCode, explain(planned.error)).toBe(0);
    expect(project.warnings.join("\n")).toContain('before it loads: CREATE SCHEMA "sales"');
    expect(project.warnings.join("\n")).toContain(
      'before it loads: CREATE TABLE "sales"."made" ("no" bigint NOT NULL, "Full Name" text, "amount" numeric(12,2), "born" date, "ok" boolean, "seen" timestamptz, "share" double precision, PRIMARY KEY ("no"))',
    );
    expect(await columnsOf("sales.made")).toEqual([]);
    for (const step of ["planned", "committed"]) {
      const { signal, stderr } = await project.runKilled(program, "job.yaml", step);
      expect(signal, stderr).toBe("SIGKILL");
    }
    const ended = await project.run("job.yaml");
    expect(countsOf(ended), project.ofRun("rejects/rows.csv")).toMatchObject({ creates: 2, loaded: 2 });
    expect(countsOf(await project.run("job.yaml"))).toMatchObject({ unchanged: 2, loaded: 0 });
    expect(
      await server.query('SELECT no, "Full Name", amount, born, ok, seen, share FROM sales.made ORDER BY no'),
    ).toEqual([
      {
        no: "1",
        "Full Name": "Ann",
        amount: "12.50",
        born: "2020-02-29",
        ok: "t",
        seen: "2026-01-01 12:00:00+00",
        share: "4.166666666666667",
      },
      { no: "2", "Full Name": "Bo", amount: null, born: null, ok: "f", seen: null, share: null },
    ]);
    const wider = { ...map, city: "upper(name)" };
    project.write({ "job.yaml": moveJob(source, target, wider, "timezone: UTC\n") });
    const refused = await project.run("job.yaml");
    expect([refused.summary.exitCode, explain(refused.error)]).toEqual([
      2,
      expect.stringContaining("sales.made has no field city"),
    ]);
    const evolving = moveJob(source, target, wider, "timezone: UTC\n").replace(
      "    map:",
      "    schema_policy: evolve\n    map:",
    );
    project.write({ "job.yaml": evolving });
    const evolved = await project.run("job.yaml");
    expect(countsOf(evolved), explain(evolved.error)).toMatchObject({ updates: 2, loaded: 2 });
    expect(project.warnings.join("\n")).toContain('before it loads: ALTER TABLE "sales"."made" ADD COLUMN "city" text');
    expect(countsOf(await project.run("job.yaml"))).toMatchObject({ unchanged: 2, loaded: 0 });
  });

  test("with versions, and by a new table; what has no type, and a role that may not, are refused by name", async () => {
    const source = "connection: drop, files: in.csv";
    const of = (table: string, mode: string, map: Record<string, string> = { code: "code", title: "title" }) =>
      moveJob(source, `connection: crm, table: ${table}, create_table: true, mode: ${mode}, key: code`, map);
    await server.query("CREATE SCHEMA closed");
    using project = openCrmProject(server, {
      "versions.yaml": of("versions", "history"),
      "whole.yaml": of("whole", "replace"),
      "odd.yaml": of("odd", "upsert", { code: "code", title: "INTERVAL 1 DAY" }),
      "closed.yaml": of("closed.t", "upsert"),
      "column.yaml": of("long", "upsert", { code: "code", ["ü".repeat(32)]: "title" }),
      "table.yaml": of("t".repeat(64), "upsert"),
      "drop/in.csv": "code,title\na,A\n",
    });
    for (const name of ["versions", "whole", "versions", "whole"]) {
      const ended = await project.run(`${name}.yaml`);
      expect(ended.summary.exitCode, explain(ended.error)).toBe(0);
    }
    expect(await columnsOf("versions")).toEqual([
      {
        columns: "code text !, title text, valid_from timestamp with time zone !, valid_to timestamp with time zone",
        indexes:
          "CREATE UNIQUE INDEX versions_pkey ON public.versions USING btree (code, valid_from); CREATE UNIQUE INDEX versions_code_idx ON public.versions USING btree (code) WHERE (valid_to IS NULL)",
      },
    ]);
    expect(
      await server.query("SELECT (SELECT count(*) FROM versions) AS v, (SELECT count(*) FROM whole) AS w"),
    ).toEqual([{ v: "1", w: "1" }]);
    for (const [name, said] of [
      ["odd", "create_table has no type for title, whose expression gives INTERVAL"],
      ["column", "has 64 bytes, of which PostgreSQL keeps 63"],
      ["table", "has 64 bytes, of which PostgreSQL keeps 63"],
      ["closed", "there is no table closed.t|this role may not create in the schema closed"],
    ] as const) {
      const { summary, error } = await project.run(`${name}.yaml`);
      expect(explain(error), name).toMatch(new RegExp(said));
      expect(summary.exitCode, name).toBe(2);
    }
  });
});
