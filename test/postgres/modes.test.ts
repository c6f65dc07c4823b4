// The modes that only tables have. In: jobs, against PostgreSQL's own server. What must hold: of replace, that the new table
// keeps what hung on the old one, or is refused by name, and that nobody sees it half full; of history, that one version of a
// record holds, that versions don't overlap, and that the same content writes nothing; of both, that a killed run ends well.

import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { definitionOf } from "../../src/connectors/postgres/marks.ts";
import { explain } from "../../src/core/errors.ts";
import { type ContractProject, countsOf } from "../contract/project.ts";
import { repository } from "../support/child.ts";
import { moveJob } from "../support/database-project.ts";
import { proveReplacement } from "../support/kept-replacement.ts";
import { hasPostgres, type PostgresServer, startPostgres } from "../support/postgres.ts";
import { openCrmProject } from "./crm-project.ts";

let server: PostgresServer;
const program = [join(repository, "bin/loadline.js"), "run"];

describe.skipIf(!hasPostgres)("tables", () => {
  beforeAll(async () => {
    server = await startPostgres();
    await server.query(`GRANT CREATE ON SCHEMA public TO etl; CREATE ROLE reader; ${definitionOf("etl")}`);
  });
  afterAll(() => server[Symbol.asyncDispose]());

  const asRole = (sql: string) => server.query(`SET ROLE etl; ${sql}; RESET ROLE`);

  describe("mode replace", () => {
    const source = "connection: drop, files: in.csv";
    const target = "connection: crm, table: kept, mode: replace";
    const map = { code: "code", title: "{ from: title, on_null: clear }" };

    /** All that the catalogue says of a table, its name and numbers aside. */
    const portrait = async (table: string) =>
      (
        await server.query(
          `SELECT pg_get_userbyid(relowner) AS owner, relacl::text AS acl, reloptions::text AS options, relreplident::text AS identity, obj_description(oid) AS comment,
        (SELECT json_agg(pg_get_indexdef(indexrelid) || ' ' || indisclustered || coalesce(obj_description(indexrelid), '') ORDER BY indexrelid::regclass::text) FROM pg_index WHERE indrelid = c.oid) AS indexes,
        (SELECT json_agg(conname || ' ' || pg_get_constraintdef(oid) || coalesce(obj_description(oid), '') ORDER BY conname) FROM pg_constraint WHERE conrelid = c.oid) AS constraints,
        (SELECT json_agg(concat_ws('|', attname, format_type(atttypid, atttypmod), attnotnull, attidentity, attgenerated, attacl::text, col_description(attrelid, attnum), attstattarget, attoptions::text, attstorage,
           pg_get_serial_sequence(attrelid::regclass::text, attname), (SELECT pg_get_expr(adbin, adrelid) FROM pg_attrdef WHERE adrelid = attrelid AND adnum = attnum)) ORDER BY attname) FROM pg_attribute WHERE attrelid = c.oid AND attnum > 0 AND NOT attisdropped) AS columns,
        (SELECT json_agg(stxname ORDER BY stxname) FROM pg_statistic_ext WHERE stxrelid = c.oid) AS statistics
       FROM pg_class c WHERE oid = $1::regclass`,
          [table],
        )
      )[0];

    test("a kept plan gives no table a new content that others have changed since", async () => {
      await asRole("CREATE TABLE given (code text PRIMARY KEY); INSERT INTO given VALUES ('old')");
      await proveReplacement({
        connection: `{ type: postgres, url: "postgres://${encodeURIComponent(server.folder)}:${server.port}/crm", auth: { user: etl } }`,
        add: (code) => server.query(`INSERT INTO given VALUES ('${code}')`),
        alter: (back) => asRole(`ALTER TABLE given ALTER code TYPE ${back ? "text" : "varchar(30)"}`),
        codes: async () => (await server.query("SELECT code FROM given ORDER BY 1")).map((row) => row["code"]),
      });
    });

    test("keeps owner, grants, indexes, constraints, comments, sequences, statistics and views; the rows are the source's", async () => {
      await asRole(`CREATE TABLE owner_of (id int PRIMARY KEY); INSERT INTO owner_of VALUES (1);
      CREATE TABLE kept (n int GENERATED ALWAYS AS IDENTITY (START 5), gone text, code varchar(10) NOT NULL CONSTRAINT "the Key" PRIMARY KEY,
        title text DEFAULT 'none' CONSTRAINT short CHECK (length(title) < 20), upper_title text GENERATED ALWAYS AS (upper(title)) STORED, s serial,
        parent varchar(10) REFERENCES kept DEFERRABLE, owned int REFERENCES owner_of DEFAULT 1, at timestamptz DEFAULT now()) WITH (fillfactor = 70, toast.autovacuum_enabled = off);
      ALTER TABLE kept DROP COLUMN gone; ALTER TABLE kept ALTER COLUMN parent SET DEFAULT NULL::varchar;
      CREATE UNIQUE INDEX "kept.odd" ON kept (lower(title), s DESC) INCLUDE (n) WHERE title <> 'x'; CREATE INDEX ON kept USING hash (title);
      COMMENT ON TABLE kept IS 'it''s $new'; COMMENT ON COLUMN kept.title IS 'a title'; COMMENT ON INDEX "kept.odd" IS 'odd'; COMMENT ON CONSTRAINT "the Key" ON kept IS 'key';
      GRANT SELECT ON kept TO reader WITH GRANT OPTION; GRANT UPDATE (title) ON kept TO reader; GRANT SELECT ON kept TO PUBLIC;
      ALTER TABLE kept CLUSTER ON "the Key"; ALTER TABLE kept REPLICA IDENTITY FULL; ALTER TABLE kept ALTER COLUMN title SET STATISTICS 500; CREATE STATISTICS both_of (dependencies) ON code, title FROM kept;
      CREATE VIEW seen WITH (security_barrier = true) AS SELECT code, title FROM kept; CREATE VIEW over_seen AS SELECT count(*) AS n FROM seen; GRANT SELECT ON seen TO reader;
      INSERT INTO kept (code, title) VALUES ('old', 'an old one'), ('b', 'bee')`);
      const before = await portrait("kept");
      using project = openCrmProject(server, {
        "job.yaml": moveJob(source, target, map),
        "drop/in.csv": "code,title\nb,Bee\nc,\nd,∅\n",
      });
      const planned = await project.run("job.yaml", "plan");
      expect(planned.summary.exitCode, explain(planned.error)).toBe(0);
      const ended = await project.run("job.yaml");
      expect(countsOf(ended), explain(ended.error)).toMatchObject({ creates: 3, loaded: 3 });
      expect(await portrait("kept")).toEqual(before);
      expect(await server.query("SELECT n, code, title, upper_title, s FROM kept ORDER BY code")).toEqual([
        { n: "7", code: "b", title: "Bee", upper_title: "BEE", s: "3" },
        { n: "8", code: "c", title: null, upper_title: null, s: "4" },
        { n: "9", code: "d", title: "∅", upper_title: "∅", s: "5" },
      ]);
      await asRole("INSERT INTO kept (code) VALUES ('e')");
      expect(await server.query("SELECT n, s FROM kept WHERE code = 'e'")).toEqual([{ n: "10", s: "6" }]);
      expect(
        await server.query(
          "SELECT (SELECT n FROM over_seen) AS n, has_table_privilege('reader', 'seen', 'SELECT') AS may, reloptions::text AS options FROM pg_class WHERE relname = 'seen'",
        ),
      ).toEqual([{ n: "4", may: "t", options: "{security_barrier=true}" }]);
      expect(await server.query("SELECT relname FROM pg_class WHERE relname ~ '^loadline_'")).toEqual([]);
    });

    test("what a new table can't keep, whose rows would be lost, and a source that shrank stop it by name", async () => {
      await asRole(`CREATE TABLE held (code text PRIMARY KEY, title text, note text); INSERT INTO held VALUES ('a'), ('b');
      CREATE TABLE child (code text CONSTRAINT of_held REFERENCES held); CREATE MATERIALIZED VIEW solid AS SELECT code FROM held;
      CREATE FUNCTION f() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN NEW; END'; CREATE TRIGGER touched BEFORE INSERT ON held FOR EACH ROW EXECUTE FUNCTION f();
      CREATE FUNCTION whole(held) RETURNS text LANGUAGE sql AS 'SELECT $1.code'; CREATE POLICY own ON held USING (true);
      CREATE TABLE fewer (code text PRIMARY KEY, title text CHECK (title <> 'no'), note text); INSERT INTO fewer SELECT 'k' || n FROM generate_series(1, 4) n;
      CREATE TABLE two (code text, title text, PRIMARY KEY (code, title)); CREATE TABLE few (code text PRIMARY KEY, title text CHECK (title <> 'no')); INSERT INTO few SELECT 'k' || n FROM generate_series(1, 4) n`);
      await server.query("CREATE TABLE foreign_owner (code text, title text); GRANT ALL ON foreign_owner TO etl");
      const of = (table: string, more = "") =>
        moveJob(source, `connection: crm, table: ${table}, mode: replace`, map, more);
      using project = openCrmProject(server, {
        "held.yaml": of("held"),
        "foreign_owner.yaml": of("foreign_owner"),
        "fewer.yaml": of("fewer"),
        "few.yaml": of("few"),
        "bad.yaml": of("few", "guards: { deletes: 9 }\n"),
        "keyed.yaml": of("few", "guards: { deletes: 100% }\n").replace(
          "{ from: title",
          "{ from: trim(title), round: half_up",
        ),
        "drop/in.csv": "code,title\nb,no\nc,x\n",
      });
      for (const [name, exitCode, said] of [
        [
          "held",
          2,
          "foreign key of_held of child, materialized view solid, row security policy own, trigger touched, use of its rows as a type by function whole[(]held[)]",
        ],
        ["foreign_owner", 2, "its owner is owner"],
        ["fewer", 2, "would lose what public.fewer holds in note"],
        ["few", 4, "at least 2 records to delete, at most 0 [(]guards.deletes[)]"],
        [
          "bad",
          1,
          'public.few is as it was[\\s\\S]*row 1: new row for relation "loadline_new_[0-9]+" violates check constraint "few_title_check"',
        ],
      ] as const) {
        const { summary, error } = await project.run(`${name}.yaml`);
        expect(explain(error), name).toMatch(new RegExp(said));
        expect(summary.exitCode, explain(error)).toBe(exitCode);
      }
      expect(await server.query("SELECT count(*) AS n FROM few")).toEqual([{ n: "4" }]);
      project.write({
        "drop/in.csv": "code,title\nb,x\nb,x\n",
        "twice.yaml": of("two"),
      });
      expect(explain((await project.run("twice.yaml")).error)).toMatch(
        /two is as it was[\s\S]*could not create unique index "two_pkey"/,
      );
      expect(await server.query("SELECT count(*) AS n FROM few")).toEqual([{ n: "4" }]);
    });

    test("who reads sees the old rows to the end, who writes waits; killed at any step, the old table or the new one is there", async () => {
      await asRole("CREATE TABLE swapped (code text PRIMARY KEY, title text); INSERT INTO swapped VALUES ('old', 'x')");
      using project = openCrmProject(server, {
        "job.yaml": moveJob(source, "connection: crm, table: swapped, mode: replace", map),
        "drop/in.csv": "code,title\na,A\nb,B\n",
      });
      for (const failpoint of ["filled", "swapped", "fetched"]) {
        await asRole("DELETE FROM swapped; INSERT INTO swapped VALUES ('old', 'x')");
        const { signal } = await project.runKilled(program, "job.yaml", failpoint);
        const codes = (await server.query("SELECT code FROM swapped ORDER BY code")).map(({ code }) => code).join(" ");
        const isDone = failpoint === "fetched";
        expect([failpoint, signal, codes]).toEqual([failpoint, "SIGKILL", isDone ? "a b" : "old"]);
        const ended = await project.run("job.yaml");
        expect(ended.summary.exitCode, explain(ended.error)).toBe(0);
        expect(await server.query("SELECT code FROM swapped ORDER BY code")).toEqual([{ code: "a" }, { code: "b" }]);
        expect(await server.query("SELECT relname FROM pg_class WHERE relname ~ '^loadline_'")).toEqual([]);
      }
      expect(await server.query("SELECT count(*) AS n FROM loadline.batch")).toEqual([{ n: "0" }]);
      await asRole("DELETE FROM swapped; INSERT INTO swapped VALUES ('old', 'x')");
      const reader = await server.connect();
      await reader.query("BEGIN; SET ROLE etl; SELECT * FROM swapped");
      const running = project.run("job.yaml");
      const waits = async () =>
        (
          await server.query(
            "SELECT pid FROM pg_stat_activity WHERE wait_event_type = 'Lock' AND application_name = 'loadline'",
          )
        ).length > 0;
      while (!(await waits()));
      expect((await reader.query("SELECT code FROM swapped")).rows).toEqual([{ code: "old" }]);
      await reader.query("COMMIT");
      await reader.end();
      expect((await running).summary.exitCode).toBe(0);
      expect(await server.query("SELECT code FROM swapped ORDER BY code")).toEqual([{ code: "a" }, { code: "b" }]);
    });
  });

  describe("mode history", () => {
    const versions = (
      name: string,
    ) => `CREATE TABLE ${name} (n int GENERATED ALWAYS AS IDENTITY PRIMARY KEY, code text NOT NULL, title text DEFAULT 'none', qty numeric, note text,
    loaded timestamptz DEFAULT now(), valid_from timestamptz NOT NULL, valid_to timestamptz, CHECK (valid_to > valid_from))`;
    const columns = { code: "code", title: "title", qty: "{ from: qty, on_null: clear }" };
    const job = (table: string, more = "") =>
      moveJob(
        "connection: drop, files: in.csv",
        `connection: crm, table: ${table}, mode: history, key: code`,
        columns,
        more,
      );
    const held = (table: string) =>
      server.query(`SELECT code, title, qty, note, valid_to IS NULL AS holds,
      lag(valid_to) OVER (PARTITION BY code ORDER BY valid_from) IS NOT DISTINCT FROM CASE WHEN row_number() OVER (PARTITION BY code ORDER BY valid_from) > 1 THEN valid_from END AS joined
      FROM ${table} ORDER BY code, valid_from`);
    const took = async (project: ContractProject, name = "job.yaml") => {
      const ended = await project.run(name);
      expect(ended.summary.exitCode, explain(ended.error)).toBe(0);
      const { creates, updates, mirrorDeletes, unchanged, loaded } = countsOf(ended);
      return { creates, updates, mirrorDeletes, unchanged, loaded };
    };

    test("a change ends a version and begins the next, a missing row ends it, and the same content writes nothing", async () => {
      await asRole(versions("dim"));
      using project = openCrmProject(server, {
        "job.yaml": job("dim", "guards: { deletes: 100% }\n"),
        "drop/in.csv": "code,title,qty\na,A,1\nb,B,2.5\nc,C,\n",
      });
      expect(await took(project)).toMatchObject({ creates: 3, loaded: 3 });
      await asRole("UPDATE dim SET note = 'by hand' WHERE code = 'b'");
      expect(await took(project)).toMatchObject({ unchanged: 3, loaded: 0 });
      project.write({ "drop/in.csv": "code,title,qty\na,A,1.0\nb,,\nd,D,4\n" });
      expect(await took(project)).toEqual({ creates: 1, updates: 1, mirrorDeletes: 1, unchanged: 1, loaded: 3 });
      expect(await took(project)).toMatchObject({ unchanged: 3, loaded: 0 });
      project.write({ "drop/in.csv": "code,title,qty\na,A,1\nb,B,\nc,back,\nd,D,4\n" });
      expect(await took(project)).toMatchObject({ creates: 1, updates: 0, loaded: 1 });
      expect(await held("dim")).toEqual([
        { code: "a", title: "A", qty: "1", note: null, holds: "t", joined: "t" },
        { code: "b", title: "B", qty: "2.5", note: "by hand", holds: "f", joined: "t" },
        { code: "b", title: "B", qty: null, note: "by hand", holds: "t", joined: "t" },
        { code: "c", title: "C", qty: null, note: null, holds: "f", joined: "t" },
        // From its end to its return there was no such record.
        { code: "c", title: "back", qty: null, note: null, holds: "t", joined: "f" },
        { code: "d", title: "D", qty: "4", note: null, holds: "t", joined: "t" },
      ]);
    });

    test("what would overlap is a reject by name; a table that can't keep versions is refused; fewer rows stop a run", async () => {
      await asRole(`${versions("late")}; INSERT INTO late (code, title, valid_from, valid_to) VALUES ('a', 'x', '2999-01-01', NULL), ('b', 'x', '2998-01-01', '2999-01-01'), ('c', 'x', '2020-01-01', NULL);
      CREATE TABLE plain (code text PRIMARY KEY, title text, qty numeric); CREATE TABLE narrow (code text PRIMARY KEY, title text, qty numeric, valid_from timestamptz, valid_to timestamptz)`);
      using project = openCrmProject(server, {
        "job.yaml": job("late"),
        "plain.yaml": job("plain"),
        "narrow.yaml": job("narrow"),
        "drop/in.csv": "code,title,qty\na,A,1\nb,B,2\nc,C,3\n",
      });
      const ended = await project.run("job.yaml");
      expect(countsOf(ended), explain(ended.error)).toMatchObject({ creates: 1, updates: 2, loaded: 1, failed: 2 });
      const rejects = project.ofRun("rejects/rows.csv");
      expect(rejects).toMatch(/^a,.*valid from 2999-01-01 00:00:00\+00, not before /m);
      expect(rejects).toMatch(/^b,.*valid until 2999-01-01 00:00:00\+00, later than /m);
      for (const name of ["plain", "narrow"]) {
        const { summary, error } = await project.run(`${name}.yaml`);
        expect(summary.exitCode).toBe(2);
        expect(explain(error)).toMatch(
          name === "plain" ? /wants the column valid_from/ : /code is unique in public.narrow/,
        );
      }
      project.write({ "drop/in.csv": "code,title,qty\nb,B,2\n" });
      expect(explain((await project.run("job.yaml")).error)).toMatch(
        /2 records to delete, at most 0 \(guards.deletes\)/,
      );
    });

    test("killed at any step, a version ends once and begins once; of an incremental source the window's end is the time", async () => {
      await asRole(
        `${versions("hist")}; CREATE TABLE feed (code text PRIMARY KEY, title text, qty numeric, changed timestamptz NOT NULL DEFAULT clock_timestamp()); INSERT INTO feed VALUES ('a', '0'), ('b', 'B')`,
      );
      const source = "connection: crm, table: feed, incremental: { cursor: changed, overlap: 0s }";
      using project = openCrmProject(server, {
        "job.yaml": moveJob(source, "connection: crm, table: hist, mode: history, key: code", columns),
        "counted.yaml": moveJob(
          "connection: crm, table: feed, incremental: { cursor: xmin }",
          "connection: crm, table: counted, create_table: true, mode: history, key: code",
          columns,
        ),
      });
      await took(project);
      const failpoints = ["committed", "stored", "fetched:2"];
      for (const [index, failpoint] of failpoints.entries()) {
        // Without what remembers batches, rows tell it: of creates and of updates.
        if (index === 2) await server.query("DROP TABLE loadline.batch; INSERT INTO feed VALUES ('late')");
        await asRole(`UPDATE feed SET title = '${index + 1}', changed = clock_timestamp() WHERE code = 'a'`);
        expect((await project.runKilled(program, "job.yaml", failpoint)).signal).toBe("SIGKILL");
        const ended = await project.run("job.yaml");
        expect(countsOf(ended), explain(ended.error)).toMatchObject({ failed: 0, conflicts: 0 });
      }
      const rows = await held("hist");
      expect(rows.map(({ title, holds, joined }) => `${title} ${holds} ${joined}`)).toEqual([
        "0 f t",
        "1 f t",
        "2 f t",
        "3 t t",
        "B t t",
        "none t t",
      ]);
      expect(await took(project, "counted.yaml")).toMatchObject({ creates: 3, loaded: 3 });
    });
  });
});
