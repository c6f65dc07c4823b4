// What files of databases and their disks do to a run: held by others, read-only, full, in WAL mode. And deletions, told by the
// keys that are there no more. By the product's own way.

import { spawnSync } from "node:child_process";
import { readdirSync, unlinkSync } from "node:fs";
import { join } from "node:path";
import { DuckDBInstance } from "@duckdb/node-api";
import { describe, expect, onTestFinished, test } from "vitest";
import { definition } from "../../src/connectors/sqlite/marks.ts";
import { explain } from "../../src/core/errors.ts";
import { openSqliteData } from "../../src/core/sqlite.ts";
import { type ContractProject, countsOf } from "../contract/project.ts";
import { intoFile, moveJob, namesOf, openDatabaseProject, rejectsOf, rowsOf } from "../support/database-project.ts";
import { canMount, fillDisk, mountDisk } from "../support/disk.ts";

const says = async (project: ContractProject, name: string) => {
  const { summary, error } = await project.run(name);
  return `${summary.exitCode} ${error === undefined ? "" : explain(error)}`;
};

function openSqlite(sql: string, files: Record<string, string>, path = "crm.db") {
  const project = openDatabaseProject(`{ type: sqlite, path: ${path} }`, { [path]: "", ...files });
  const database = openSqliteData(project.path(path), { readOnly: false });
  database.exec(`${definition}; ${sql}`);
  onTestFinished(() => {
    database.close();
    project[Symbol.dispose]();
  });
  return { project, database };
}

const load = moveJob(
  "connection: drop, files: in.csv",
  "connection: crm, table: t, mode: upsert, key: id",
  namesOf("id name"),
);
const lines = (count: number, text = "x") =>
  `id,name\n${Array.from({ length: count }, (_, n) => `${n},${text}\n`).join("")}`;

test("a file in WAL mode is read while another writes; STRICT tables refuse by name; columns without a type are as they are", async () => {
  const { project, database } = openSqlite(
    `PRAGMA journal_mode = WAL; CREATE TABLE s (id INTEGER PRIMARY KEY, n INT, a ANY) STRICT; INSERT INTO s VALUES (1, 5, 'x'), (2, NULL, 7);
     CREATE TABLE loose (id INTEGER PRIMARY KEY, v); INSERT INTO loose VALUES (1, 'text'), (2, 12), (3, 1.5), (4, X'00ff'), (5, NULL)`,
    {
      "s.yaml": moveJob("connection: crm, table: s", intoFile, namesOf("id n a")),
      "loose.yaml": moveJob("connection: crm, table: loose", intoFile, namesOf("id v")),
      "any.yaml": moveJob("connection: drop, files: in.csv", "connection: crm, table: s, mode: upsert, key: id", {
        id: "id",
        a: "name",
      }),
      "drop/in.csv": lines(1),
    },
  );
  database.exec("BEGIN IMMEDIATE; INSERT INTO s VALUES (3, 9, 'not committed')");
  expect(await says(project, "s.yaml")).toMatch(/^0/);
  expect(rowsOf(project, "drop/out.csv")).toEqual([
    { id: "1", n: "5", a: "x" },
    { id: "2", n: "", a: "7" },
  ]);
  database.exec("ROLLBACK");
  expect(await says(project, "any.yaml")).toMatch(/^2 [\s\S]*"?a"?/);
  const ended = await project.run("loose.yaml");
  expect(countsOf(ended), explain(ended.error)).toMatchObject({ extracted: 5, rejected: 1 });
  expect(rejectsOf(project)[0]?.["loadline_error"]).toContain("bytes (a BLOB), which are no text");
  expect(rowsOf(project, "drop/out.csv").map(({ v }) => v)).toEqual(["text", "12", "1.5", ""]);
});

test("a query is read, and one that writes is refused", async () => {
  const { project } = openSqlite("PRAGMA journal_mode = DELETE; CREATE TABLE t (id INTEGER PRIMARY KEY, name TEXT)", {
    "read.yaml": moveJob('connection: crm, query: "SELECT * FROM t", key: id', intoFile, namesOf("id name")),
    "write.yaml": moveJob('connection: crm, query: "DELETE FROM t RETURNING *", key: id', intoFile, namesOf("id name")),
    "drop/in.csv": lines(2),
  });
  expect(await says(project, "read.yaml")).toMatch(/^0/);
  expect(await says(project, "write.yaml")).toMatch(/^2 [\s\S]*correct the table, query or where/);
});

