// Source and target compared in full: each kind of drift, in each system, and the way back to none.

import { expect, test } from "vitest";
import type { Finished } from "../support/rig.ts";
import { type Rehearsal, rehearse, schema } from "./support.ts";

const job = `version: 1
name: feed
streams:
  accounts:
    source: { connection: drop, files: "acc.csv" }
    target: { connection: salesforce, object: Account, key: Acc__c, mode: upsert }
    map: { Acc__c: no, Name: name }
  contacts:
    source: { connection: drop, files: "con.csv" }
    target: { connection: salesforce, object: Contact, key: Ext__c, mode: mirror, scope: "Ext__c LIKE 'k%'" }
    map:
      Ext__c: id
      LastName: last
      AccountId: { parent: accounts, from: acc }
      Amount__c: parse_decimal(amount, 'en')
      Email: { from: email, on_null: clear }
guards: { deletes: 100%, blanked: 100%, changed: 100% }
rejects: { max: 100% }
redact: [Email]
`;
const files = {
  "inbox/acc.csv": "no,name\na1,One\na2,Two\n",
  "inbox/con.csv": "id,last,acc,amount,email\nk1,X,a1,1.5,a@x.de\nk2,Y,a1,2,b@x.de\nk3,Z,,3,c@x.de\nk5,V,a2,5,v@x.de\n",
};

const none = { onlySource: 0, onlyTarget: 0, different: 0, duplicates: 0, orphans: 0, rejected: 0, left: 0 };

const told = ({ stdout }: Finished) => JSON.parse(stdout);

/** Lines of drift/<stream>.csv, without its header. */
function driftOf({ project }: Rehearsal, pass: Finished, stream: string): string[] {
  return project
    .read(`.loadline/runs/${told(pass).run}/drift/${stream}.csv`)
    .trim()
    .split("\n")
    .slice(1);
}

test("each kind of drift is found, shown, listed and hidden, and repaired as far as the mode may", async () => {
  await using place = await rehearse(job, files, schema);
  const { project, sandbox } = place;
  await project.run("run", "job.yaml");
  const clean = await project.run("reconcile", "job.yaml", "--json");
  expect(clean.code, clean.stderr).toBe(0);
  expect(told(clean).streams).toEqual({ accounts: none, contacts: none });

  const idOf = async (key: string) => String((await place.contacts()).get(key)?.["Id"]);
  await sandbox.api("PATCH", `sobjects/Contact/${await idOf("k1")}`, { LastName: "Hers", Email: "secret@x.de" });
  await sandbox.api("DELETE", `sobjects/Contact/${await idOf("k2")}`);
  await sandbox.api("POST", "sobjects/Contact", { Ext__c: "k9", LastName: "New" });
  await sandbox.api("POST", "sobjects/Contact", { Ext__c: "x1", LastName: "Out of scope" });
  await sandbox.api("POST", "sobjects/Account", { Acc__c: "a9", Name: "New" });
  // k5 is rejected: its record is no record without a row.
  const rows = "k1,X,a1,1.5,a@x.de\nk2,Y,a1,2,b@x.de\nk3,Z,,3,c@x.de\nk5,V,a2,?,v@x.de\n";
  project.write({ "inbox/con.csv": `id,last,acc,amount,email\n${rows}k6,O,a7,1,o@x.de\nk7,P,,1,\nk7,Q,,1,\n` });

  const found = await project.run("reconcile", "job.yaml", "--json");
  expect(found.code, found.stderr).toBe(10);
  const contacts = { onlySource: 1, onlyTarget: 1, different: 1, duplicates: 1, orphans: 1, rejected: 4, left: 5 };
  expect(told(found)).toMatchObject({ job: "feed", exitCode: 10, next: "loadline reconcile job.yaml --repair" });
  expect(told(found).streams).toEqual({ accounts: { ...none, onlyTarget: 1, left: 1 }, contacts });
  const gone = await idOf("k9");
  expect(driftOf(place, found, "contacts")).toEqual([
    "k2,onlySource,Ext__c,k2,",
    `k9,onlyTarget,Id,,${gone}`,
    "k1,different,LastName,X,Hers",
    "k1,different,Email,(hidden),(hidden)",
    "k7,duplicate,Ext__c,2 rows,",
    "k6,orphan,Account.Acc__c,a7,",
  ]);
  const shown = await project.run("reconcile", "job.yaml");
  expect(shown.code).toBe(10);
  expect(shown.stdout).toMatch(/contacts +1 +1 +1 +1 +1 +4\n/);
  expect(shown.stdout).toContain('  different    k1  LastName: source "X", target "Hers"\n');
  expect(shown.stdout + shown.stderr).not.toContain("secret@x.de");
  const { run } = told(found);
  expect((await project.run("apply", run)).stderr).toContain("has compared, and is no plan");

  const repaired = await project.run("reconcile", "job.yaml", "--repair", "--json");
  expect(repaired.code, repaired.stderr).toBe(10);
  expect(told(repaired).streams).toMatchObject({ accounts: { left: 1 }, contacts: { ...contacts, left: 2 } });
  expect((await place.contacts()).get("k1")).toMatchObject({ LastName: "X", Email: "a@x.de" });
  expect([...(await place.contacts()).keys()].sort()).toEqual(["k1", "k2", "k3", "k5", "x1"]);
  const again = await project.run("reconcile", "job.yaml", "--json");
  expect(told(again).streams["contacts"]).toEqual({ ...none, duplicates: 1, orphans: 1, rejected: 4, left: 2 });

  project.write(files);
  expect(told(await project.run("reconcile", "job.yaml", "--streams", "contacts", "--json"))).toMatchObject({
    exitCode: 0,
    streams: { contacts: none },
  });
});

test("a repair of a protected connection wants --yes, is stopped by guards, and writes nothing without", async () => {
  const guarded = job.replace("deletes: 100%", "deletes: 0");
  await using place = await rehearse(guarded, files, schema);
  const { project, sandbox } = place;
  await project.run("run", "job.yaml");
  await sandbox.api("POST", "sobjects/Contact", { Ext__c: "k9", LastName: "New" });
  const stopped = await project.run("reconcile", "job.yaml", "--repair", "--json");
  expect(stopped.code, stopped.stderr).toBe(4);
  expect(told(stopped)).toMatchObject({ stops: ["contacts: 1 record to delete, at most 0 (guards.deletes)"] });
  expect((await project.run("reconcile", "job.yaml", "--json")).code).toBe(10);
  project.write({
    "connections.yaml": project
      .read("connections.yaml")
      .replace("type: salesforce", "type: salesforce\n    protected: true"),
    "job.yaml": job,
  });
  const asked = await project.run("reconcile", "job.yaml", "--repair");
  expect(asked.code).toBe(4);
  expect(asked.stderr).toContain("connection salesforce is protected");
  expect([...(await place.contacts()).keys()]).toContain("k9");
  const done = await project.run("reconcile", "job.yaml", "--repair", "--yes", "--json");
  expect(done.code, done.stderr).toBe(0);
  expect([...(await place.contacts()).keys()]).not.toContain("k9");
});
