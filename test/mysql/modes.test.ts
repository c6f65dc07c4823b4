// What loads do to tables of MariaDB beside their rows: make them, put all rows in the place of others, take a run back; and how
// they look at what is there.

import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { definitionOf, markTable } from "../../src/connectors/mysql/marks.ts";
import { explain } from "../../src/core/errors.ts";
import { countsOf } from "../contract/project.ts";
import { moveJob, namesOf, openDatabaseProject, rejectsOf } from "../support/database-project.ts";
import { proveReplacement } from "../support/kept-replacement.ts";
import { proveVersions } from "../support/kept-versions.ts";
import { hasMariadb, type MariadbServer, startMariadb } from "../support/mariadb.ts";
import { createProject } from "../support/rig.ts";

let server: MariadbServer;

describe.skipIf(!hasMariadb)("MariaDB's tables", () => {
  beforeAll(async () => {
    server = await startMariadb();
    await server.query(definitionOf(server.database, server.user));
  });
  afterAll(() => server[Symbol.asyncDispose]());

  function openProject(files: Record<string, string>) {
    const { socket, user, password } = server;
    const url = `mysql://${encodeURIComponent(socket)}/crm`;
    const auth = `{ user: ${user}, password: "\${MYSQL_PASSWORD}" }`;
    return openDatabaseProject(`{ type: mysql, url: "${url}", auth: ${auth} }`, files, { MYSQL_PASSWORD: password });
  }

  test("a kept plan gives no table a new content that others have changed since", async () => {
    await server.query("CREATE TABLE given (code varchar(20) PRIMARY KEY); INSERT INTO given VALUES ('old')");
    const { socket, user, password } = server;
    await proveReplacement({
      connection: `{ type: mysql, url: "mysql://${encodeURIComponent(socket)}/crm", auth: { user: ${user}, password: "\${MYSQL_PASSWORD}" } }`,
      env: { MYSQL_PASSWORD: password },
      add: (code) => server.query(`INSERT INTO given VALUES ('${code}')`),
      alter: (back) => server.query(`ALTER TABLE given MODIFY code varchar(${back ? 20 : 10})`),
      codes: async () => (await server.query("SELECT code FROM given ORDER BY 1")).map(({ code }) => code),
    });
  });

  test("all present values are read where that costs less than asking for them by key", async () => {
    await server.query(
      "CREATE TABLE few (id int PRIMARY KEY, name text); INSERT INTO few SELECT seq, 'a' FROM seq_1_to_2000",
    );
    using project = openProject({
      "job.yaml": moveJob(
        "connection: drop, files: in.csv",
        "connection: crm, table: few, mode: upsert, key: id",
        namesOf("id name"),
      ),
      "drop/in.csv": `id,name\n${Array.from({ length: 1000 }, (_, n) => `${n + 1},b\n`).join("")}`,
    });
    expect(countsOf(await project.run("job.yaml", "plan"))).toMatchObject({ updates: 1000, creates: 0 });
    expect(project.ofRun("events.jsonl")).toContain('"how":"one scan');
  });

  test("mode replace puts all rows in the place of all others, in one transaction; what hangs on a row, and a row that is refused, stop it", async () => {
    await server.query(`DROP TABLE IF EXISTS child, swapped; CREATE TABLE swapped (code varchar(20) PRIMARY KEY, title varchar(20) CHECK (title <> 'no'));
      INSERT INTO swapped VALUES ('old', 'x')`);
    using project = openProject({
      "job.yaml": moveJob("connection: drop, files: in.csv", "connection: crm, table: swapped, mode: replace", {
        code: "code",
        title: "{ from: title, on_null: clear }",
      }),
      "drop/in.csv": "code,title\na,A\nb,\n",
    });
    const says = async () => {
      const { summary, error } = await project.run("job.yaml");
      return `${summary.exitCode} ${error === undefined ? "" : explain(error)}`;
    };
    const codes = async () => (await server.query("SELECT code FROM swapped ORDER BY 1")).map(({ code }) => code);
    const reader = await server.connect();
    await reader.query("START TRANSACTION WITH CONSISTENT SNAPSHOT");
    expect(await says()).toMatch(/^0/);
    expect(await reader.query("SELECT code FROM swapped")).toEqual([{ code: "old" }]);
    await reader.end();
    expect(await codes()).toEqual(["a", "b"]);
    project.write({ "drop/in.csv": "code,title\nc,x\nd,no\n" });
    expect(await says()).toMatch(/^1 [\s\S]*swapped is as it was[\s\S]*row 2: CONSTRAINT/);
    expect(await codes()).toEqual(["a", "b"]);
    await server.query(
      "CREATE TABLE child (code varchar(20), CONSTRAINT of_swapped FOREIGN KEY (code) REFERENCES swapped (code) ON DELETE CASCADE)",
    );
    expect(await says()).toMatch(/^2 .*something hangs: foreign key of_swapped of crm.child/);
  });

  test("a table that is not there is made of the map's types, told in the plan, and gets the columns that the map has got", async () => {
    const types = {
      no: "CAST(no AS BIGINT)",
      code: "code",
      "Full Name": "name",
      amount: "CAST(nullif(amount, '') AS DECIMAL(38, 2))",
      part: "CAST(amount AS DOUBLE)",
      born: "CAST(born AS DATE)",
      ok: "ok = 'y'",
      at: "CAST(seen AS TIMESTAMP)",
      seen: "CAST(seen AS TIMESTAMPTZ)",
    };
    const job = (columns: Record<string, string>) =>
      moveJob(
        "connection: drop, files: in.csv",
        "connection: crm, table: made, mode: mirror, create_table: true, key: [no, code]",
        columns,
        "timezone: UTC\n",
      ).replace("    map:", "    schema_policy: evolve\n    map:");
    using project = openProject({
      "job.yaml": job(types),
      "drop/in.csv":
        "no,code,name,amount,born,ok,seen\n1,a,Ann,12.50,2020-02-29,y,2026-01-01 12:00:00.000001\n2,A,Bo,0.1,2020-01-01,n,2026-01-01 12:00:00\n",
    });
    const planned = await project.run("job.yaml", "plan");
    expect(planned.summary.exitCode, explain(planned.error)).toBe(0);
    expect(project.warnings.join("\n")).toContain(
      "before it loads: CREATE TABLE IF NOT EXISTS `crm`.`made` (`no` bigint NOT NULL, `code` varchar(255) NOT NULL, `Full Name` longtext NULL, `amount` decimal(38,2) NULL, `part` double NULL, `born` date NULL, `ok` tinyint(1) NULL, `at` datetime(6) NULL, `seen` timestamp(6) NULL, PRIMARY KEY (`no`, `code`))",
    );
    expect(await server.query("SHOW TABLES LIKE 'made'")).toEqual([]);
    const ended = await project.run("job.yaml");
    expect(countsOf(ended), explain(ended.error)).toMatchObject({ creates: 2, loaded: 2 });
    expect(await server.query("SELECT * FROM made WHERE no = 1")).toMatchObject([
      { "Full Name": "Ann", amount: "12.50", born: "2020-02-29", ok: "1" },
    ]);
    project.write({ "job.yaml": job({ ...types, more: "upper(name)" }).replace("name: moved", "name: job") });
    const evolved = await project.run("job.yaml");
    expect(countsOf(evolved), explain(evolved.error)).toMatchObject({ updates: 2, loaded: 2 });
    expect(countsOf(await project.run("job.yaml"))).toMatchObject({ unchanged: 2, loaded: 0 });
    expect(project.warnings.join("\n")).not.toContain("takes as known");
  });

  test("a run is taken back, also where the server moved its rows' own times", async () => {
    await server.query(`CREATE TABLE taken_back (id int AUTO_INCREMENT PRIMARY KEY, no int UNIQUE NOT NULL, name varchar(20), mail varchar(20),
        at timestamp(6) DEFAULT CURRENT_TIMESTAMP(6) ON UPDATE CURRENT_TIMESTAMP(6));
      INSERT INTO taken_back (no, name, mail) VALUES (1, 'One', 'a@x.de'), (2, 'Two', NULL), (3, 'Three', 'c@x.de')`);
    const { socket, user, password } = server;
    await using project = createProject({
      "connections.yaml": `version: 1
connections:
  crm: { type: mysql, url: "mysql://${encodeURIComponent(socket)}/crm", auth: { user: ${user}, password: "\${file:password}" } }
  drop: { type: file, path: ./drop }
`,
      password,
      "job.yaml": moveJob(
        "connection: drop, files: people.csv",
        "connection: crm, table: taken_back, key: no, mode: mirror",
        {
          ...namesOf("no name"),
          mail: "{ from: mail, on_null: clear }",
        },
        "guards: { deletes: 100%, blanked: 100% }\n",
      ).replace("name: moved", "name: job"),
      "drop/people.csv": "no,name,mail\n1,Uno,\n2,Due,b@x.de\n4,Four,d@x.de\n",
    });
    const state = () => server.query("SELECT no, name, mail FROM taken_back ORDER BY no");
    const old = await state();
    const done = await project.run("run", "job.yaml", "--json");
    expect(done.code, done.stderr).toBe(0);
    expect(done.summary().streams["rows"]).toMatchObject({ creates: 1, updates: 2, mirrorDeletes: 1 });
    const back = await project.run("rollback", `${done.summary().run}`, "--yes", "--json");
    expect(back.summary().streams["rows"], back.stderr).toMatchObject({
      creates: 1,
      updates: 2,
      deletes: 1,
      loaded: 4,
    });
    expect(await state()).toEqual(old);
  });

  test("mode history: a change ends a version and begins the next, a missing row ends it, once, killed at any step; what would overlap is a reject", async () => {
    // The first TIMESTAMP of a table may be set anew with each UPDATE.
    await server.query(`CREATE TABLE dim (n int AUTO_INCREMENT PRIMARY KEY, valid_from timestamp(6) NOT NULL DEFAULT CURRENT_TIMESTAMP(6) ON UPDATE CURRENT_TIMESTAMP(6), valid_to datetime(3),
        code varchar(20) NOT NULL, title varchar(20), note text, loaded varchar(9) DEFAULT 'new', shown varchar(40) AS (CONCAT(code, title)), KEY (code));
      CREATE TABLE coarse (n int AUTO_INCREMENT PRIMARY KEY, code varchar(20), title text, valid_from datetime, valid_to datetime); DROP TABLE IF EXISTS made`);
    using project = openProject({});
    await proveVersions({
      project,
      execute: (sql) => server.query(sql),
      versions: () =>
        server.query("SELECT *, CAST(valid_from AS datetime(3)) AS valid_from FROM dim ORDER BY code, dim.valid_from"),
      marks: markTable,
      failpoints: ["committed", "stored", "fetched:2"],
    });
    await server.query(`UPDATE dim SET valid_from = '2037-01-01' WHERE code = 'a'; UPDATE dim SET valid_from = '2036-01-01', valid_to = '2037-01-01' WHERE code = 'd';
      INSERT INTO dim (code, title, valid_from) VALUES ('B', 'other', '2020-01-01')`);
    project.write({
      "drop/in.csv": "code,title\na,AA\nb,3\nc,C\nd,D\ne,E\n",
      "coarse.yaml": project
        .read("job.yaml")
        .replace("table: dim", "table: coarse")
        .replace("name: job", "name: coarse"),
    });
    const ended = await project.run("job.yaml");
    // To the collation B is b, and it is another record.
    expect(countsOf(ended), explain(ended.error)).toMatchObject({
      creates: 2,
      updates: 3,
      mirrorDeletes: 1,
      loaded: 4,
      failed: 2,
    });
    expect(rejectsOf(project).map((row) => row["loadline_error"])).toEqual([
      expect.stringMatching(/valid from 2037-01-01 00:00:00.000000, not before /),
      expect.stringMatching(/valid until 2037-01-01 00:00:00.000, later than /),
    ]);
    expect(await server.query("SELECT title FROM dim WHERE BINARY code = 'B' OR valid_to IS NULL ORDER BY 1")).toEqual(
      ["3", "A", "C", "E", "other"].map((title) => ({ title })),
    );
    expect(explain((await project.run("coarse.yaml")).error)).toContain(
      "coarse.valid_from is a datetime, which holds no thousandths of a second",
    );
  });
});
