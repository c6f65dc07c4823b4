// Records that a run deleted in Salesforce, brought back out of the recycle bin: with their ids, and what went with them.

import { readFileSync } from "node:fs";
import { expect, test } from "vitest";
import { rehearse } from "./support.ts";

const key = { type: "string", length: 40, externalId: true, unique: true };
const master = { type: "reference", to: "Account", masterDetail: "reparentable" };
const objects = {
  salesforce: {
    Account: { fields: { Acc__c: key } },
    Contact: { fields: { Ext__c: key } },
    Line__c: { custom: true, fields: { No__c: key, Account__c: master } },
  },
};
const job = `version: 1
name: feed
streams:
  accounts:
    source: { connection: drop, files: "acc.csv" }
    target: { connection: salesforce, object: Account, key: Acc__c, mode: mirror }
    map: { Acc__c: no, Name: name }
  contacts:
    source: { connection: drop, files: "con.csv" }
    target: { connection: salesforce, object: Contact, key: Ext__c, mode: mirror, scope: "Ext__c LIKE 'k%'" }
    map: { Ext__c: id, LastName: last, AccountId: { parent: accounts, from: acc } }
  lines:
    source: { connection: drop, files: "lines.csv" }
    target: { connection: salesforce, object: Line__c, key: No__c, mode: mirror }
    map: { No__c: no, Account__c: { parent: accounts, from: acc } }
guards: { deletes: 50 }
`;

test("deleted records are undeleted with their ids, parents first; what is gone from the recycle bin is made anew", async () => {
  const before = {
    "inbox/acc.csv": "no,name\na0,Zero\na1,One\na2,Two\n",
    "inbox/con.csv": "id,last,acc\nk1,X,a1\nk2,Y,a1\nk3,Z,a2\nk4,V,a0\n",
    "inbox/lines.csv": "no,acc\nl1,a1\nl2,a2\n",
  };
  await using place = await rehearse(job, before, objects);
  const { project, sandbox } = place;
  const open = project.read("connections.yaml");
  const first = await project.run("run", "job.yaml");
  expect(first.code, first.stderr).toBe(0);
  const live = async (object: string) => (await sandbox.dump(object)).filter(({ IsDeleted }) => IsDeleted !== true);
  const idOf = async (object: string, name: string, value: string) =>
    String((await sandbox.dump(object)).find((one) => one[name] === value)?.["Id"]);
  const parent = await idOf("Account", "Acc__c", "a1");
  const hers = { Name: "hers", StageName: "Prospecting", CloseDate: "2026-12-01", AccountId: parent };
  expect(await sandbox.api("POST", "sobjects/Opportunity", hers)).toMatchObject({ status: 201 });
  /** Ids by key, each with its parent. */
  const state = async () =>
    Object.fromEntries([
      ...(await live("Account")).map(({ Acc__c, Id }) => [Acc__c, [Id]]),
      ...(await live("Contact")).map(({ Ext__c, Id, AccountId }) => [Ext__c, [Id, AccountId]]),
      ...(await live("Opportunity")).map(({ Name, Id, AccountId }) => [Name, [Id, AccountId]]),
      ...(await live("Line__c")).map(({ No__c, Id, Account__c }) => [No__c, [Id, Account__c]]),
    ]) as Record<string, unknown[]>;
  const old = await state();
  project.write({
    "inbox/acc.csv": "no,name\na2,Two\n",
    "inbox/con.csv": "id,last,acc\nk3,Z,a2\n",
    "inbox/lines.csv": "no,acc\nl2,a2\n",
  });
  const done = await project.run("run", "job.yaml", "--json");
  expect(done.code, done.stderr).toBe(0);
  const { run } = done.summary();
  expect(Object.keys(await state()).sort()).toEqual(["a2", "k3", "l2"]);
  for (const [object, gone] of [
    ["Contact", old["k2"]?.[0]],
    ["Account", old["a0"]?.[0]],
  ])
    await sandbox.api("POST", "/__sandbox/salesforce/purge", { object, ids: [gone] });

  // Its job has changed since, its connection is protected, and another machine applies it.
  project.write({
    "job.yaml": `${project.read("job.yaml")}rejects: { max: 1 }\n`,
    "connections.yaml": open.replace("type: salesforce\n", "type: salesforce\n    protected: true\n"),
  });
  const both = await project.run("rollback", `${run}`, "--out", "back.plan", "--yes");
  expect([both.code, both.stderr]).toEqual([2, expect.stringContaining("--out keeps the plan in a file")]);
  const plan = await project.run("rollback", `${run}`, "--out", "back.plan");
  expect(plan.code, plan.stderr).toBe(0);
  const told = plan.stdout.replaceAll(/\s+/g, " ");
  expect(told).toContain("3 to create 2 of them are brought back as they were, with their ids");
  expect(told).toContain("Account.Acc__c: 1 record that comes back names one that is made anew with another id");
  expect(told).toContain("undeletes by SOAP");
  expect(told).toContain("Plan: 4 to undelete, 2 to create");
  expect(told).toContain("loadline show back.plan, then loadline approve back.plan and loadline apply back.plan");
  expect((await project.run("show", "back.plan", "--changes", "--json")).stdout).toContain('"undelete"');
  expect((await project.run("apply", "back.plan")).code).toBe(4);
  await project.run("approve", "back.plan");
  // The answer to the first call is lost: it is made again.
  await sandbox.setFaults([{ match: "POST /services/Soap/u/*", nth: [1], do: { reset: "after" } }]);
  const back = await project.run("apply", "back.plan", "--json");
  expect(await sandbox.faultsMet()).toEqual([1]);
  expect(back.summary().streams, back.stderr).toMatchObject({
    accounts: { creates: 2, undeletes: 1, loaded: 2 },
    contacts: { creates: 3, undeletes: 2, loaded: 3 },
    lines: { creates: 1, undeletes: 1, loaded: 0, failed: 1 },
  });
  expect(back.code).toBe(3);
  // A detail that was deleted before its master never comes back by itself.
  const rejects = readFileSync(project.path(`.loadline/runs/${back.summary().run}/rejects/lines.csv`), "utf8");
  expect(rejects).toContain("UNDELETE_FAILED: Entity is not in the recycle bin");
  const { l1: _lost, k2: _purged, ...others } = old;
  const now = await state();
  expect(now).toEqual({ ...others, a0: [now["a0"]?.[0]], k2: [now["k2"]?.[0], parent], k4: [old["k4"]?.[0], null] });

  const anew = await project.run("rollback", `${run}`, "--yes", "--json");
  expect(anew.code, anew.stderr).toBe(0);
  expect(anew.summary().streams).toMatchObject({
    contacts: { creates: 0, unchanged: 3 },
    lines: { creates: 1, undeletes: 0, loaded: 1 },
  });
  expect(await state()).toEqual({ ...now, l1: [expect.any(String), parent] });
  const again = (await project.run("rollback", `${run}`, "--yes", "--json")).summary();
  expect(again.streams).toMatchObject({ accounts: { creates: 0 }, contacts: { creates: 0 }, lines: { creates: 0 } });
});
