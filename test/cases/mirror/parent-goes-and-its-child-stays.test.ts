import { expect } from "vitest";
import { rehearse } from "../../run/support.ts";
import { caseOf } from "../case.ts";

const job = (guards = 5) => `version: 1
name: mirrors
streams:
  accounts:
    source: { connection: drop, files: "accounts.csv" }
    target: { connection: salesforce, object: Account, key: Acc__c, mode: mirror, scope: "Acc__c != null" }
    map: { Acc__c: no, Name: no }
  contacts:
    source: { connection: drop, files: "contacts.csv" }
    target: { connection: salesforce, object: Contact, key: Ext__c, mode: mirror, scope: "Ext__c != null" }
    map: { Ext__c: id, LastName: last, AccountId: { parent: accounts, from: acc } }
    validate: [ { field: LastName, required: true } ]
guards: { deletes: ${guards} }
rejects: { max: 100% }
`;

const contacts = (...rows: string[]) => `id,last,acc\n${rows.join("\n")}\n`;

caseOf(
  "mirror/parent-goes-and-its-child-stays",
  "a record that moves to another parent is not deleted with the old one",
  async () => {
    const before = {
      "inbox/accounts.csv": "no\nA\nB\n",
      "inbox/contacts.csv": contacts("C1,Ann,A", "C2,Bob,B", "C3,Cid,B"),
    };
    await using place = await rehearse(job(), before);
    const { project, sandbox } = place;
    const live = async (object: string, key: string) =>
      (await sandbox.dump(object)).filter((one) => one["IsDeleted"] !== true).map((one) => [one[key], one["Id"]]);
    await project.run("run", "job.yaml");
    const first = await live("Contact", "Ext__c");
    const ids = new Map(first.map(([key, id]) => [key, id]));
    const [account] = await live("Account", "Acc__c");
    await sandbox.api("POST", "sobjects/Opportunity", {
      Name: "o",
      StageName: "Prospecting",
      CloseDate: "2027-01-01",
      AccountId: account?.[1],
    });

    // C1 should stay, and its row is refused, so that it is not moved: nothing is written.
    project.write({
      "inbox/accounts.csv": "no\nB\n",
      "inbox/contacts.csv": contacts("C1,,B", "C2,Bob,B", "C3,Cid,B"),
    });
    const refused = await project.run("run", "job.yaml");
    expect([refused.code, refused.stdout + refused.stderr]).toEqual([
      4,
      expect.stringContaining("that stream contacts keeps"),
    ]);
    expect(await live("Contact", "Ext__c")).toEqual(first);

    // It moves, and Salesforce refuses that: A is not deleted, and the next run plans it anew.
    project.write({ "inbox/contacts.csv": contacts("C1,Ann,B", "C2,Bob,B", "C3,Cid,B") });
    const guarded = await project.run("plan", "job.yaml");
    expect(guarded.stdout).toMatch(/deleting from Account takes along 1 record\s+of\s+Opportunity/);
    project.write({ "job.yaml": job(1) });
    // A, and the opportunity that goes with it, are two.
    expect((await project.run("run", "job.yaml")).code).toBe(4);
    project.write({ "job.yaml": job() });
    await sandbox.setFaults([
      { match: "row Contact", nth: [1], do: { rowError: "FIELD_CUSTOM_VALIDATION_EXCEPTION:no:--" } },
    ]);
    const held = await project.run("run", "job.yaml", "--json");
    expect(held.summary().streams["accounts"]).toMatchObject({ mirrorDeletes: 0, loaded: 0, failed: 0 });
    expect(held.stderr).toContain("1 delete held back");
    expect(await live("Contact", "Ext__c")).toEqual(first);
    await sandbox.setFaults([]);

    // A run that is killed between the passes goes on in the same order.
    await project.start(["run", "job.yaml"], { env: { LOADLINE_FAILPOINT: "stored:1" } }).finished;
    const done = await project.run("resume", "--json");
    expect(done.summary().streams).toMatchObject({
      accounts: { mirrorDeletes: 1, loaded: 1 },
      contacts: { updates: 1, mirrorDeletes: 0, loaded: 1 },
    });
    expect((await live("Account", "Acc__c")).map(([key]) => key)).toEqual(["B"]);
    expect(await live("Contact", "Ext__c")).toEqual(first);
    expect(await live("Opportunity", "Name")).toEqual([]);
    const again = await project.run("run", "job.yaml", "--json");
    expect(again.summary().streams["contacts"]).toMatchObject({ unchanged: 3, creates: 0, loaded: 0 });
    expect((await live("Contact", "Ext__c")).every(([key, id]) => ids.get(key) === id)).toBe(true);
  },
);
