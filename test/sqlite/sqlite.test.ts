// What only SQLite has: any value in any column, text that is no text, times as their writers like them, a file that others
// hold or have damaged. By the product's own way, against files.

import { readFileSync, writeFileSync } from "node:fs";
import { expect, onTestFinished, test } from "vitest";
import { definition } from "../../src/connectors/sqlite/marks.ts";
import { explain } from "../../src/core/errors.ts";
import { type DatabaseSync, openSqliteData } from "../../src/core/sqlite.ts";
import { type ContractProject, countsOf } from "../contract/project.ts";
import {
  intoFile,
  moveJob as job,
  namesOf as names,
  openDatabaseProject,
  rejectsOf,
  rowsOf,
} from "../support/database-project.ts";

interface Opened {
  project: ContractProject;
  database: DatabaseSync;
}

/** A project with a database `crm`. */
function open(sql: string, files: Record<string, string>): Opened {
  const project = openDatabaseProject("{ type: sqlite, path: crm.db }", { "crm.db": "", ...files });
  const database = openSqliteData(project.path("crm.db"), { readOnly: false });
  database.exec(sql);
  onTestFinished(() => {
    database.close();
    project[Symbol.dispose]();
  });
  return { project, database };
}

const marks = `${definition};`;

test("what one table holds, another one gets: NULL, empty texts, every digit, every kind of column", async () => {
  const columns =
    "id INTEGER PRIMARY KEY, name TEXT, big BIGINT, part REAL, amount DECIMAL(20, 2), ok BOOLEAN, born DATE, seen DATETIME, clock TIME, code STRING";
  const { project, database } = open(
    `CREATE TABLE a (${columns}); CREATE TABLE b (${columns}); ${marks}
     INSERT INTO a VALUES
       (1, '', 9223372036854775807, 0.30000000000000004, 1234567890.12, 1, '2024-02-29', '2026-03-29 01:30:00.123456', '23:59:59.5', 'x'),
       (2, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL),
       (3, '∅', -9223372036854775808, 1e-7, -0.5, 0, '0001-01-01', '9999-12-31 23:59:59', '00:00:00', 'a "b"'),
       (4, '␀ "x", y' || char(10) || 'z', 9007199254740993, 1e21, 123456789012345, 1, '1970-01-01', '1999-01-01 00:00:00', '12:00:00', 'é🙂'),
       (9223372036854775807, '�', 0, -1.5, 0.1, 0, NULL, NULL, NULL, NULL)`,
    {
      "job.yaml": job(
        "connection: crm, table: a",
        "connection: crm, table: b, mode: mirror, key: id",
        names("id name big part amount ok born seen clock code"),
      ),
    },
  );
  const first = await project.run("job.yaml");
  expect(countsOf(first), JSON.stringify(rejectsOf(project))).toMatchObject({
    creates: 5,
    loaded: 5,
    rejected: 0,
    failed: 0,
  });
  const differing =
    "SELECT count(*) AS n FROM (SELECT * FROM a EXCEPT SELECT * FROM b UNION ALL SELECT * FROM b EXCEPT SELECT * FROM a)";
  expect(database.prepare(differing).get()).toEqual({ n: 0 });
  const typed = (table: string) =>
    database.prepare(`SELECT typeof(big), typeof(part), typeof(amount), typeof(ok), typeof(code) FROM ${table}`).all();
  expect(typed("b")).toEqual(typed("a"));
  expect(countsOf(await project.run("job.yaml"))).toMatchObject({ unchanged: 5, updates: 0, loaded: 0 });
  database.exec(
    "UPDATE a SET name = NULL WHERE id = 1; UPDATE a SET name = '' WHERE id = 2; UPDATE b SET ok = 0 WHERE id = 4",
  );
  const again = await project.run("job.yaml");
  expect(countsOf(again), explain(again.error)).toMatchObject({ updates: 3, unchanged: 2, loaded: 3 });
  expect(database.prepare(differing).get()).toEqual({ n: 0 });
});

