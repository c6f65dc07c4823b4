import { expect } from "vitest";
import { rehearse } from "../../run/support.ts";
import { caseOf } from "../case.ts";

const job = `version: 1
name: leads
streams:
  s:
    source: { connection: drop, files: "in.csv" }
    target: { connection: salesforce, object: Lead, key: Ext__c, mode: upsert }
    map:
      Ext__c: no
      LastName: no
      Company: no
      "User:Owner.Username": owner
rejects: { max: 100% }
`;

caseOf("plans/owner-of-a-lead", "the owner of a lead is compared by its id", async () => {
  const schema = {
    salesforce: { Lead: { fields: { Ext__c: { type: "string", length: 40, externalId: true, unique: true } } } },
  };
  await using place = await rehearse(
    job,
    { "inbox/in.csv": "no,owner\nL1,Sandbox@loadline.example\nL2,nobody@x.example\nL3,\n" },
    schema,
  );
  const run = await place.project.run("run", "job.yaml", "--json");
  expect(run.code, run.stderr).toBe(0);
  expect(run.summary().streams["s"]).toMatchObject({ creates: 2, rejected: 1, loaded: 2 });
  const again = (await place.project.run("run", "job.yaml", "--json")).summary();
  expect(again.streams["s"]).toMatchObject({ unchanged: 2, rejected: 1 });
});
