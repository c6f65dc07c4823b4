import { expect } from "vitest";
import { rehearse } from "../../run/support.ts";
import { caseOf } from "../case.ts";

const schema = {
  salesforce: {
    Account: { fields: { Ext__c: { type: "string", length: 40, externalId: true, unique: true } } },
  },
};
const job = (via: string) => `version: 1
name: tree
streams:
  s:
    source: { connection: drop, files: "in.csv" }
    target: { connection: salesforce, object: Account, key: Ext__c, mode: upsert${via} }
    map: { Ext__c: no, Name: no, Parent.Ext__c: parent }
rejects: { max: 100% }
`;

caseOf("plans/tree-in-one-file", "a tree is loaded level by level, or the plan says what will not come", async () => {
  for (const via of ["", ", via: bulk"]) {
    await using place = await rehearse(job(via), {}, schema);
    const { project, sandbox } = place;
    await sandbox.api("POST", "sobjects/Account", { Name: "There", Ext__c: "There" });
    await sandbox.api("POST", "sobjects/Account", { Name: "Moves", Ext__c: "Moves" });
    // By the keys of their parents, and in the file, children come before them.
    const rows = ["C1,B1", "B1,Z1", "Z1,", "A1,c1", "X1,There", "Moves,A1"];
    project.write({ "inbox/in.csv": `no,parent\n${rows.join("\n")}\n` });
    const done = (await project.run("run", "job.yaml", "--json")).summary();
    expect(done.streams["s"]).toMatchObject({ creates: 5, updates: 1, loaded: 6, failed: 0, rejected: 0 });
    const accounts = await sandbox.dump("Account");
    const names = new Map(accounts.map((one) => [one["Id"], one["Name"]]));
    const parents = Object.fromEntries(
      accounts.map((one) => [one["Name"], names.get(one["ParentId"] as string) ?? null]),
    );
    expect(parents).toMatchObject({ C1: "B1", B1: "Z1", Z1: null, A1: "C1", X1: "There", Moves: "A1" });
    const again = (await project.run("run", "job.yaml", "--json")).summary();
    expect(again.streams["s"]).toMatchObject({ unchanged: 6, loaded: 0 });
  }
});
