// What changes in the org between the plan of a run and the moment when it writes.

import { expect, test } from "vitest";
import { startHeld } from "./held.ts";
import { rehearse, schema } from "./support.ts";

const job = `version: 1
name: again
streams:
  accounts:
    source: { connection: drop, files: "accounts.csv" }
    target: { connection: salesforce, object: Account, key: Acc__c, mode: upsert }
    map: { Acc__c: no, Name: no }
  contacts:
    source: { connection: drop, files: "contacts.csv" }
    target: { connection: salesforce, object: Contact, key: Ext__c, mode: mirror, scope: "Title = 'ours'", adopt_by: Email }
    map: { Ext__c: id, LastName: last, Email: email, Title: { from: "'ours'", policy: fill_empty } }
  leads:
    source: { connection: drop, files: "leads.csv" }
    target: { connection: salesforce, object: Lead, key: [Site__c, LastName], mode: upsert }
    map: { Site__c: site, LastName: last, Company: "'x'" }
rejects: { max: 100% }
guards: { deletes: 10 }
`;

test("what a run is about to delete, create or adopt is looked at again just before", async () => {
  const files = {
    "inbox/accounts.csv": "no\nA\n",
    "inbox/leads.csv": "site,last\nS,N1\nS,N2\n",
    "inbox/contacts.csv": "id,last,email\nnew,N,n@x.de\nmade,M,m@x.de\nadopted,A,a@x.de\n",
  };
  const leads = { Lead: { fields: { Site__c: { type: "string", length: 40, externalId: true } } } };
  await using place = await rehearse(job, files, { salesforce: { ...schema.salesforce, ...leads } });
  const { sandbox, project } = place;
  const make = async (fields: object) =>
    ((await sandbox.api("POST", "sobjects/Contact", { LastName: "x", ...fields })).body as { id: string }).id;
  const change = (id: string, fields: object) => sandbox.api("PATCH", `sobjects/Contact/${id}`, fields);
  for (const Ext__c of ["gone", "touched"]) await make({ Ext__c, Title: "ours" });
  const moved = await make({ Ext__c: "moved", Title: "ours" });
  const renamed = await make({ Ext__c: "renamed", Title: "ours" });
  const touched = (await place.contacts()).get("touched")?.["Id"] as string;
  const upserts = "PATCH /services/data/*/composite/sobjects/*/*";
  const running = await startHeld(place, upserts, ["run", "job.yaml", "--json"], 6000);
  await change(moved, { Title: "theirs" });
  await change(renamed, { Ext__c: "new name" });
  await change(touched, { LastName: "touched" });
  await make({ Ext__c: "made", Title: "By a person" });
  await make({ Email: "A@x.de", Title: "By a person" });
  await sandbox.api("POST", "sobjects/Lead", { Site__c: "S", LastName: "n1", Company: "By a person" });
  const done = await running.finished;
  expect(done.code, done.stderr).toBe(0);
  // Two rows are not written; of four records two are deleted.
  expect(done.summary().streams["contacts"]).toMatchObject({ creates: 1, conflicts: 2, mirrorDeletes: 2, loaded: 3 });
  // The org would make a second one: several fields are no key to it.
  expect(done.summary().streams["leads"]).toMatchObject({ creates: 1, conflicts: 1, loaded: 1 });
  expect((await sandbox.dump("Lead")).map((lead) => lead["Company"]).sort()).toEqual(["By a person", "x"]);
  const titles = [...(await place.contacts())].map(([key, one]) => `${key} ${one["Title"]}`).sort();
  expect(titles).toEqual(["made By a person", "moved theirs", "new name ours", "new ours", "null By a person"]);
  const folder = project
    .runFolders()
    .at(-1)
    ?.slice(project.folder.length + 1);
  const told = project.read(`${folder}/conflicts/contacts.csv`);
  expect(told).toContain("the record was made since the plan");
  expect(told).toContain("a record without a Ext__c has this Email, and was not compared with the row");
  // The next run compares the adopted record, and leaves alone what it has.
  const next = await project.run("run", "job.yaml", "--json");
  expect(next.summary().streams["contacts"]).toMatchObject({ creates: 0, conflicts: 0, updates: 2 });
  expect((await place.contacts()).get("adopted")).toMatchObject({ Title: "By a person", LastName: "A" });
});
