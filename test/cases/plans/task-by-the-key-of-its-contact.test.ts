import { expect } from "vitest";
import { rehearse } from "../../run/support.ts";
import { caseOf } from "../case.ts";

const external = { fields: { Ext__c: { type: "string", length: 40, externalId: true, unique: true } } };

const job = (mode: string, who = `"Contact:Who.Ext__c": person`) => `version: 1
name: calls
defaults: { source: { connection: drop }, target: { connection: salesforce, key: Ext__c } }
streams:
  c: { source: { files: c.csv }, target: { object: Contact, mode: upsert }, map: { Ext__c: no, LastName: no } }
  s:
    source: { files: in.csv }
    target: { object: Task, mode: ${mode} }
    map:
      Ext__c: call
      Subject: call
      ${who}
rejects: { max: 100% }
`;

caseOf(
  "plans/task-by-the-key-of-its-contact",
  "a lookup that can point to several objects is compared by its id",
  async () => {
    await using place = await rehearse(
      job("upsert"),
      {
        "update.yaml": job("update"),
        "parent.yaml": job("upsert", "WhoId: { parent: c, from: person }"),
        "inbox/c.csv": "no\nC1\nC2\n",
      },
      { salesforce: { Contact: external, Task: external } },
    );
    const { project, sandbox } = place;
    const load = async (file: string, ...rows: string[]) => {
      project.write({ "inbox/in.csv": `call,person\n${rows.map((row) => `${row}\n`).join("")}` });
      const run = await project.run("run", file, "--json");
      return run.summary().streams["s"];
    };
    expect(await load("job.yaml", "T1,C1", "T2,C9")).toMatchObject({ creates: 1, rejected: 1 });
    expect(await load("job.yaml", "T1,c1")).toMatchObject({ unchanged: 1 });
    expect(await load("parent.yaml", "T1,C1", "T3,C2")).toMatchObject({ unchanged: 1, creates: 1 });
    expect(await load("update.yaml", "T1,C2")).toMatchObject({ updates: 1, loaded: 1 });
    const contacts = new Map((await sandbox.dump("Contact")).map((one) => [one["Id"], one["Ext__c"]]));
    const whose = (await sandbox.dump("Task")).map((one) => [one["Ext__c"], contacts.get(one["WhoId"])]);
    expect(whose).toEqual([
      ["T1", "C2"],
      ["T3", "C2"],
    ]);
  },
);