describe.skipIf(!canMount)("on a disk of its own", () => {
  // Mounted so: who owns the machine may write whatever is read-only by its rights.
  test("a file that may only be read is told as a target", async () => {
    const project = openDatabaseProject("{ type: sqlite, path: disk/crm.db }", {
      "load.yaml": load,
      "drop/in.csv": lines(2),
    });
    onTestFinished(() => project[Symbol.dispose]());
    using _mounted = mountDisk(project.path("disk"), 2);
    const make = openSqliteData(join(project.path("disk"), "crm.db"), { readOnly: false });
    make.exec(`PRAGMA journal_mode = DELETE; ${definition}; CREATE TABLE t (id INTEGER PRIMARY KEY, name TEXT)`);
    make.close();
    expect(spawnSync("mount", ["-o", "remount,ro", project.path("disk")]).status).toBe(0);
    expect(await says(project, "load.yaml")).toMatch(/^8 [\s\S]*let this user write the file and its folder/);
  });

  test("a load into a file whose disk is full is tried later, and goes on when there is room: nothing lost, nothing doubled", async () => {
    const project = openDatabaseProject("{ type: sqlite, path: disk/crm.db }", {
      "load.yaml": moveJob(
        "connection: drop, files: in.csv",
        "connection: crm, table: t, mode: insert, key: id",
        namesOf("id name"),
      ),
      "drop/in.csv": lines(2000, "y".repeat(100)),
    });
    onTestFinished(() => project[Symbol.dispose]());
    using _mounted = mountDisk(project.path("disk"), 2);
    const path = join(project.path("disk"), "crm.db");
    const make = openSqliteData(path, { readOnly: false });
    make.exec(`PRAGMA journal_mode = DELETE; ${definition}; CREATE TABLE t (id INTEGER, name TEXT)`);
    make.close();
    const filler = fillDisk(project.path("disk"));
    expect(await says(project, "load.yaml")).toMatch(/^75 [\s\S]*full/);
    unlinkSync(filler);
    expect(await says(project, "load.yaml")).toMatch(/^0/);
    const look = openSqliteData(path, { readOnly: true });
    expect(look.prepare("SELECT count(*) AS n, count(DISTINCT id) AS ids FROM t").get()).toEqual({
      n: 2000,
      ids: 2000,
    });
    look.close();
    expect(readdirSync(project.path("disk"))).toEqual(["crm.db"]);
  });
});

/** Changes of `a` go to `b`, and so do deletions. */
const both = `version: 1
name: both
defaults: { source: { connection: crm, table: a, where: live, incremental: { cursor: changed } }, target: { connection: app, table: b, key: code } }
streams:
  changes: { target: { mode: upsert }, map: { code: upper(code) } }
  gone: { source: { deletes: compare, keep: loadline_deleted }, target: { mode: delete }, map: { code: upper(code) } }
`;

test.each(["sqlite", "duckdb"])(
  "%s: what was taken and is gone is deleted, once; what leaves the filter is not",
  async (type) => {
    const file = type === "sqlite" ? "source.db" : "source.duckdb";
    const { project, database } = openSqlite(
      `CREATE TABLE b (code TEXT PRIMARY KEY, region INTEGER DEFAULT 1, UNIQUE (Code, region)); INSERT INTO b (code) VALUES ('OWN'), ('A');
       CREATE TABLE notes (leaver TEXT REFERENCES B ON DELETE CASCADE); INSERT INTO notes VALUES ('A'), ('OWN');
       CREATE TABLE lines (region INTEGER, leaver TEXT, FOREIGN KEY (leaver, region) REFERENCES b (CODE, region) ON DELETE SET NULL); INSERT INTO lines VALUES (1, 'A'), (NULL, 'A')`,
      { "both.yaml": both },
      "app.db",
    );
    project.write({
      "connections.yaml": project
        .read("connections.yaml")
        .replace("crm:", "app:")
        .replace("connections:", `connections:\n  crm: { type: ${type}, path: ${file} }`),
    });
    const fill = async (sql: string) => {
      if (type === "sqlite") {
        const source = openSqliteData(project.path(file), { readOnly: false });
        source.exec(sql.replaceAll("TIMESTAMPTZ", "TIMESTAMP"));
        source.close();
        return;
      }
      const instance = await DuckDBInstance.create(project.path(file));
      const connection = await instance.connect();
      await connection.run(sql);
      connection.closeSync();
      instance.closeSync();
    };
    if (type === "sqlite") project.write({ [file]: "" });
    await fill(`CREATE TABLE a (id INTEGER PRIMARY KEY, code VARCHAR(9), live BOOLEAN, changed TIMESTAMPTZ);
    INSERT INTO a VALUES (1, 'a', true, '2026-01-01 00:00:00+00:00'), (2, 'b', true, '2026-01-01 00:00:00+00:00'), (3, 'c', true, '2026-01-01 00:00:00+00:00')`);
    const run = async () => {
      const { summary, error } = await project.run("both.yaml");
      expect(summary.exitCode, error === undefined ? "" : explain(error)).toBe(0);
      return summary.streams["gone"]?.deletes;
    };
    expect(await run()).toBe(0);
    await fill("DELETE FROM a WHERE id = 1; UPDATE a SET live = false WHERE id = 2");
    expect(await run()).toBe(1);
    expect(project.warnings.join()).toContain("deleting from b takes along 1 record of notes (leaver)");
    expect(project.warnings.join()).toContain("deleting from b empties leaver, region of 1 record of lines");
    expect(await run()).toBe(0);
    expect(database.prepare("SELECT code FROM b ORDER BY 1").all()).toEqual([
      { code: "B" },
      { code: "C" },
      { code: "OWN" },
    ]);
  },
);
