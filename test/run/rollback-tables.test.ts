// Runs into tables of databases, taken back.

import { basename } from "node:path";
import { expect, onTestFinished, test } from "vitest";
import { openSqliteData } from "../../src/core/sqlite.ts";
import { createProject } from "../support/rig.ts";

const connections = `version: 1
connections:
  crm: { type: sqlite, path: crm.db }
  drop: { type: file, path: ./drop }
`;
const job = `version: 1
name: feed
streams:
  firms:
    source: { connection: drop, files: "firms.csv" }
    target: { connection: crm, table: firms, key: no, mode: mirror }
    map: { no: no, name: name }
  people:
    source: { connection: drop, files: "people.csv" }
    target: { connection: crm, table: people, key: [n, id], mode: mirror }
    map: { n: firm, id: nick, message: { from: mail, on_null: clear }, field: score }
guards: { deletes: 100% }
`;

test("rows of tables are as they were: changed ones, new ones, deleted ones; a trigger of the table is no other's change; columns may be called as ours are", async () => {
  await using project = createProject({
    "connections.yaml": connections,
    "job.yaml": job,
    "crm.db": "",
    "drop/firms.csv": "no,name\n1,One\n2,Two\n",
    "drop/people.csv": "firm,nick,mail,score\n1,ann,a@x.de,1\n1,bob,,2\n2,cyd,c@x.de,3\n",
  });
  const database = openSqliteData(project.path("crm.db"), { readOnly: false });
  onTestFinished(() => database.close());
  database.exec(`CREATE TABLE firms (no INTEGER PRIMARY KEY, name TEXT, touched INTEGER DEFAULT 0);
    CREATE TABLE people (no INTEGER PRIMARY KEY, n INTEGER REFERENCES firms (no), id TEXT NOT NULL, message TEXT, field INTEGER, UNIQUE (n, id));
    CREATE TRIGGER touch AFTER UPDATE OF name ON firms BEGIN UPDATE firms SET touched = touched + 1 WHERE no = new.no; END;`);
  const state = () => [
    database.prepare("SELECT no, name FROM firms ORDER BY no").all(),
    database.prepare("SELECT n, id, message, field FROM people ORDER BY n, id").all(),
  ];
  await project.run("connections", "prepare", "crm");
  const first = await project.run("run", "job.yaml");
  expect(first.code, first.stderr).toBe(0);
  const old = state();
  project.write({
    "drop/firms.csv": "no,name\n1,One and only\n3,Three\n",
    "drop/people.csv": "firm,nick,mail,score\n1,ann,,1\n3,dan,d@x.de,4\n3,eve,,5\n",
  });
  const { run, streams } = (await project.run("run", "job.yaml", "--json")).summary();
  expect(streams).toMatchObject({
    firms: { updates: 1, creates: 1, mirrorDeletes: 1 },
    people: { updates: 1, creates: 2, mirrorDeletes: 2 },
  });
  const plan = await project.run("rollback", `${run}`);
  expect(plan.stdout.replaceAll(/\s+/g, " ")).toContain("is made anew, with the 2 mapped fields only");
  // Of what the run made one is changed, and in the place of what it deleted stands another.
  database.exec("UPDATE people SET field = 50 WHERE id = 'eve'");
  database.exec("INSERT INTO people (n, id, message, field) VALUES (1, 'bob', 'other@x.de', 9)");
  const back = await project.run("rollback", `${run}`, "--yes", "--json");
  expect(back.code, back.stderr).toBe(3);
  expect(back.summary().streams).toMatchObject({
    firms: { updates: 1, creates: 1, deletes: 1, conflicts: 0, failed: 1 },
    people: { updates: 1, creates: 1, deletes: 1, conflicts: 2 },
  });
  database.exec("DELETE FROM people WHERE id IN ('eve', 'bob')");
  const rest = await project.run("rollback", `${run}`, "--yes", "--json");
  expect(rest.code, rest.stderr).toBe(0);
  expect(state()).toEqual(old);
  // A row that was made since the plan is held back, whatever its key is called.
  project.write({
    "drop/firms.csv": "no,name\n1,One\n2,Two\n",
    "drop/people.csv": "firm,nick,mail,score\n1,ann,a@x.de,1\n1,bob,,2\n2,cyd,c@x.de,3\n2,new,,7\n",
  });
  const planned = (await project.run("plan", "job.yaml", "--json")).summary();
  database.exec("INSERT INTO people (n, id, field) VALUES (2, 'new', 8)");
  const applied = (await project.run("apply", `${planned.run}`, "--json")).summary();
  expect(applied.streams["people"]).toMatchObject({ conflicts: 1, loaded: 0 });
});

