// A database file of DuckDB's as a source: every type, to the last digit or told; what a query may not do; files that can't be
// read. By the product's own way, against files that the engine has made.

import { spawn } from "node:child_process";
import { once } from "node:events";
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { DuckDBInstance } from "@duckdb/node-api";
import { expect, onTestFinished, test } from "vitest";
import { explain } from "../../src/core/errors.ts";
import { type ContractProject, countsOf } from "../contract/project.ts";
import { repository } from "../support/child.ts";
import {
  intoFile,
  moveJob as job,
  namesOf as names,
  openDatabaseProject,
  rejectsOf,
  rowsOf,
} from "../support/database-project.ts";

async function fill(path: string, sql: string): Promise<void> {
  const instance = await DuckDBInstance.create(path);
  const connection = await instance.connect();
  await connection.run(sql);
  connection.closeSync();
  instance.closeSync();
}

async function open(sql: string, files: Record<string, string>): Promise<ContractProject> {
  const project = openDatabaseProject("{ type: duckdb, path: crm.duckdb }", files);
  onTestFinished(() => project[Symbol.dispose]());
  await fill(project.path("crm.duckdb"), sql);
  return project;
}

test("values of every type come to their last digit, or cost their row by name", async () => {
  const project = await open(
    `CREATE TYPE mood AS ENUM ('glad', 'sad');
     CREATE TABLE v (id INTEGER PRIMARY KEY, h HUGEINT, u UHUGEINT, d DECIMAL(38, 3), f FLOAT, g DOUBLE, ns TIMESTAMP_NS, tz TIMESTAMPTZ,
       iv INTERVAL, b BIT, bl BLOB, e mood, uu UUID, born DATE, clock TIME, t VARCHAR, ts TIMESTAMP, ok BOOLEAN, j JSON, n BIGNUM);
     INSERT INTO v VALUES
       (1, 170141183460469231731687303715884105727, 340282366920938463463374607431768211455, 12345678901234567890123456789012345.123, 0.1, 1e300,
        '2024-01-01 00:00:00.123456789', '2024-01-01 00:00:00.5+02', INTERVAL '1 month 2 days', '0101', '\\xAA\\x00'::BLOB, 'sad',
        'A0EEBC99-9C0B-4EF8-BB6D-6BB9BD380A11', '0001-01-01', '23:59:59.5', 'a "b",' || chr(10) || 'ü', '1999-12-31 23:59:59.123456', true, '{"a": 1}', '-12345678901234567890123456789012345678901234567890'),
       (2, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, '', NULL, NULL, NULL, NULL);
     INSERT INTO v (id, g) VALUES (3, 'inf'), (4, 'nan'); INSERT INTO v (id, born) VALUES (5, 'infinity'), (6, DATE '0044-03-15 (BC)'), (7, '12024-01-01');
     INSERT INTO v (id, clock) VALUES (8, '24:00:00'); INSERT INTO v (id, tz) VALUES (9, 'infinity'); INSERT INTO v (id, t) VALUES (10, 'x' || chr(0))`,
    {
      "job.yaml": job(
        "connection: crm, table: v",
        intoFile,
        names("id h u d f g ns tz iv b bl e uu born clock t ts ok j n"),
      ),
    },
  );
  const ended = await project.run("job.yaml");
  expect(countsOf(ended), explain(ended.error)).toMatchObject({ extracted: 10, rejected: 8, creates: 2 });
  expect(rejectsOf(project).map(({ id, loadline_error }) => `${id} ${loadline_error}`)).toEqual([
    // Read one by one, it is told first.
    '10 the character NUL (U+0000) in "t"',
    "3 g is no number that others can hold",
    "4 g is no number that others can hold",
    "5 born is no day of the years 1 to 9999",
    "6 born is no day of the years 1 to 9999",
    "7 born is no day of the years 1 to 9999",
    "8 clock is no time of a day before 24:00",
    "9 tz is no day of the years 1 to 9999",
  ]);
  expect(rowsOf(project, "drop/out.csv")[0]).toMatchObject({
    ...{ h: "170141183460469231731687303715884105727", u: "340282366920938463463374607431768211455" },
    ...{ d: "12345678901234567890123456789012345.123", f: "0.1", ns: "2024-01-01 00:00:00.123456789" },
    ...{ tz: "2023-12-31T22:00:00.500Z", iv: "1 month 2 days", b: "0101", bl: "\\xaa00", e: "sad" },
    ...{ uu: "a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11", born: "0001-01-01", clock: "23:59:59.5", t: 'a "b",\nü' },
    ...{ ts: "1999-12-31T23:59:59.123456", ok: "true", j: '{"a": 1}' },
    n: "-12345678901234567890123456789012345678901234567890",
  });
});

