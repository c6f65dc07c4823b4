// Parents whose stream knows its records by several fields: named by a list of expressions.

import { parse } from "csv-parse/sync";
import { expect, test } from "vitest";
import { rehearse } from "./support.ts";

const key = { type: "string", length: 20, externalId: true, unique: true };
const objects = {
  salesforce: {
    Office__c: {
      custom: true,
      fields: { City__c: { type: "string", length: 20 }, Floor__c: { type: "double", precision: 4, scale: 0 } },
    },
    Contact: { fields: { Ext__c: key, Office__c: { type: "reference", to: "Office__c" } } },
  },
};

const job = (miss = "reject", from = "[city, floor]") => `version: 1
name: people
streams:
  people:
    source: { connection: drop, files: "people.csv" }
    target: { connection: salesforce, object: Contact, key: Ext__c, mode: upsert }
    map:
      Ext__c: id
      LastName: id
      Office__c: { parent: offices, from: ${from}, miss: ${miss} }
  offices:
    source: { connection: drop, files: "offices.csv" }
    target: { connection: salesforce, object: Office__c, key: [City__c, Floor__c], mode: upsert }
    map: { City__c: city, Floor__c: floor }
    validate: [{ field: City__c, max_length: 4 }]
rejects: { max: 100% }
`;

const files = {
  "inbox/offices.csv": "city,floor\nBonn,1\nBonn,2\nBerlin,1\n",
  "inbox/people.csv": "id,city,floor\n1,bonn,1.0\n2,Bonn,2\n3,Ulm,3\n4,Berlin,1\n5,Kiel,1\n6,,\n",
};

test("a parent is found by all its fields, in the org or among what the run makes; a row without it says why", async () => {
  await using place = await rehearse(job(), files, objects);
  const office = async (values: object) =>
    ((await place.sandbox.api("POST", "sobjects/Office__c", values)).body as { id: string }).id;
  const present = [await office({ City__c: "BONN", Floor__c: 1 }), await office({ City__c: "Ulm", Floor__c: 3 })];
  const check = await place.project.run("check", "job.yaml");
  expect(check.code, check.stderr).toBe(0);
  const run = await place.project.run("run", "job.yaml", "--json");
  expect(run.code, run.stderr).toBe(0);
  expect(run.summary().streams).toMatchObject({
    offices: { extracted: 3, rejected: 1, creates: 1, loaded: 1, unchanged: 1 },
    people: { extracted: 6, rejected: 2, creates: 4, loaded: 4 },
  });
  const offices = new Map((await place.sandbox.dump("Office__c")).map((one) => [one["Id"], one["City__c"]]));
  const named = [...(await place.contacts())].map(([id, one]) => [id, offices.get(one["Office__c"]) ?? null]);
  expect(named.sort()).toEqual([
    ["1", "BONN"],
    ["2", "Bonn"],
    ["3", "Ulm"],
    ["6", null],
  ]);
  expect((await place.contacts()).get("3")?.["Office__c"]).toBe(present[1]);
  const rejects = place.project.read(`.loadline/runs/${run.summary().run}/rejects/people.csv`);
  expect((parse(rejects, { columns: true }) as Record<string, string>[]).map((row) => row["loadline_error"])).toEqual([
    expect.stringContaining("its parent offices berlin, 1 was rejected: offices.csv line 4: City__c"),
    'no Office__c has City__c, Floor__c "kiel, 1", and stream offices creates none',
  ]);
});

test("with miss: later a row waits for such a parent, and the run that makes it takes the row up", async () => {
  await using place = await rehearse(job("later"), files, objects);
  const first = await place.project.run("run", "job.yaml", "--json");
  expect(first.code, first.stderr).toBe(0);
  expect(first.summary().streams["people"]).toMatchObject({ creates: 3, loaded: 3, unmatched: 3, waiting: 3 });
  const state = await place.project.run("state", "show");
  expect(state.stdout).toContain("Rows that the next run takes again\n  people people: 3 rows, since 2");
  expect(state.stdout).toContain(`3 for a parent: .loadline/runs/${first.summary().run}/unmatched/people.csv`);
  const listed = await place.project.run("rejects", "latest");
  expect(listed.stdout).toContain("people  3 rows open (3 kept for a parent: the run that finds it takes them up)");
  place.project.write({
    "inbox/offices.csv": "city,floor\nKiel,1\n",
    "inbox/people.csv": "id,city,floor\n",
  });
  const second = await place.project.run("run", "job.yaml", "--json");
  expect(second.code, second.stderr).toBe(0);
  expect(second.summary().streams["people"]).toMatchObject({ extracted: 3, creates: 1, loaded: 1, waiting: 2 });
  expect((await place.contacts()).get("5")?.["Office__c"]).toBe((await place.sandbox.dump("Office__c"))[2]?.["Id"]);
});

test("check refuses a list that is not of the parent's key", async () => {
  await using place = await rehearse(job("reject", "[city]"), files, objects);
  const { code, stderr } = await place.project.run("check", "job.yaml");
  expect(code).toBe(2);
  expect(stderr).toContain(
    "stream offices knows its records by City__c and Floor__c: `from` wants an expression for each, and has 1",
  );
  place.project.write({ "job.yaml": job("reject", "city") });
  expect((await place.project.run("check", "job.yaml")).stderr).toContain(
    "`from` wants a list with an expression for each",
  );
});
