import { readFileSync } from "node:fs";
import { expect } from "vitest";
import { rehearse } from "../../run/support.ts";
import { caseOf } from "../case.ts";

const schema = {
  salesforce: {
    Account: {
      fields: {
        Erp__c: { type: "double", precision: 18, scale: 0, externalId: true, unique: true },
        Code__c: { type: "string", length: 4, externalId: true, unique: true },
      },
    },
    Contact: { fields: { Ext__c: { type: "string", length: 40, externalId: true, unique: true } } },
  },
};

const job = (mode: string, key: string, column: string) => `version: 1
name: half
streams:
  s:
    source: { connection: drop, files: "in.csv" }
    target: { connection: salesforce, object: Account, key: ${key}, mode: ${mode} }
    map: { ${key}: ${column}, ${mode === "delete" ? "" : "Description: name"} }
rejects: { max: 100% }
guards: { deletes: 100 }
`;

const child = (parent: string, column: string) => `version: 1
name: child
streams:
  s:
    source: { connection: drop, files: "in.csv" }
    target: { connection: salesforce, object: Contact, key: Ext__c, mode: upsert }
    map: { Ext__c: name, LastName: name, Account.${parent}: ${column} }
rejects: { max: 100% }
`;

caseOf(
  "keys/number-key-rounded-to-another-record",
  "a key that does not fit is refused, never rounded to somebody else's",
  async () => {
    await using place = await rehearse("", {}, schema);
    const { project, sandbox } = place;
    await sandbox.api("POST", "sobjects/Account", { Name: "Anker", Erp__c: 130, Code__c: "AB12" });
    project.write({ "inbox/in.csv": "erp,code,name\n129.5,AB123,Somebody else\n130.4,AB12 3,Somebody else too\n" });
    const jobs = [
      job("upsert", "Erp__c", "erp"),
      job("delete", "Erp__c", "erp"),
      job("update", "Code__c", "code"),
      child("Erp__c", "erp"),
      child("Code__c", "code"),
    ];
    for (const [place, text] of jobs.entries()) {
      project.write({ "job.yaml": text });
      const run = await project.run("run", "job.yaml", "--json");
      expect(run.summary().streams["s"], `job ${place}: ${run.stderr}`).toMatchObject({
        rejected: 2,
        creates: 0,
        updates: 0,
        deletes: 0,
      });
    }
    const rejects = readFileSync(`${project.runFolders().at(-1)}/rejects/s.csv`, "utf8");
    expect(rejects).toContain("AB123");
    const accounts = await sandbox.dump("Account");
    expect(accounts.map((one) => [one["Erp__c"], one["Description"] ?? null, one["IsDeleted"]])).toEqual([
      [130, null, false],
    ]);
    project.write({ "keys.txt": "129.5\n", "job.yaml": job("upsert", "Erp__c", "erp") });
    const named = await project.run("plan", "job.yaml", "--keys", "keys.txt");
    expect([named.code, named.stderr]).toEqual([2, expect.stringContaining('no Account can have the key "129.5"')]);
  },
);
