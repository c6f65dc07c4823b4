// Runs into tables, taken back: what a trigger of the table did at our own write is no other's change, what the table refuses
// by now is told by name, and what the run wrote comes back all the same.

import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { definitionOf } from "../../src/connectors/postgres/marks.ts";
import { hasPostgres, type PostgresServer, startPostgres } from "../support/postgres.ts";
import { createProject } from "../support/rig.ts";

let server: PostgresServer;

describe.skipIf(!hasPostgres)("a run into tables", () => {
  beforeAll(async () => {
    server = await startPostgres();
    await server.query(`GRANT CREATE ON SCHEMA public TO etl; ${definitionOf("etl")}`);
  });
  afterAll(() => server[Symbol.asyncDispose]());

  test("is taken back, also where a trigger moved its rows, and names the row that the table refuses by now", async () => {
    await server.query(`SET ROLE etl;
      CREATE TABLE people (id serial PRIMARY KEY, no int UNIQUE NOT NULL, name text, mail text, sum numeric(6, 2), at timestamptz DEFAULT now());
      CREATE FUNCTION touch() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN new.at := clock_timestamp(); RETURN new; END $$;
      CREATE TRIGGER touched BEFORE UPDATE ON people FOR EACH ROW EXECUTE FUNCTION touch();
      INSERT INTO people (no, name, mail, sum) VALUES (1, 'One', 'a@x.de', 7), (2, 'Two', NULL, 2), (3, 'Three', 'c@x.de', 3), (5, 'Five', 'e@x.de', 1.25); RESET ROLE`);
    await using project = createProject({
      "connections.yaml": `version: 1
connections:
  crm: { type: postgres, url: "postgres://${encodeURIComponent(server.folder)}:${server.port}/crm", auth: { user: etl } }
  drop: { type: file, path: ./drop }
`,
      "job.yaml": `version: 1
name: people
streams:
  people:
    source: { connection: drop, files: "people.csv" }
    target: { connection: crm, table: people, key: no, mode: mirror }
    map: { no: no, name: name, sum: sum, mail: { from: mail, on_null: clear } }
guards: { deletes: 100%, blanked: 100% }
rejects: { max: 100% }
`,
      "drop/people.csv": "no,name,sum,mail\n1,Uno,8,\n2,Due,2,b@x.de\n4,Four,4,d@x.de\n5,Five,5,e@x.de\n",
    });
    const state = async () =>
      (await server.query("SELECT concat_ws(' ', no, name, mail, trim_scale(sum)) AS row FROM people ORDER BY no")).map(
        ({ row }) => row,
      );
    const old = await state();
    const done = await project.run("run", "job.yaml", "--json");
    expect(done.code, done.stderr).toBe(0);
    expect(done.summary().streams["people"]).toMatchObject({ creates: 1, updates: 3, mirrorDeletes: 1 });
    await server.query("ALTER TABLE people ADD CONSTRAINT mailed CHECK (mail IS NOT NULL OR no <> 2) NOT VALID");
    // It would round 1.25, which row 5 had before; the others fit.
    await server.query("ALTER TABLE people ALTER sum TYPE numeric(6, 0)");
    // Rows that this user may not read would go along with the one that the run made.
    await server.query("CREATE TABLE sealed (person int REFERENCES people ON DELETE CASCADE)");
    const back = await project.run("rollback", `${done.summary().run}`, "--yes", "--json");
    expect(back.summary().streams["people"], back.stderr).toMatchObject({
      creates: 1,
      updates: 2,
      deletes: 0,
      conflicts: 2,
      failed: 1,
      loaded: 2,
    });
    expect(project.read(`.loadline/runs/${back.summary().run}/rejects/people.csv`)).toContain("mailed");
    expect(await state()).toEqual([
      "1 One a@x.de 7",
      "2 Due b@x.de 2",
      "3 Three c@x.de 3",
      "4 Four d@x.de 4",
      "5 Five e@x.de 5",
    ]);
    expect(project.read(`.loadline/runs/${back.summary().run}/conflicts/people.csv`)).toContain(
      "public.sealed (person), which this user may not read",
    );
    expect(project.read(`.loadline/runs/${back.summary().run}/conflicts/people.csv`)).toMatch(
      /people[.]sum was a numeric[(]6,2[)].*: it can't hold what was there before run [^"]*",5,/,
    );
    await server.query("ALTER TABLE people DROP CONSTRAINT mailed, ALTER sum TYPE numeric(6, 2); DROP TABLE sealed");
    expect((await project.run("rollback", `${done.summary().run}`, "--yes")).code).toBe(0);
    expect(await state()).toEqual(old);
  });
});
