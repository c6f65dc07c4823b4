// Databases that are files, and those whose drivers are installed by who wants them: describe, check and rehearsals, through the
// real program.

import { readFileSync } from "node:fs";
import { DatabaseSync } from "node:sqlite";
import { DuckDBInstance } from "@duckdb/node-api";
import { expect, test } from "vitest";
import { createProject } from "../support/rig.ts";

const job = (name: string, source: string, target: string) => `version: 1
name: ${name}
streams:
  people:
    source: { ${source} }
    target: { ${target} }
    map: { id: id, name: name }
`;

const schema = `CREATE TABLE people (id INTEGER PRIMARY KEY, name TEXT NOT NULL UNIQUE, born DATE);
  INSERT INTO people VALUES (1, 'Ann', '1990-01-02'), (2, 'Bob', NULL)`;

async function openProject() {
  const project = createProject({
    "connections.yaml": `version: 1
connections:
  app: { type: sqlite, path: app.db }
  marts: { type: duckdb, path: marts.duckdb }
  drop: { type: file, path: out }
  ms: { type: sqlserver, url: "sqlserver://127.0.0.1/crm", auth: { user: etl, password: "\${SECRET}" } }
  ora: { type: oracle, url: "oracle://127.0.0.1/crm", auth: { user: etl, password: "\${SECRET}" } }
  shop: { type: mysql, url: "mysql://127.0.0.1/shop", auth: { user: etl, password: "\${SECRET}" } }
`,
    "in.yaml": job("in", "connection: marts, table: people", "connection: app, table: people, mode: upsert, key: id"),
    "out.yaml": job("out", "connection: app, table: people", "connection: drop, files: people.csv"),
    "into-marts.yaml": job(
      "into-marts",
      "connection: app, table: people",
      "connection: marts, table: people, mode: upsert, key: id",
    ),
    "ms.yaml": job("ms", "connection: ms, table: people", "connection: drop, files: people.csv"),
    "ora.yaml": job(
      "ora",
      "connection: drop, files: people.csv",
      "connection: ora, table: people, mode: upsert, key: id",
    ),
    "shop.yaml": job("shop", "connection: shop, table: people", "connection: drop, files: people.csv"),
  });
  project.env["SECRET"] = "hunter2";
  const database = new DatabaseSync(project.path("app.db"));
  database.exec(schema);
  database.close();
  const instance = await DuckDBInstance.create(project.path("marts.duckdb"));
  const connection = await instance.connect();
  await connection.run(
    `${schema}; UPDATE people SET name = 'Anna' WHERE id = 1; INSERT INTO people VALUES (3, 'Cy', NULL)`,
  );
  connection.closeSync();
  instance.closeSync();
  return project;
}

test("a database that is a file is described and checked, and a rehearsal leaves it as it is", async () => {
  await using project = await openProject();
  const described = JSON.parse((await project.run("describe", "app", "people", "--json")).stdout);
  const field = (name: string) => described.fields.find((one: { name: string }) => one.name === name);
  expect(field("name")).toMatchObject({ type: "TEXT", createable: true });
  expect((await project.run("describe", "app")).stdout).toContain("people");
  const marts = await project.run("describe", "marts", "people");
  expect(marts.stdout).toContain("VARCHAR");
  expect((await project.run("check", "in.yaml")).code).toBe(0);
  const refused = await project.run("check", "into-marts.yaml");
  expect(refused.code).toBe(2);
  expect(refused.stdout + refused.stderr).toContain("reads files of DuckDB and does not write them");

  const before = [readFileSync(project.path("app.db")), readFileSync(project.path("marts.duckdb"))];
  const rehearsed = await project.run("run", "in.yaml", "--sandbox", "--json");
  expect(rehearsed.code, rehearsed.stderr).toBe(0);
  expect(rehearsed.summary().streams["people"]).toMatchObject({ creates: 1, updates: 1 });
  // What it wrote is there when it is looked at again, and nowhere else.
  const again = await project.run("run", "in.yaml", "--sandbox", "--json");
  expect(again.summary().streams["people"]).toMatchObject({ creates: 0, updates: 0 });
  expect([readFileSync(project.path("app.db")), readFileSync(project.path("marts.duckdb"))]).toEqual(before);
});

test("drivers that are not installed are told with what to install; a server is played by no sandbox", async () => {
  await using project = await openProject();
  for (const [name, type, driver] of [
    ["ms", "sqlserver", "tedious"],
    ["ora", "oracle", "oracledb"],
  ] as const) {
    const { code, stdout, stderr } = await project.run("describe", name);
    expect(code).toBe(2);
    expect(stdout + stderr).toContain(`connections of type ${type} want the package ${driver}, which is not installed`);
    expect(stdout + stderr).toContain(`npm install ${driver}`);
  }
  for (const name of ["ms.yaml", "ora.yaml", "shop.yaml"]) {
    const { code, stdout, stderr } = await project.run("plan", name, "--sandbox");
    expect(code, name).toBe(2);
    expect(stdout + stderr, name).toContain("the sandbox plays no database");
  }
});
