// What mode mirror must not delete, though no row of its source names it.

import { expect, test } from "vitest";
import { rehearse, schema } from "./support.ts";

const job = (mode: string, second = "") => `version: 1
name: mirrors
streams:
  accounts:
    source: { connection: drop, files: "accounts.csv" }
    target: { connection: salesforce, object: Account, key: Acc__c, mode: ${mode} }
    map: { Acc__c: no, Name: name }
${second}guards: { deletes: 5 }
rejects: { max: 100% }
`;

const contacts = (mode: string) => `  contacts:
    source: { connection: drop, files: "contacts.csv" }
    target: { connection: salesforce, object: Contact, key: Ext__c, mode: ${mode} }
    map: { Ext__c: id, LastName: last, Account.Acc__c: acc }
`;

test("a record stays where a row may stand for it, or may have been swallowed by another's value", async () => {
  const all = "no,name\nSTRASSE,a\nB,b\nC,c\n";
  await using place = await rehearse(job("upsert"), { "inbox/accounts.csv": all }, schema);
  const { project, sandbox } = place;
  await project.run("run", "job.yaml");
  const live = async () =>
    (await sandbox.dump("Account")).filter((one) => one["IsDeleted"] !== true).map((one) => one["Acc__c"]);
  const mirrored = async (csv: string) => {
    project.write({ "job.yaml": job("mirror"), "inbox/accounts.csv": csv });
    const done = await project.run("run", "job.yaml", "--json");
    expect(done.code, done.stderr).toBe(0);
    expect(done.summary().streams["accounts"]).toMatchObject({ mirrorDeletes: 0 });
    return done.stderr.replaceAll(/\s+/g, " ");
  };
  // Whether the row is the record's, only the target could say.
  expect(await mirrored("no,name\nStraße,a\nB,b\nC,c\n")).toContain(
    "which record 1 row stands for is not known, for one has a key like it",
  );
  expect(await mirrored('no,name\nSTRASSE,"5 nail\nB,b\nC,6 nail"\n')).toContain(
    "lines that look like records stand in a value of 1 row",
  );
  expect(await live()).toEqual(["STRASSE", "B", "C"]);
  // Two keys that are alike, of which a record has one exactly, leave nothing open.
  project.write({ "inbox/accounts.csv": "no,name\nSTRASSE,a\nStraße,a\n" });
  expect((await project.run("run", "job.yaml", "--json")).summary().streams["accounts"]).toMatchObject({
    rejected: 1,
    mirrorDeletes: 0,
  });
});

test("a run of some streams does not delete what those that it leaves out may keep", async () => {
  const before = { "inbox/accounts.csv": "no,name\nA,a\nB,b\n", "inbox/contacts.csv": "id,last,acc\nC1,Ann,A\n" };
  await using place = await rehearse(job("upsert", contacts("upsert")), before, schema);
  const { project, contacts: live } = place;
  await project.run("run", "job.yaml");
  project.write({
    "job.yaml": job("mirror", contacts("mirror")),
    "inbox/accounts.csv": "no,name\nB,b\n",
    "inbox/contacts.csv": "id,last,acc\nC1,Ann,B\n",
  });
  const stopped = await project.run("run", "job.yaml", "--streams", "accounts");
  expect([stopped.code, (stopped.stdout + stopped.stderr).replaceAll(/\s+/g, " ")]).toEqual([
    4,
    expect.stringContaining("take along 1 record of Contact that stream contacts may keep, which this run leaves out"),
  ]);
  const id = (await live()).get("C1")?.["Id"];
  const done = await project.run("run", "job.yaml", "--json");
  expect(done.summary().streams["accounts"], done.stderr).toMatchObject({ mirrorDeletes: 1 });
  expect((await live()).get("C1")?.["Id"]).toBe(id);
});
