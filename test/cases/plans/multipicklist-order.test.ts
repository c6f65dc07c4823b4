import { expect } from "vitest";
import { contactsJob, rehearse } from "../../run/support.ts";
import { caseOf } from "../case.ts";

const values = ["Red", "Green", "Blue"];
const key = { type: "string", length: 40, externalId: true, unique: true };
const fields = {
  Ext__c: key,
  Closed__c: { type: "multipicklist", length: 500, values, restricted: true },
  Open__c: { type: "multipicklist", length: 500, values },
};
const job = contactsJob({ map: "      Ext__c: id\n      LastName: id\n      Closed__c: closed\n      Open__c: open" });

caseOf("plans/multipicklist-order", "several choices are a set", async () => {
  const first = "id,closed,open\nA,Red;Blue,Green\nB,Green,Red;Pink;Blue\n";
  await using place = await rehearse(job, { "inbox/contacts.csv": first }, { salesforce: { Contact: { fields } } });
  expect((await place.project.run("run", "job.yaml", "--json")).summary().streams["contacts"]).toMatchObject({
    creates: 2,
    loaded: 2,
  });
  const again = [
    "id,closed,open",
    "A,Blue; Red,Green;Green",
    "B,;Green;,Pink;Blue;Red",
    "C,Red; Green,",
    "D,Red;Red,Blue;Red",
    "E,Red;Mauve,Red",
  ];
  place.project.write({ "inbox/contacts.csv": `${again.join("\n")}\n` });
  const run = (await place.project.run("run", "job.yaml", "--json")).summary();
  expect(run.streams["contacts"]).toMatchObject({ unchanged: 2, creates: 2, rejected: 1, loaded: 2, failed: 0 });
  const kept = await place.contacts();
  const choices = (id: string) => [kept.get(id)?.["Closed__c"], kept.get(id)?.["Open__c"]];
  expect([choices("C"), choices("D")]).toEqual([
    ["Red;Green", null],
    ["Red", "Red;Blue"],
  ]);
  const rejects = place.project.read(`.loadline/runs/${run.run}/rejects/contacts.csv`);
  expect(rejects).toMatch(/^E,Red;Mauve,Red,"?.*not in its restricted picklist \(Red, Green, Blue\)"*,Closed__c,6$/m);
  expect((await place.project.run("run", "job.yaml", "--json")).summary().streams["contacts"]).toMatchObject({
    unchanged: 4,
    updates: 0,
    loaded: 0,
  });
});