test("runs that ended otherwise are taken back: with refused rows, retried ones, of a kept plan, given up; a column that is gone is named", async () => {
  const upsert = job.replace(/ {2}people:[\s\S]*?guards/, "guards").replace("mirror }", "upsert, batch: { rows: 1 } }");
  await using project = createProject({
    "connections.yaml": connections,
    "job.yaml": `${upsert}rejects: { max: 100% }\n`,
    "crm.db": "",
    "drop/firms.csv": "no,name\n1,New\n2,refused\n3,Three\n",
  });
  const database = openSqliteData(project.path("crm.db"), { readOnly: false });
  onTestFinished(() => database.close());
  database.exec("CREATE TABLE firms (no INTEGER PRIMARY KEY, name TEXT CHECK (name <> 'refused'), touched INTEGER);");
  const state = () => database.prepare("SELECT no || ' ' || name AS row FROM firms ORDER BY no").all();
  const rows = (...texts: string[]) => texts.map((row) => ({ row }));
  await project.run("connections", "prepare", "crm");
  database.exec("INSERT INTO firms (no, name) VALUES (1, 'One')");

  const { run, streams } = (await project.run("run", "job.yaml", "--json")).summary();
  expect(streams["firms"]).toMatchObject({ loaded: 2, failed: 1 });
  await project.run("rejects", `${run}`, "--export", "mended.csv");
  project.write({ "mended.csv": project.read("mended.csv").replace("refused,", "Two,").replace('"refused"', "Two") });
  const retried = (await project.run("rejects", `${run}`, "--retry", "mended.csv", "--json")).summary();
  expect(state()).toEqual(rows("1 New", "2 Two", "3 Three"));
  expect((await project.run("rollback", `${retried.run}`, "--yes")).code).toBe(0);
  expect(state()).toEqual(rows("1 New", "3 Three"));
  expect((await project.run("rollback", `${run}`, "--yes")).code).toBe(0);
  expect(state()).toEqual(rows("1 One"));

  project.write({ "drop/firms.csv": "no,name\n1,Kept\n4,Four\n" });
  const plan = (await project.run("plan", "job.yaml", "--json")).summary();
  const there = { "connections.yaml": connections.replace("crm.db", "other.db"), "other.db": "" };
  project.write(there);
  const other = await project.run("apply", `${plan.run}`);
  expect([other.code, other.stderr]).toEqual([7, expect.stringContaining(`plan ${plan.run} was made against org`)]);
  project.write({ "connections.yaml": connections });
  const applied = (await project.run("apply", `${plan.run}`, "--json")).summary();
  expect(state()).toEqual(rows("1 Kept", "4 Four"));
  // Killed on its way, and gone on with, by the job as it was: its file says something else by now.
  const written = project.read("job.yaml");
  project.write({ "job.yaml": written.replace("map: { no: no, name: name }", "map: { no: no }") });
  const env = { LOADLINE_FAILPOINT: "settled:1" };
  const halfway = await project.start(["rollback", `${applied.run}`, "--yes"], { env }).finished;
  expect(halfway.signal, halfway.stderr).toBe("SIGKILL");
  const resumed = await project.run("resume", "--json");
  expect(resumed.code, resumed.stderr).toBe(0);
  expect(state()).toEqual(rows("1 One"));
  project.write({ "job.yaml": written });

  const killed = await project.start(["run", "job.yaml"], { env }).finished;
  expect(killed.signal, killed.stderr).toBe("SIGKILL");
  expect(state()).toEqual(rows("1 One", "4 Four"));
  const given = basename(project.runFolders().at(-1) ?? "");
  expect((await project.run("abandon", given, "--yes")).code).toBe(0);
  const back = await project.run("rollback", "latest", "--yes", "--json");
  expect(back.summary().streams["firms"], back.stderr).toMatchObject({ deletes: 1, updates: 0, loaded: 1 });
  expect(state()).toEqual(rows("1 One"));
  // What was given up before anybody knew whether it was written is left, and told.
  const untold = { LOADLINE_FAILPOINT: "intent:1" };
  expect((await project.start(["run", "job.yaml"], { env: untold }).finished).signal).toBe("SIGKILL");
  const doubtful = basename(project.runFolders().at(-1) ?? "");
  await project.run("abandon", doubtful, "--yes");
  database.exec("INSERT INTO firms (no, name) VALUES (4, 'Four')");
  const left = (await project.run("rollback", doubtful, "--yes", "--json")).summary();
  expect(left.streams["firms"]).toMatchObject({ deletes: 0, updates: 0, conflicts: 1, loaded: 0 });
  expect(project.read(`.loadline/runs/${left.run}/conflicts/firms.csv`)).toContain(
    `nobody knows whether run ${doubtful} wrote it`,
  );
  expect(state()).toEqual(rows("1 One", "4 Four"));

  const last = (await project.run("run", "job.yaml", "--json")).summary();
  project.write(there);
  const elsewhere = await project.run("rollback", `${last.run}`, "--yes");
  expect([elsewhere.code, elsewhere.stderr]).toEqual([1, expect.stringContaining(`run ${last.run} wrote into org`)]);
  project.write({ "connections.yaml": connections });
  database.exec("ALTER TABLE firms RENAME COLUMN name TO title");
  const gone = await project.run("rollback", `${last.run}`, "--yes");
  expect([gone.code, gone.stderr]).toEqual([2, expect.stringContaining("has no field name any more")]);
});

