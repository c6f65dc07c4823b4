// The modes that only tables have, in SQLite. In: jobs, against files. What must hold: of replace, that all rows are there or none
// of them, whoever is killed, and that nothing which hangs on a row goes with it; of history, that one version of a record holds,
// whoever is killed; of tables that are made, that a plan makes
// nothing, and that what a map gives has room.

import { join } from "node:path";
import { expect, onTestFinished, test } from "vitest";
import { definition } from "../../src/connectors/sqlite/marks.ts";
import { explain } from "../../src/core/errors.ts";
import { openSqliteData } from "../../src/core/sqlite.ts";
import { countsOf } from "../contract/project.ts";
import { repository } from "../support/child.ts";
import { moveJob, openDatabaseProject, rejectsOf } from "../support/database-project.ts";
import { proveVersions } from "../support/kept-versions.ts";

function open(sql: string, files: Record<string, string>) {
  const project = openDatabaseProject("{ type: sqlite, path: crm.db }", { "crm.db": "", ...files });
  const database = openSqliteData(project.path("crm.db"), { readOnly: false });
  database.exec(`${definition}; ${sql}`);
  onTestFinished(() => {
    database.close();
    project[Symbol.dispose]();
  });
  const all = (table: string) => database.prepare(`SELECT * FROM ${table} ORDER BY 1`).all();
  return { project, database, all };
}

const source = "connection: drop, files: in.csv";
const map = { code: "code", title: "{ from: title, on_null: clear }" };
const into = (table: string, more = "") =>
  moveJob(source, `connection: crm, table: ${table}, mode: replace`, map, more);

test("mode replace puts all rows in the place of all others, or none: refused, shrunk or killed, the old ones are there", async () => {
  const { project, database, all } = open(
    `CREATE TABLE kept (code TEXT PRIMARY KEY, title TEXT CHECK (title <> 'no'), n INTEGER DEFAULT 7); INSERT INTO kept VALUES ('old', 'x', 1);
     CREATE TABLE held (code TEXT PRIMARY KEY, title TEXT); CREATE TABLE child (code TEXT CONSTRAINT c REFERENCES held ON DELETE CASCADE);
     CREATE TRIGGER touched AFTER DELETE ON held BEGIN SELECT 1; END; INSERT INTO held VALUES ('a', 'x'); INSERT INTO child VALUES ('a');
     CREATE TABLE few (code TEXT PRIMARY KEY, title TEXT CHECK (title <> 'no')); INSERT INTO few VALUES ('1', ''), ('2', ''), ('3', '')`,
    {
      "job.yaml": into("kept"),
      "held.yaml": into("held"),
      "few.yaml": into("few"),
      "drop/in.csv": "code,title\nb,Bee\nc,\n",
    },
  );
  const program = [join(repository, "bin/loadline.js"), "run"];
  for (const failpoint of ["emptied", "filled", "fetched"]) {
    database.exec("DELETE FROM kept; INSERT INTO kept VALUES ('old', 'x', 7)");
    const { signal } = await project.runKilled(program, "job.yaml", failpoint);
    const codes = all("kept").map((row) => row["code"]);
    expect([failpoint, signal, codes]).toEqual([failpoint, "SIGKILL", failpoint === "fetched" ? ["b", "c"] : ["old"]]);
    const ended = await project.run("job.yaml");
    expect(ended.summary.exitCode, explain(ended.error)).toBe(0);
    expect(all("kept")).toEqual([
      { code: "b", title: "Bee", n: 7 },
      { code: "c", title: null, n: 7 },
    ]);
  }
  const says = async (name: string) => {
    const { summary, error } = await project.run(name);
    return `${summary.exitCode} ${explain(error)}`;
  };
  expect(await says("held.yaml")).toMatch(/^2 .*on which something hangs: foreign key of child, trigger touched/);
  expect(await says("few.yaml")).toMatch(/^4 [\s\S]*guards\.deletes/);
  project.write({ "drop/in.csv": "code,title\na,x\nb,no\nc,x\n" });
  expect(await says("job.yaml")).toMatch(/^1 [\s\S]*kept is as it was[\s\S]*row 2: CHECK constraint failed/);
  expect(all("kept").map((row) => row["code"])).toEqual(["b", "c"]);
  expect(all("child")).toHaveLength(1);
});

