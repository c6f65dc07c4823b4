// Deletions of a database, told by the keys that are there no more: those that were taken, and none else.

import { globSync, rmSync } from "node:fs";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { explain } from "../../src/core/errors.ts";
import type { ContractProject } from "../contract/project.ts";
import { moveJob } from "../support/database-project.ts";
import { hasPostgres, type PostgresServer, startPostgres } from "../support/postgres.ts";
import { openCrmProject } from "./crm-project.ts";

let server: PostgresServer;

describe.skipIf(!hasPostgres)("deletes: compare", () => {
  beforeAll(async () => {
    server = await startPostgres();
    await server.query("GRANT CREATE ON SCHEMA public TO etl");
  });
  afterAll(() => server[Symbol.asyncDispose]());

  const asRole = (sql: string) => server.query(`SET ROLE etl; ${sql}; RESET ROLE`);

  /** Changes of `a` go to `b`, and so do deletions. */
  const both = (more: string) => `version: 1
name: both
defaults: { source: { connection: crm, table: a, incremental: { cursor: xmin }${more} }, target: { connection: crm, table: b, key: code } }
streams:
  changes: { target: { mode: upsert }, map: { code: upper(code), name: name } }
  gone: { source: { deletes: compare, keep: loadline_deleted AND kind = 'k' }, target: { mode: delete }, map: { code: upper(code) } }
rejects: { max: 100% }
`;

  async function run(project: ContractProject, name = "job.yaml") {
    const { summary, error } = await project.run(name);
    expect([0, 3], error === undefined ? "" : explain(error)).toContain(summary.exitCode);
    const { changes, gone } = summary.streams;
    return { taken: changes?.extracted, deletes: gone?.deletes, failed: gone?.failed, unmatched: gone?.unmatched };
  }

  const left = async () =>
    (await server.query("SELECT string_agg(code, ' ' ORDER BY code) AS codes FROM b"))[0]?.["codes"];

  test("what was taken and is gone is deleted, once; what leaves the filter is not; a deletion that is refused comes again", async () => {
    await asRole(`CREATE TABLE a (id int PRIMARY KEY, code text, name text, kind text DEFAULT 'k', live bool DEFAULT true);
      CREATE TABLE b (code text PRIMARY KEY, name text); CREATE TABLE held (code text REFERENCES b);
      INSERT INTO a VALUES (1, 'a', 'x', 'k', true), (2, 'b', 'x', 'k', true), (3, 'c', '', 'k', true), (4, 'd', 'x', 'k', true),
        (5, 'never', 'x', 'k', false), (6, 'other', 'x', 'no', true);
      INSERT INTO b VALUES ('OWN', 'of somebody else'), ('NEVER', 'likewise')`);
    using project = openCrmProject(server, { "job.yaml": both(", where: live") });
    expect(await run(project)).toMatchObject({ taken: 5, deletes: 0 });
    await asRole(
      `DELETE FROM a WHERE id IN (1, 2, 5, 6); UPDATE a SET live = false WHERE id = 3; INSERT INTO held VALUES ('B')`,
    );
    expect(await run(project)).toMatchObject({ taken: 0, deletes: 2, failed: 1, unmatched: 0 });
    expect(await left()).toBe("B C D NEVER OTHER OWN");
    await asRole("DELETE FROM held; DELETE FROM a WHERE id = 3");
    expect(await run(project)).toMatchObject({ taken: 0, deletes: 2, failed: 0 });
    expect(await left()).toBe("D NEVER OTHER OWN");
    expect(await run(project)).toMatchObject({ taken: 0, deletes: 0, failed: 0 });
    // It is there again, and gone again.
    await asRole("INSERT INTO a VALUES (1, 'a', 'x')");
    expect(await run(project)).toMatchObject({ taken: 1, deletes: 0 });
    await asRole("DELETE FROM a WHERE id = 1");
    expect(await run(project)).toMatchObject({ taken: 0, deletes: 1, failed: 0 });
    // Without what is known nothing is deleted, and that is said.
    await asRole("DELETE FROM a");
    for (const file of globSync(project.path(".loadline/known/*"))) rmSync(file);
    expect(await run(project)).toMatchObject({ deletes: 0 });
    expect(project.warnings.join("\n")).toMatch(/gone: .* is lost: records that were deleted since .* are not told/);
  });

  test("a plan tells deletions and remembers nothing of them; the run after it does", async () => {
    await asRole(`DROP TABLE IF EXISTS held, b, a; CREATE TABLE b (code text PRIMARY KEY, name text);
      CREATE TABLE a (code text, no int, name text, kind text DEFAULT 'k', PRIMARY KEY (code, no)); INSERT INTO a VALUES ('a', 1), ('b', 1), ('b"', 2)`);
    using project = openCrmProject(server, { "job.yaml": both("") });
    expect(await run(project)).toMatchObject({ taken: 3, deletes: 0 });
    await asRole("DELETE FROM a WHERE code <> 'a'");
    for (let times = 0; times < 2; times += 1) {
      const { summary } = await project.run("job.yaml", "plan");
      expect(summary.streams["gone"]).toMatchObject({ deletes: 2, extracted: 2 });
    }
    expect(await run(project)).toMatchObject({ deletes: 2, failed: 0 });
    expect(await left()).toBe("A");
  });

  test("what is hidden is not deleted: row security is refused, and so is what can't be compared", async () => {
    await asRole(`CREATE TABLE secret (code text PRIMARY KEY, at timestamptz);
      ALTER TABLE secret ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY; CREATE POLICY few ON secret USING (true)`);
    const target = "connection: drop, files: out.csv";
    const source = "connection: crm, table: secret, deletes: compare";
    using project = openCrmProject(server, {
      "hidden.yaml": moveJob(`${source}, key: code, incremental: { cursor: at }`, target, { code: "code" }),
      "whole.yaml": moveJob(source, target, { code: "code" }),
      "mirror.yaml": moveJob(
        "connection: crm, table: secret",
        "connection: crm, table: kept, mode: mirror, key: code",
        {
          code: "code",
        },
      ),
    });
    // A key that is NULL names a row as any other does, and one that several rows have names none.
    await asRole(
      `CREATE TABLE unkeyed (code text, at timestamptz(0) DEFAULT now()); INSERT INTO unkeyed VALUES ('a'), (NULL); CREATE TABLE codes (code text PRIMARY KEY)`,
    );
    const compared = `connection: crm, query: "SELECT *, coalesce(code, 'none') AS own FROM unkeyed", key: code, deletes: compare, incremental: { cursor: at }, keep: loadline_deleted`;
    project.write({
      "unkeyed.yaml": moveJob(compared, "connection: crm, table: codes, key: code, mode: delete", {
        code: "own",
      }).replace("moved", "unkeyed"),
    });
    await asRole("INSERT INTO codes VALUES ('none'), ('a')");
    await run(project, "unkeyed.yaml");
    expect((await project.run("unkeyed.yaml")).summary.streams["rows"]).toMatchObject({ deletes: 0, loaded: 0 });
    await asRole("INSERT INTO unkeyed VALUES ('a')");
    const shared = explain((await project.run("unkeyed.yaml")).error);
    expect(shared).toContain("1 record more than there are keys: several share one");
    expect(shared).toContain("and 2 have the key a\n");
    // A time to the second is that of a row that was written later in it.
    const coarse = "connection: crm, table: coarse, key: no, incremental: { cursor: at, overlap: 0s }";
    project.write({
      "coarse.yaml": moveJob(coarse, "connection: crm, table: codes, key: code, mode: upsert", { code: "no" }).replace(
        "moved",
        "coarse",
      ),
    });
    await asRole("CREATE TABLE coarse (no text, at timestamptz(0)); INSERT INTO coarse VALUES ('first', '2026-01-01')");
    const { to } = (await project.run("coarse.yaml")).summary.streams["rows"]?.watermark ?? {};
    await asRole(`INSERT INTO coarse VALUES ('late', date_trunc('second', timestamptz '${to}'))`);
    expect((await project.run("coarse.yaml")).summary.streams["rows"]).toMatchObject({ creates: 1, loaded: 1 });
    const hidden = await project.run("hidden.yaml");
    expect(explain(hidden.error)).toMatch(/row-level security[\s\S]*BYPASSRLS/);
    expect(hidden.summary.exitCode).toBe(8);
    await server.query(
      "CREATE TABLE kept (code text PRIMARY KEY); INSERT INTO kept VALUES ('x'); ALTER TABLE kept OWNER TO etl",
    );
    const mirror = await project.run("mirror.yaml");
    expect(mirror.summary.streams["rows"], explain(mirror.error)).toMatchObject({ mirrorDeletes: 0 });
    expect(project.warnings).toContain(
      "rows: mirror deletes nothing, for the source is not whole: row security keeps rows from this role",
    );
    await expect(project.run("whole.yaml")).rejects.toThrow("deletes: compare goes with incremental");
  });
});