test("what would take along rows that others have added is left, whether or not a key names them; a plan counts all that goes, however deep", async () => {
  await using project = createProject({
    "connections.yaml": connections,
    "job.yaml": job.replace(/ {2}people:[\s\S]*?guards/, "guards"),
    "gone.yaml": `version: 1
name: gone
streams:
  rows:
    source: { connection: drop, files: "gone.csv" }
    target: { connection: crm, table: chain, key: no, mode: delete }
    map: { no: no }
`,
    "crm.db": "",
    "drop/firms.csv": "no,name\n1,One\n2,Two\n3,Three\n",
    "drop/gone.csv": "no\n1\n",
  });
  const database = openSqliteData(project.path("crm.db"), { readOnly: false });
  onTestFinished(() => database.close());
  database.exec(`CREATE TABLE firms (no INTEGER PRIMARY KEY, name TEXT);
    CREATE TABLE notes (firm REFERENCES firms ON DELETE CASCADE, other REFERENCES firms ON DELETE CASCADE, note TEXT UNIQUE);
    CREATE TABLE chain (no INTEGER PRIMARY KEY, up INTEGER REFERENCES chain ON DELETE CASCADE);
    INSERT INTO chain WITH RECURSIVE n (no) AS (SELECT 1 UNION ALL SELECT no + 1 FROM n WHERE no < 9) SELECT no, nullif(no - 1, 0) FROM n;
    CREATE TABLE loose (link INTEGER REFERENCES chain ON DELETE CASCADE, twice INTEGER REFERENCES chain ON DELETE CASCADE, code TEXT UNIQUE);
    CREATE TABLE deep (code TEXT REFERENCES loose (code) ON DELETE CASCADE);
    CREATE TABLE words (code TEXT COLLATE NOCASE UNIQUE, price NUMERIC UNIQUE, no INTEGER PRIMARY KEY REFERENCES chain ON DELETE CASCADE);
    CREATE TABLE said (word TEXT REFERENCES words (code) ON DELETE CASCADE, price TEXT REFERENCES words (price) ON DELETE SET NULL);
    INSERT INTO chain VALUES (20, NULL); INSERT INTO words VALUES ('A', 1, 1), ('B', 2, 20);
    INSERT INTO said VALUES ('a', NULL), ('A', NULL), ('b', '1.00');
    INSERT INTO loose VALUES (2, 3, NULL), (2, 3, NULL), (NULL, 9, 'x'), (4, NULL, NULL);`);
  await project.run("connections", "prepare", "crm");
  expect((await project.run("run", "job.yaml")).code).toBe(0);
  database.exec("INSERT INTO notes VALUES (NULL, 1, 'x'), (2, NULL, 'y')");
  const back = await project.run("rollback", "latest", "--yes", "--json");
  expect(back.summary().streams["firms"], back.stderr).toMatchObject({ deletes: 1, conflicts: 2 });
  expect(database.prepare("SELECT note FROM notes ORDER BY 1").all()).toEqual([{ note: "x" }, { note: "y" }]);

  const plan = await project.run("plan", "gone.yaml", "--json");
  expect(plan.stderr.split("\n").filter((line) => line.startsWith("! rows: deleting from chain")).length).toBe(7);
  const told = plan.stderr.replaceAll(/\s+/g, " ");
  // Of rows without a key, too, each is counted once: also two that hold the same.
  for (const one of [
    "8 records of chain (up)",
    "1 record of words (no)",
    "2 records of said (word)",
    "3 records of loose (link)",
    "1 record of loose (twice)",
  ]) {
    expect(told).toContain(`deleting from chain takes along ${one} !`);
  }
  expect(told).toContain("deleting from chain empties price of 1 record of said");
  expect(told).toContain(
    "may take along records of deep (code), for no key names those of loose: they are not counted",
  );
});
