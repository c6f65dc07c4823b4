import { expect } from "vitest";
import { rehearse } from "../../run/support.ts";
import { caseOf } from "../case.ts";

const external = { Ext__c: { type: "string", length: 40, externalId: true, unique: true } };
const schema = {
  salesforce: {
    Contact: { fields: external },
    Account: { fields: external },
    Membership__c: {
      custom: true,
      fields: {
        Contact__c: { type: "reference", to: "Contact", required: true },
        Account__c: { type: "reference", to: "Account", required: true },
        Status__c: { type: "string", length: 20 },
      },
    },
  },
};

const job = (mode: string) => `version: 1
name: members
defaults: { source: { connection: drop }, target: { connection: salesforce } }
streams:
  a: { source: { files: a.csv }, target: { object: Account, key: Ext__c, mode: upsert }, map: { Ext__c: no, Name: no } }
  c: { source: { files: c.csv }, target: { object: Contact, key: Ext__c, mode: upsert }, map: { Ext__c: no, LastName: no } }
  s:
    source: { files: in.csv }
    target: { object: Membership__c, key: [Contact__r.Ext__c, Account__c], mode: ${mode} }
    map:
      Contact__r.Ext__c: contact
      Account__c: { parent: a, from: account }
      Status__c: status
rejects: { max: 100% }
guards: { deletes: 100 }
`;

caseOf("plans/record-known-by-two-parents", "a record without an external id is told by its two parents", async () => {
  await using place = await rehearse(
    job("upsert"),
    {
      "update.yaml": job("update"),
      "delete.yaml": job("delete"),
      "mirror.yaml": job("mirror"),
      "inbox/a.csv": "no\nA1\nA2\n",
      "inbox/c.csv": "no\nC1\nC2\n",
    },
    schema,
  );
  const { project, sandbox } = place;
  const load = async (file: string, ...rows: string[]) => {
    project.write({ "inbox/in.csv": `contact,account,status\n${rows.map((row) => `${row}\n`).join("")}` });
    const run = await project.run("run", file, "--json");
    return run.summary().streams["s"];
  };
  const members = async () =>
    (await sandbox.dump("Membership__c"))
      .filter((one) => one["IsDeleted"] !== true)
      .map((one) => one["Status__c"])
      .sort();

  expect(await load("job.yaml", "C1,A1,Sent")).toMatchObject({ creates: 1, loaded: 1 });
  expect(await load("job.yaml", "c1,a1,Responded", "C2,A1,Sent", "C1,A2,Late")).toMatchObject({
    creates: 2,
    updates: 1,
    loaded: 3,
  });
  expect(await load("job.yaml", "C1,A1,Responded", "C2,A1,Sent", "C1,A2,Late")).toMatchObject({
    unchanged: 3,
    creates: 0,
  });
  expect(await members()).toEqual(["Late", "Responded", "Sent"]);
  expect(await load("update.yaml", "C2,A1,Gone", "C2,A2,None", "C1,A2,Late", "C1,A2,Twice")).toMatchObject({
    updates: 1,
    unmatched: 1,
    rejected: 2,
  });
  expect(await load("delete.yaml", "C2,A1,")).toMatchObject({ deletes: 1, loaded: 1 });
  expect(await load("mirror.yaml", "C1,A1,Responded")).toMatchObject({ unchanged: 1, mirrorDeletes: 1 });
  expect(await members()).toEqual(["Responded"]);
});
