// A field that may refer to records of several objects, each loaded by a stream of the job.

import { parse } from "csv-parse/sync";
import { expect, test } from "vitest";
import { rehearse } from "./support.ts";

const key = { type: "string", length: 20, externalId: true, unique: true };
const objects = {
  salesforce: {
    Contact: { fields: { Ext__c: key } },
    Lead: { fields: { Ext__c: key } },
    Task: { fields: { Ext__c: key } },
  },
};

const stream = (name: string, object: string, map: string) => `  ${name}:
    source: { connection: drop, files: "${name}.csv" }
    target: { connection: salesforce, object: ${object}, key: Ext__c, mode: upsert }
    map: { Ext__c: id, ${map} }
`;

const job = `version: 1
name: tasks
streams:
${stream("tasks", "Task", '"Contact:Who.Ext__c": contact, "Lead:Who.Ext__c": lead')}${stream("contacts", "Contact", "LastName: name")}${stream("leads", "Lead", "LastName: name, Company: name")}rejects: { max: 100% }
`;

test("a row names a record of one stream or of another, and never two", async () => {
  const files = {
    "inbox/contacts.csv": "id,name\nc1,A\n",
    "inbox/leads.csv": "id,name\nl1,B\n",
    "inbox/tasks.csv": "id,contact,lead\n1,c1,\n2,,l1\n3,c1,l1\n4,c9,\n5,,\n",
  };
  await using place = await rehearse(job, files, objects);
  const run = await place.project.run("run", "job.yaml", "--json");
  expect(run.code, run.stderr).toBe(0);
  expect(run.summary().streams["tasks"]).toMatchObject({ extracted: 5, rejected: 2, creates: 3, loaded: 3 });
  const ids = new Map<unknown, unknown>();
  for (const object of ["Contact", "Lead"])
    for (const one of await place.sandbox.dump(object)) ids.set(one["Id"], one["Ext__c"]);
  const named = (await place.sandbox.dump("Task")).map((one) => [one["Ext__c"], ids.get(one["WhoId"]) ?? null]);
  expect(named.sort()).toEqual([
    ["1", "c1"],
    ["2", "l1"],
    ["5", null],
  ]);
  const rejects = place.project.read(`.loadline/runs/${run.summary().run}/rejects/tasks.csv`);
  expect((parse(rejects, { columns: true }) as Record<string, string>[]).map((row) => row["loadline_error"])).toEqual([
    "the row names a record by Contact:Who.Ext__c too, and the field holds one",
    'no Contact has Ext__c "c9", and stream contacts creates none',
  ]);
  // Where a task goes over to the other kind, it is an update; and the same once more changes nothing.
  place.project.write({ "inbox/tasks.csv": "id,contact,lead\n1,,l1\n2,,l1\n" });
  const moved = await place.project.run("run", "job.yaml", "--json");
  expect(moved.summary().streams["tasks"]).toMatchObject({ updates: 1, loaded: 1, unchanged: 1 });
});