test("a table that is not there is made of the map's types, told in the plan, and gets the columns that the map has got", async () => {
  const types = {
    no: "CAST(no AS BIGINT)",
    '"Full Name"': "name",
    amount: "CAST(nullif(amount, '') AS DECIMAL(12, 2))",
    wide: "CAST(nullif(amount, '') AS DECIMAL(30, 2))",
    born: "CAST(nullif(born, '') AS DATE)",
    ok: "ok = 'y'",
    seen: "CAST(nullif(seen, '') AS TIMESTAMP)",
  };
  const job = (columns: Record<string, string>) =>
    moveJob(
      source,
      "connection: crm, table: made, create_table: true, mode: mirror, key: no",
      columns,
      "timezone: UTC\n",
    ).replace("    map:", "    schema_policy: evolve\n    map:");
  const { project, all } = open("", {
    "job.yaml": job(types),
    "drop/in.csv": "no,name,amount,born,ok,seen\n1,Ann,12.50,2020-02-29,y,2026-01-01 12:00:00\n2,Bo,,,n,\n",
  });
  const planned = await project.run("job.yaml", "plan");
  expect(planned.summary.exitCode, explain(planned.error)).toBe(0);
  expect(project.warnings.join("\n")).toContain(
    'before it loads: CREATE TABLE "made" ("no" INTEGER NOT NULL, "Full Name" TEXT, "amount" DECIMAL(12, 2), "wide" TEXT, "born" DATE, "ok" BOOLEAN, "seen" DATETIME, PRIMARY KEY ("no"))',
  );
  expect(() => all("made")).toThrow("no such table");
  const ended = await project.run("job.yaml");
  expect(countsOf(ended), explain(ended.error)).toMatchObject({ creates: 2, loaded: 2 });
  const ann = {
    no: 1,
    "Full Name": "Ann",
    amount: 12.5,
    wide: "12.50",
    born: "2020-02-29",
    ok: 1,
    seen: "2026-01-01 12:00:00",
  };
  expect(all("made")[0]).toEqual(ann);
  expect(countsOf(await project.run("job.yaml"))).toMatchObject({ unchanged: 2, loaded: 0 });
  project.write({ "job.yaml": job({ ...types, more: "upper(name)" }).replace("name: moved", "name: job") });
  const evolved = await project.run("job.yaml");
  expect(countsOf(evolved), explain(evolved.error)).toMatchObject({ updates: 2, loaded: 2 });
  expect(all("made")[0]).toEqual({ ...ann, more: "ANN" });
  expect(countsOf(await project.run("job.yaml"))).toMatchObject({ unchanged: 2, loaded: 0 });
});

test("mode history: a change ends a version and begins the next, a missing row ends it, once, killed at any step; what would overlap is a reject", async () => {
  const { project, database } = open(
    `CREATE TABLE dim (n INTEGER PRIMARY KEY, code TEXT NOT NULL, title TEXT, note TEXT, loaded TEXT DEFAULT 'new', valid_from DATETIME NOT NULL, valid_to DATETIME, CHECK (valid_to > valid_from))`,
    {},
  );
  await proveVersions({
    project,
    execute: async (sql) => database.exec(sql),
    versions: async () => database.prepare("SELECT * FROM dim ORDER BY code, valid_from").all(),
    marks: "loadline_batch",
    failpoints: ["committed", "stored", "fetched:2"],
  });
  // As people write times: a day is its midnight, an offset is reckoned with, a number may be anything.
  database.exec(
    `UPDATE dim SET valid_from = '2999-01-01' WHERE code = 'a'; UPDATE dim SET valid_from = '2998-01-01', valid_to = '2999-01-01 00:00:00' WHERE code = 'd';
     UPDATE dim SET valid_from = '2026-01-01' WHERE code = 'b' AND valid_to IS NULL; UPDATE dim SET valid_from = '2026-01-01T00:00:00+01:00' WHERE title = 'back';
     INSERT INTO dim (code, valid_from) VALUES ('e', 1767225600)`,
  );
  project.write({ "drop/in.csv": "code,title\na,AA\nb,3\nc,C\nd,D\ne,E\n" });
  const ended = await project.run("job.yaml");
  expect(countsOf(ended), explain(ended.error)).toMatchObject({ creates: 1, updates: 4, loaded: 2, failed: 3 });
  expect(new Set(rejectsOf(project).map((row) => row["loadline_error"]))).toEqual(
    new Set([
      expect.stringMatching(/valid from 2999-01-01, not before /),
      expect.stringMatching(/its valid_from, 1767225600, is no time/),
      expect.stringMatching(/valid until 2999-01-01 00:00:00, later than /),
    ]),
  );
});