test("a value of another kind than its column costs its row, by name, and so does a text that is none", async () => {
  const { project } = open(
    `CREATE TABLE odd (id INTEGER PRIMARY KEY, n INTEGER, r REAL, d DECIMAL(9, 2), ok BOOLEAN, t TEXT, b BLOB, free);
     INSERT INTO odd (id, n) VALUES (1, 'twelve'), (2, 1.5), (3, X'01');
     INSERT INTO odd (id, r) VALUES (4, 9e999), (5, 'x'); INSERT INTO odd (id, d) VALUES (6, '1,5');
     INSERT INTO odd (id, ok) VALUES (7, 2); INSERT INTO odd (id, t) VALUES (8, X'41'), (9, CAST(X'ff41' AS TEXT)), (10, 'a' || char(0) || 'b');
     INSERT INTO odd (id, b) VALUES (11, 'text'); INSERT INTO odd (id, free) VALUES (12, X'00');
     INSERT INTO odd VALUES (13, -9223372036854775808, 5, 1e20, 1, 'a ''b'', "c" �', X'00ff', 1), (14, 0, 0.1, 7, 0, '', X'', 'x'), (15, NULL, NULL, NULL, NULL, NULL, NULL, NULL)`,
    {
      "job.yaml": job("connection: crm, table: odd", intoFile, { ...names("id n r d ok t b free"), none: "t IS NULL" }),
    },
  );
  const ended = await project.run("job.yaml");
  expect(countsOf(ended), explain(ended.error)).toMatchObject({ extracted: 15, rejected: 12, creates: 3 });
  expect(rejectsOf(project).map(({ id, loadline_error }) => `${id} ${loadline_error}`)).toEqual([
    '1 "n" holds a text in a column of numbers',
    '2 "n" holds a number that is no whole one of 64 bits',
    '3 "n" holds bytes (a BLOB), which are no text',
    '4 "r" holds infinity, which is no number that others can hold',
    '5 "r" holds a text in a column of numbers',
    '6 "d" holds a text in a column of numbers',
    '7 "ok" holds neither 0 nor 1 in a column of truth values',
    '8 "t" holds bytes (a BLOB), which are no text',
    '9 "t" holds a text that is not valid UTF-8',
    '10 the character NUL (U+0000) in "t"',
    '11 "b" holds a text in a column of bytes',
    '12 "free" holds bytes (a BLOB), which are no text',
  ]);
  expect(rowsOf(project, "drop/out.csv")).toEqual([
    {
      ...{ id: "13", n: "-9223372036854775808", r: "5", d: "100000000000000000000", ok: "true" },
      ...{ t: `a 'b', "c" �`, b: "\\x00ff", free: "1", none: "false" },
    },
    { id: "14", n: "0", r: "0.1", d: "7", ok: "false", t: "", b: "\\x", free: "x", none: "false" },
    // Row by row, because others are refused, nothing stays apart from an empty text.
    { id: "15", n: "", r: "", d: "", ok: "", t: "", b: "", free: "", none: "true" },
  ]);
});

