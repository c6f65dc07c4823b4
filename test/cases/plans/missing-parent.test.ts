import { readFileSync } from "node:fs";
import { expect } from "vitest";
import { rehearse } from "../../run/support.ts";
import { caseOf } from "../case.ts";

const schema = {
  salesforce: {
    Account: {
      fields: {
        Ext__c: { type: "string", length: 40, externalId: true },
        No__c: { type: "double", precision: 18, scale: 0, externalId: true },
      },
    },
    Contact: { fields: { Ext__c: { type: "string", length: 40, externalId: true, unique: true } } },
  },
};

const job = `version: 1
name: kids
streams:
  s:
    source: { connection: drop, files: "in.csv" }
    target: { connection: salesforce, object: Contact, key: Ext__c, mode: upsert }
    map:
      Ext__c: no
      LastName: no
      Account.Ext__c: acc
      Owner.Username: owner
      ReportsTo.Ext__c: boss
rejects: { max: 100% }
`;

caseOf("plans/missing-parent", "a parent that is not there, or is several, is told in the plan", async () => {
  await using place = await rehearse(job, {}, schema);
  const { project, sandbox } = place;
  for (const Ext__c of ["A1", "Twice", "Twice"])
    await sandbox.api("POST", "sobjects/Account", { Name: Ext__c, Ext__c });
  const rows = [
    "C1,a1,sandbox@loadline.example,",
    "C2,A9,,",
    "C3,Twice,,",
    "C4,,Nobody@loadline.example,",
    // The boss is in the file itself.
    "C5,A1,,C1",
    "C6,A1,,C99",
  ];
  project.write({ "inbox/in.csv": `no,acc,owner,boss\n${rows.join("\n")}\n` });
  const plan = await project.run("plan", "job.yaml", "--json");
  expect(JSON.parse(plan.stdout)).toMatchObject({ streams: { s: { rejected: 4, creates: 2 } } });
  const rejects = readFileSync(`${project.runFolders().at(-1)}/rejects/s.csv`, "utf8").split("\n");
  expect(rejects[1]).toContain('no Account has Ext__c ""A9""');
  expect(rejects[2]).toMatch(/2 Account have Ext__c ""Twice"": 001\w{15}, 001\w{15}/);
  expect(rejects[3]).toContain('no User has Username ""Nobody@loadline.example""');
  expect(rejects[4]).toContain('no Contact has Ext__c ""C99""');
});