test("a query is one SELECT of this file; nested types, times without a zone and a load into it are refused with what to do", async () => {
  const project = await open(
    `CREATE SCHEMA "My"; CREATE TABLE "My"."Con tacts" (id INTEGER, name VARCHAR, l INTEGER[], s STRUCT(a INTEGER), seen TIMESTAMP, changed TIMESTAMPTZ);
     INSERT INTO "My"."Con tacts" VALUES (1, 'same', [1], {'a': 1}, now(), now()), (1, 'same', [1], {'a': 1}, now(), now()), (2, 'b', NULL, NULL, now(), NULL);
     CREATE VIEW recent AS SELECT id, name FROM "My"."Con tacts"`,
    {
      "secret.csv": "a\n1\n",
      "table.yaml": job('connection: crm, table: "my.con tacts", where: "id = 1"', intoFile, names("id name")),
      "view.yaml": job("connection: crm, table: RECENT", intoFile, names("id name")),
      "good.yaml": job(
        `connection: crm, query: 'SELECT to_json(l) AS l FROM "My"."Con tacts" -- all\\n;'`,
        intoFile,
        names("l"),
      ),
      "window.yaml": job(
        'connection: crm, table: "my.con tacts", key: id, incremental: { cursor: changed }',
        'connection: drop, files: "out-{run}.csv"',
        names("id"),
      ),
      "zone.yaml": job(
        'connection: crm, table: "my.con tacts", key: id, incremental: { cursor: seen }',
        intoFile,
        names("id"),
      ),
      "keyless.yaml": job(
        'connection: crm, table: "my.con tacts", incremental: { cursor: changed }',
        intoFile,
        names("id"),
      ),
      "list.yaml": job('connection: crm, table: "my.con tacts"', intoFile, names("l")),
      "struct.yaml": job('connection: crm, table: "my.con tacts"', intoFile, names("s")),
      "shared.yaml": job('connection: crm, query: "SELECT 1 AS id, 2 AS ID"', intoFile, names("id")),
      "two.yaml": job('connection: crm, query: "SELECT 1 AS id; DROP VIEW recent"', intoFile, names("id")),
      "out.yaml": job(
        'connection: crm, query: "SELECT 1 AS id) q; DROP VIEW recent; SELECT (1"',
        intoFile,
        names("id"),
      ),
      "file.yaml": job("connection: crm, query: \"SELECT * FROM read_csv('secret.csv')\"", intoFile, names("a")),
      "summary.yaml": job('connection: crm, query: "SUMMARIZE recent"', intoFile, names("column_name")),
      "unknown.yaml": job("connection: crm, table: recemt", intoFile, names("id")),
      "target.yaml": job(
        "connection: drop, files: secret.csv",
        "connection: crm, table: recent, mode: insert, key: id",
        {
          id: "a",
        },
      ),
      "drop/secret.csv": "a\n1\n",
    },
  );
  for (const [name, extracted, told] of [
    ["table", 2],
    ["view", 3],
    ["good", 3],
    ["window", 3],
    ["summary", 2],
    ["zone", 0, /seen is a time without a zone[\s\S]*timezone\('UTC', "seen"\)/],
    ["keyless", 0, /wants a key/],
    ["list", 0, /l is of type INTEGER\[\], which has no text that is sure[\s\S]*to_json\("l"\)/],
    ["struct", 0, /s is of type STRUCT/],
    ["shared", 0, /id stands several times/i],
    ["two", 0, /syntax error/],
    ["out", 0, /more than one statement/],
    ["file", 0, /file system operations are disabled/],
    ["unknown", 0, /there is no table recemt[\s\S]*did you mean recent\?/],
    ["target", 0, /reads files of DuckDB and does not write them/],
  ] as const) {
    const { summary, error } = await project.run(`${name}.yaml`);
    if (told === undefined) {
      const [counts] = Object.values(summary.streams);
      expect(counts, `${name}: ${explain(error)}`).toMatchObject({ extracted, rejected: 0 });
      if (name !== "window") expect(counts, name).toMatchObject({ duplicates: 0, creates: extracted });
    } else {
      expect(explain(error), name).toMatch(told);
      expect(summary.exitCode, name).toBe(2);
    }
  }
});

test("a file that is held, none, cut short, damaged or missing is told, with what to do", async () => {
  const project = await open("CREATE TABLE t AS SELECT range AS id FROM range(100000); CHECKPOINT", {
    "in.yaml": job("connection: crm, table: t", intoFile, names("id")),
  });
  const path = project.path("crm.duckdb");
  const says = async () => {
    const { summary, error } = await project.run("in.yaml");
    return `${summary.exitCode} ${explain(error)}`;
  };
  const whole = readFileSync(path);
  expect(await says()).toMatch(/^0/);
  expect(readFileSync(path).equals(whole), "a source leaves the file as it is").toBe(true);
  const holding = `const { DuckDBInstance } = await import("@duckdb/node-api");
    globalThis.held = await (await DuckDBInstance.create(${JSON.stringify(path)})).connect(); console.log("held"); setInterval(() => 0, 1000)`;
  const holder = spawn(process.execPath, ["--input-type=module", "-e", holding], {
    cwd: join(repository),
    stdio: ["ignore", "pipe", "inherit"],
  });
  await once(holder.stdout, "data");
  expect(await says()).toMatch(/^75 [\s\S]*another process has the database open to write[\s\S]*next: loadline resume/);
  holder.kill("SIGKILL");
  await once(holder, "exit");
  writeFileSync(path, "no database ".repeat(2000));
  expect(await says()).toMatch(/^1 [\s\S]*not a valid DuckDB database file/);
  writeFileSync(path, whole.subarray(0, 5000));
  expect(await says()).toMatch(/^1 [\s\S]*Could not read enough bytes[\s\S]*next: check the path/);
  writeFileSync(path, Buffer.from(whole).fill(0xee, 8000, 30000));
  expect(await says()).toMatch(/^1 [\s\S]*Corrupt database file/);
  project.write({ "connections.yaml": project.read("connections.yaml").replace("crm.duckdb", "nowhere.duckdb") });
  expect(await says()).toMatch(/^2 [\s\S]*there is no file .*nowhere\.duckdb/);
});