test("a query is one SELECT; tables, views, keys of several columns, generated columns and WITHOUT ROWID are read", async () => {
  const { project, database } = open(
    `CREATE TABLE q (a TEXT, b INTEGER, twice INTEGER GENERATED ALWAYS AS (b * 2), PRIMARY KEY (a, b)) STRICT, WITHOUT ROWID;
     INSERT INTO q (a, b) VALUES ('x', 1), ('x', 2), ('y', 1); CREATE VIEW seen AS SELECT a, twice FROM q;
     CREATE TABLE keyless (name TEXT); INSERT INTO keyless VALUES ('same'), ('same'), (NULL);
     CREATE TABLE nulls (id TEXT PRIMARY KEY, name TEXT); INSERT INTO nulls VALUES (NULL, 'a'), (NULL, 'b'), ('c', 'd')`,
    {
      "table.yaml": job("connection: crm, table: Q, where: b = 1", intoFile, names("a b twice")),
      "view.yaml": job("connection: crm, table: seen", intoFile, names("a twice")),
      "keyless.yaml": job("connection: crm, table: keyless", intoFile, names("name")),
      "nulls.yaml": job("connection: crm, table: nulls", intoFile, names("name")),
      "good.yaml": job('connection: crm, query: "SELECT a || b AS c FROM q -- all;\\n;"', intoFile, names("c")),
      "same.yaml": job("connection: crm, query: 'SELECT b AS c, 2 AS C, a FROM q'", intoFile, names("a")),
      "shared.yaml": job('connection: crm, query: "SELECT 1 AS id, 2 AS id"', intoFile, names("id")),
      "key.yaml": job('connection: crm, query: "SELECT a AS id, 2 AS id, b FROM q", key: id', intoFile, names("b")),
      "two.yaml": job('connection: crm, query: "SELECT 1 AS c; DROP TABLE q"', intoFile, names("c")),
      "out.yaml": job('connection: crm, query: "SELECT 1 AS c) q; DROP TABLE q; SELECT (1"', intoFile, names("c")),
      "writes.yaml": job('connection: crm, query: "DELETE FROM q RETURNING a AS c"', intoFile, names("c")),
      "quoted.yaml": job("connection: crm, table: q, where: 'a = \"nobody\"'", intoFile, names("a")),
      "unknown.yaml": job("connection: crm, table: seem", intoFile, names("a")),
    },
  );
  for (const [name, extracted, told] of [
    ["table", 2],
    ["view", 3],
    ["keyless", 3],
    ["nulls", 3],
    ["good", 3],
    ["same", 3],
    ["shared", 0, /id stands several times[\s\S]*SELECT "id" AS …/],
    ["key", 0, /source.key: several columns are called id/],
    ["two", 0, /syntax error/],
    ["out", 0, /more than one statement/],
    ["writes", 0, /syntax error/],
    ["quoted", 0, /no such column: "?nobody/],
    ["unknown", 0, /there is no table seem[\s\S]*did you mean seen\?/],
  ] as const) {
    const { summary, error } = await project.run(`${name}.yaml`);
    if (told === undefined) {
      expect(Object.values(summary.streams)[0], `${name}: ${explain(error)}`).toMatchObject({
        extracted,
        duplicates: 0,
      });
    } else {
      expect(explain(error), name).toMatch(told);
      expect(summary.exitCode, name).toBe(2);
    }
    if (name === "nulls")
      expect(rejectsOf(project).map((row) => row["loadline_error"])).toEqual(["its key is NULL", "its key is NULL"]);
  }
  expect(database.prepare("SELECT count(*) AS n FROM q").get()).toEqual({ n: 3 });
});

test("a window goes by times as they are written; what is no time is taken by every window, and a number by none", async () => {
  const { project, database } = open(
    `CREATE TABLE t (id INTEGER PRIMARY KEY, at TEXT, epoch INTEGER);
     INSERT INTO t VALUES (1, CURRENT_TIMESTAMP, 1), (2, '2020-01-01T12:00:00+02:00', 1), (3, '2020-01-01', 1), (4, NULL, 1), (5, 'now', 1), (6, '2024-02-31', 1)`,
    {
      "job.yaml": job(
        "connection: crm, table: t, incremental: { cursor: at, overlap: 0s }",
        'connection: drop, files: "out-{run}.csv"',
        { id: "id" },
      ),
      "epoch.yaml": job("connection: crm, table: t, incremental: { cursor: epoch }", intoFile, names("id")),
    },
  );
  const taken = async () => {
    const { summary, error } = await project.run("job.yaml");
    expect(summary.exitCode, explain(error)).toBe(0);
    return rowsOf(project, `drop/out-${summary.run}.csv`).map(({ id }) => id);
  };
  expect(await taken()).toEqual(["1", "2", "3", "4", "5", "6"]);
  // In the same second as the window's end, which only a finer time would tell apart.
  database.exec("INSERT INTO t VALUES (7, CURRENT_TIMESTAMP, 1); UPDATE t SET at = 'tomorrow' WHERE id = 4");
  expect(await taken()).toEqual(expect.arrayContaining(["7", "4"]));
  const { error } = await project.run("epoch.yaml");
  expect(explain(error)).toMatch(/epoch holds INTEGER, and nothing says which time a number is[\s\S]*unixepoch/);
});

test("rows are asked for by a key that is called as a column of ours is", async () => {
  const { project, database } = open(`${marks} CREATE TABLE t (place TEXT PRIMARY KEY)`, {
    "job.yaml": job(
      "connection: drop, files: in.csv",
      "connection: crm, table: t, mode: upsert, key: place",
      names("place"),
    ),
    "drop/in.csv": "place\na\nb\n",
  });
  const ended = await project.run("job.yaml", "run", { keys: ["b"] });
  expect(ended.summary.exitCode, explain(ended.error)).toBe(0);
  expect(database.prepare("SELECT place FROM t").all()).toEqual([{ place: "b" }]);
});

test("a row that a constraint refuses is told by its columns, and costs no other; a schema's own answer to conflicts is not taken", async () => {
  const { project, database } = open(
    `${marks} CREATE TABLE parent (id INTEGER PRIMARY KEY); INSERT INTO parent VALUES (1);
     CREATE TABLE line (id INTEGER PRIMARY KEY, code TEXT NOT NULL UNIQUE ON CONFLICT REPLACE, slug TEXT UNIQUE ON CONFLICT REPLACE, qty INTEGER CHECK (qty > 0),
       parent INTEGER REFERENCES parent DEFERRABLE INITIALLY DEFERRED, note TEXT DEFAULT 'none');
     INSERT INTO line (code, slug, qty, parent, note) VALUES ('a', 'sa', 1, 1, 'kept'), ('b', 'sb', 1, 9, 'kept');
     CREATE TRIGGER refuse BEFORE INSERT ON line WHEN NEW.code = 'raised' BEGIN SELECT RAISE(ABORT, 'not this one'); END;
     CREATE TRIGGER skip BEFORE INSERT ON line WHEN NEW.code = 'skipped' BEGIN SELECT RAISE(IGNORE); END`.replace(
      "1, 9",
      "1, 1",
    ),
    {
      "job.yaml": job("connection: drop, files: in.csv", "connection: crm, table: line, mode: upsert, key: code", {
        ...names("code slug qty"),
        parent: "parent",
      }),
      "drop/in.csv":
        "code,slug,qty,parent\na,sa,2,1\nb,sb,0,1\nc,sc,1,9\nd,sa,1,1\nraised,r,1,1\nskipped,s,1,1\ne,se,5,1\n",
    },
  );
  const ended = await project.run("job.yaml");
  expect(countsOf(ended), explain(ended.error)).toMatchObject({ creates: 5, updates: 2, failed: 5, loaded: 2 });
  expect(rejectsOf(project).map((row) => [row["code"], row["loadline_field"], row["loadline_error"]])).toEqual([
    ["b", "qty", expect.stringContaining("CHECK constraint failed")],
    ["c", "parent", expect.stringContaining("FOREIGN KEY constraint failed")],
    ["d", "slug", expect.stringContaining("UNIQUE constraint failed: line.slug")],
    ["raised", "", expect.stringContaining("not this one")],
    ["skipped", "", expect.stringContaining("no such row")],
  ]);
  expect(database.prepare("SELECT code, qty, note FROM line ORDER BY id").all()).toEqual([
    { code: "a", qty: 2, note: "kept" },
    { code: "b", qty: 1, note: "kept" },
    { code: "e", qty: 5, note: "none" },
  ]);
});

test("what a column would make another value of is refused by name", async () => {
  const { project, database } = open(
    `${marks} CREATE TABLE t (id INTEGER PRIMARY KEY, n INTEGER, r REAL, d DECIMAL(30, 2), code STRING, at DATETIME);
     CREATE TABLE blanks (code TEXT COLLATE RTRIM PRIMARY KEY);
     CREATE TABLE epochs (id INTEGER PRIMARY KEY, at DATETIME, b BLOB, free, g INTEGER GENERATED ALWAYS AS (id + 1)); INSERT INTO epochs (id, at) VALUES (1, 1700000000)`,
    {
      "job.yaml": job("connection: drop, files: in.csv", "connection: crm, table: t, mode: upsert, key: id", {
        ...names("id n r d code"),
        at: `'"at"'`,
      }),
      "at.yaml": job("connection: drop, files: in.csv", "connection: crm, table: epochs, mode: upsert, key: id", {
        id: "id",
        at: `'"at"'`,
      }),
      "b.yaml": job("connection: drop, files: in.csv", "connection: crm, table: epochs, mode: upsert, key: id", {
        id: "id",
        b: "code",
      }),
      "free.yaml": job("connection: drop, files: in.csv", "connection: crm, table: epochs, mode: upsert, key: id", {
        id: "id",
        free: "code",
      }),
      "g.yaml": job("connection: drop, files: in.csv", "connection: crm, table: epochs, mode: upsert, key: id", {
        id: "id",
        g: "id",
      }),
      "blanks.yaml": job(
        "connection: drop, files: in.csv",
        "connection: crm, table: blanks, mode: upsert, key: code",
        names("code"),
      ),
      "drop/in.csv": `id,n,r,d,code,at
1,9223372036854775808,,,,
2,,1e400,,,
3,,,12345678901234567890.12,,
4,,,,007,
5,,,,,2024-02-30T00:00:00Z
6,007,0.1,1234567890123.45,x007,2024-02-29T01:00:00.5+01:00
`,
    },
  );
  const ended = await project.run("job.yaml");
  expect(countsOf(ended), explain(ended.error)).toMatchObject({ rejected: 5, loaded: 1, failed: 0 });
  expect(rejectsOf(project).map((row) => [row["id"], row["loadline_field"]])).toEqual([
    ["1", "n"],
    ["2", "r"],
    ["3", "d"],
    ["4", "code"],
    ["5", "at"],
  ]);
  expect(rejectsOf(project)[3]?.["loadline_error"]).toContain(
    '"007" would be stored as a number: SQLite takes the type STRING for NUMERIC',
  );
  expect(database.prepare("SELECT * FROM t").all()).toEqual([
    { id: 6, n: 7, r: 0.1, d: 1234567890123.45, code: "x007", at: "2024-02-29 00:00:00.5" },
  ]);
  for (const [name, why] of [
    ["at", "holds times as numbers"],
    ["b", "is of type BLOB, which has no text that is sure"],
    ["free", "has no type"],
    ["g", "is made of other columns"],
  ] as const) {
    const { summary, error } = await project.run(`${name}.yaml`);
    expect(explain(error)).toContain(`epochs.${name} can't be written: it ${why}`);
    expect(summary.exitCode).toBe(2);
  }
  // To SQLite `a` and `a ` are one key here: by it a row would be written into the other's.
  expect(explain((await project.run("blanks.yaml")).error)).toContain("code is neither an external id nor unique");
});

test("a file that is missing, none, damaged, newer or held by another process is told, with what to do", async () => {
  const files = {
    "in.yaml": job("connection: crm, table: t", intoFile, names("id")),
    "out.yaml": job(
      "connection: drop, files: in.csv",
      "connection: crm, table: t, mode: upsert, key: id",
      names("id name"),
    ),
    "drop/in.csv": "id,name\n1,new\n",
  };
  const { project, database } = open(
    `PRAGMA journal_mode = DELETE; CREATE TABLE t (id INTEGER PRIMARY KEY, name TEXT); INSERT INTO t VALUES (1, 'old')`,
    files,
  );
  const path = project.path("crm.db");
  const whole = readFileSync(path);
  const changed = (change: (bytes: Buffer) => Buffer) => writeFileSync(path, change(Buffer.from(whole)));
  const says = async (name: string) => {
    const { summary, error } = await project.run(name);
    return `${summary.exitCode} ${explain(error)}`;
  };
  expect(await says("in.yaml")).toMatch(/^0/);
  expect(readFileSync(path).equals(whole), "a source leaves the file as it is").toBe(true);
  changed(() => Buffer.from("no database at all, but a text that is long enough to be one".repeat(20)));
  expect(await says("in.yaml")).toMatch(/^2 [\s\S]*file is not a database[\s\S]*next: check the path/);
  changed((bytes) => Buffer.concat([bytes.subarray(0, 47), Buffer.from([9]), bytes.subarray(48)]));
  expect(await says("in.yaml")).toMatch(/^2 [\s\S]*unsupported file format[\s\S]*a newer SQLite/);
  changed((bytes) => bytes.fill(0xee, 4096));
  expect(await says("in.yaml")).toMatch(/^1 [\s\S]*malformed[\s\S]*damaged/);
  changed((bytes) => bytes);
  project.write({ "connections.yaml": project.read("connections.yaml").replace("crm.db", "nowhere.db") });
  expect(await says("in.yaml")).toMatch(/^2 [\s\S]*there is no file .*nowhere\.db/);
  project.write({ "connections.yaml": project.read("connections.yaml").replace("nowhere.db", "drop") });
  expect(await says("in.yaml")).toMatch(/^2 [\s\S]*is no file/);
  expect(database.prepare("SELECT 1 AS n").get()).toEqual({ n: 1 });
});
