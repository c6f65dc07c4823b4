// init, describe and guess of a database that is a file; and of DuckDB's. By the real program.

import { expect, test } from "vitest";
import { openSqliteData } from "../../src/core/sqlite.ts";
import { createProject } from "../support/rig.ts";

test("init, describe and guess know a database that is a file; its job goes through the sandbox on a copy", async () => {
  await using project = createProject({ ".env": "SQLITE_FILE=crm.db\n", "crm.db": "" });
  expect((await project.run("init", "--source", "sqlite", "--target", "salesforce")).stderr).toBe("");
  const database = openSqliteData(`${project.folder}/crm.db`, { readOnly: false });
  database.exec(project.read("tables/sqlite.sql"));
  database.close();
  const ran = await project.run("run", "jobs/sqlite-to-salesforce.yaml", "--sandbox", "--json");
  expect(Object.values(ran.summary().streams)[0], ran.stderr).toMatchObject({ creates: 3, loaded: 3 });
  expect((await project.run("describe", "sqlite", "contacts")).stdout).toContain("rows are named by: contact_no");
  const guess = await project.run("guess", "sqlite:contacts", "--into", "salesforce:Contact", "--sandbox");
  expect(guess.stdout).toContain("LastName: last_name\n");
});
