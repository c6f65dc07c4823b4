import { readFileSync } from "node:fs";
import { expect } from "vitest";
import { rehearse } from "../../run/support.ts";
import { caseOf } from "../case.ts";

const schema = {
  salesforce: {
    Account: {
      fields: { Ext__c: { type: "string", length: 40, externalId: true, unique: true } },
      recordTypes: {
        Customer: { label: "Customer", default: true },
        Partner: { label: "Channel partner" },
        Old: { label: "Old", active: false },
      },
    },
  },
};

const job = (type: string) => `version: 1
name: types
streams:
  s:
    source: { connection: drop, files: "in.csv" }
    target: { connection: salesforce, object: Account, key: Ext__c, mode: upsert }
    map: { Ext__c: no, Name: no, ${type} }
rejects: { max: 100% }
`;

caseOf("plans/record-type-by-name", "record types are found by their DeveloperName", async () => {
  await using place = await rehearse(
    job("RecordType.DeveloperName: kind"),
    { "inbox/in.csv": "no,kind\nA1,customer\nA2,Partner\nA3,Old\nA4,Reseller\nA5,\n" },
    schema,
  );
  const { project, sandbox } = place;
  const run = await project.run("run", "job.yaml", "--json");
  expect(run.code, run.stderr).toBe(0);
  expect(run.summary().streams["s"]).toMatchObject({ creates: 3, rejected: 2, loaded: 3 });
  const types = new Map((await sandbox.dump("RecordType")).map((one) => [one["Id"], one["DeveloperName"]]));
  const stored = (await sandbox.dump("Account")).map((one) => `${one["Name"]} ${types.get(one["RecordTypeId"])}`);
  expect(stored.sort()).toEqual(["A1 Customer", "A2 Partner", "A5 Customer"]);
  project.write({ "inbox/in.csv": "no,kind\nA1,Partner\nA2,PARTNER\n" });
  expect((await project.run("run", "job.yaml", "--json")).summary().streams["s"]).toMatchObject({
    updates: 1,
    unchanged: 1,
  });
  const check = async (type: string) => {
    project.write({ "other.yaml": job(type) });
    return project.run("check", "other.yaml");
  };
  expect((await check("RecordType.Name: kind")).stderr).toContain('did you mean "RecordType.DeveloperName"?');
  const literal = await check(`RecordType.DeveloperName: "'Custmer'"`);
  expect([literal.code, literal.stderr]).toEqual([2, expect.stringContaining("Customer, Partner")]);
  expect((await check("RecordTypeId: kind, RecordType.DeveloperName: kind")).stderr).toContain(
    "are both written to RecordTypeId",
  );
  project.write({ "job.yaml": job("RecordTypeId: kind") });
  await project.run("plan", "job.yaml");
  const rejects = readFileSync(`${project.runFolders().at(-1)}/rejects/s.csv`, "utf8");
  expect(rejects).toContain("map RecordType.DeveloperName instead");
});
