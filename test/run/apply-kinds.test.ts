// A kept plan of every kind of source and target: windows, files that are moved or taken once, inserts, deletes, HubSpot.

import { rmSync } from "node:fs";
import { expect, test } from "vitest";
import { ingest } from "../support/ingest.ts";
import { createProject } from "../support/rig.ts";
import { rehearse, schema } from "./support.ts";

test("an incremental source goes on where the plan ended, unless another run has taken more since", async () => {
  const job = `version: 1
name: out
streams:
  contacts:
    source: { connection: salesforce, object: Contact, incremental: { overlap: 0s } }
    target: { connection: hubspot, object: contacts, key: email, mode: upsert }
    map: { email: Email, lastname: LastName }
rejects: { max: 100% }
`;
  await using place = await rehearse(job, {});
  const { sandbox, project } = place;
  const rows = (text: string) => ingest(sandbox, "Contact", "Ext__c", `Ext__c,LastName,Email\n${text}`);
  const counts = async (...args: string[]) => {
    const done = await project.run(...args, "--json");
    expect(done.code, done.stderr).toBe(0);
    return { id: done.summary().run ?? "", ...done.summary().streams["contacts"] };
  };
  await rows("1,One,1@x.de\n");
  // A record of the second in which a window ends comes in the next one too, and is left out there.
  await sandbox.advance(5000);
  const plan = await counts("plan", "job.yaml");
  const applied = await counts("apply", plan.id);
  expect(applied).toMatchObject({ extracted: 1, creates: 1, loaded: 1, watermark: plan.watermark });
  await sandbox.advance(5000);
  await rows("2,Two,2@x.de\n");
  await sandbox.advance(5000);
  const late = await counts("plan", "job.yaml");
  expect(late).toMatchObject({ extracted: 1, creates: 1, watermark: { from: plan.watermark?.to } });
  await sandbox.advance(5000);
  await rows("2,Two changed,2@x.de\n3,Three,3@x.de\n");
  const run = await counts("run", "job.yaml");
  expect(run).toMatchObject({ extracted: 2, loaded: 2 });
  // What the run has made since is told; its watermark stays.
  expect(await counts("apply", late.id)).toMatchObject({ creates: 0, conflicts: 1, loaded: 0 });
  const names = (await sandbox.dumpHubSpot("contacts")).map(({ properties }) => properties["lastname"]).sort();
  expect(names).toEqual(["One", "Three", "Two changed"]);
  const after = await counts("plan", "job.yaml");
  expect(after).toMatchObject({ watermark: { from: run.watermark?.to } });
});

test("files are moved once an apply is settled, and rows that were inserted since are not inserted again", async () => {
  const job = `version: 1
name: insert
streams:
  contacts:
    source: { connection: drop, files: "*.csv", after: { move: done } }
    target: { connection: salesforce, object: Contact, key: Ext__c, mode: insert }
    map: { Ext__c: id, LastName: last, Title: { lookup: { file: titles.csv, key: id, value: title, from: id, miss: skip } } }
rejects: { max: 100% }
`;
  const titles = { "titles.csv": "id,title\n1,Boss\n" };
  await using place = await rehearse(job, { "inbox/a.csv": "id,last\n1,One\n2,Two\n3,\n", ...titles });
  const { sandbox, project } = place;
  const one = (await project.run("plan", "job.yaml", "--json")).summary();
  const two = (await project.run("plan", "job.yaml", "--json")).summary();
  expect(project.list("inbox")).toEqual(["a.csv"]);
  const done = await project.run("apply", one.run ?? "", "--json");
  expect(done.code, done.stderr).toBe(0);
  const counts = done.summary().streams["contacts"];
  expect(counts).toMatchObject({ extracted: 3, rejected: 1, creates: 2, loaded: 2 });
  expect(counts?.rejectReasons).toMatchObject([{ field: "LastName", count: 1 }]);
  expect(project.list("inbox")).toEqual(["done"]);
  // The file of the second plan is gone, its rows are kept, and they are there already.
  const again = await project.run("apply", two.run ?? "");
  expect([4, 7]).toContain(again.code);
  expect(again.stderr).toMatch(/inserted/);
  expect((await sandbox.dump("Contact")).map((one) => one["Title"])).toEqual(["Boss", null]);
  // Another file has brought one of its rows since.
  project.write({ "inbox/b.csv": "id,last\n4,Four\n5,Five\n" });
  const kept = (await project.run("plan", "job.yaml", "--json")).summary();
  rmSync(project.path("inbox/b.csv"));
  project.write({ "inbox/c.csv": "id,last\n4,Four\n6,Six\n" });
  expect((await project.run("run", "job.yaml")).code).toBe(0);
  const stale = await project.run("apply", kept.run ?? "");
  expect([stale.code, stale.stderr]).toEqual([
    7,
    expect.stringContaining("1 row of stream contacts was inserted since"),
  ]);
  expect(await sandbox.dump("Contact")).toHaveLength(4);
});

test("deletes of records that changed since are held back", async () => {
  const job = `version: 1
name: gone
streams:
  contacts:
    source: { connection: drop, files: "contacts.csv" }
    target: { connection: salesforce, object: Contact, key: Ext__c, mode: mirror }
    map: { Ext__c: id, LastName: last }
guards: { deletes: 10 }
rejects: { max: 100% }
`;
  await using place = await rehearse(job, { "inbox/contacts.csv": "id,last\n1,One\n2,Two\n3,Three\n" }, schema);
  const { sandbox, project } = place;
  expect((await project.run("run", "job.yaml")).code).toBe(0);
  project.write({ "inbox/contacts.csv": "id,last\n1,One\n" });
  const plan = (await project.run("plan", "job.yaml", "--json")).summary();
  expect(plan.streams["contacts"]).toMatchObject({ mirrorDeletes: 2 });
  const two = (await place.contacts()).get("2")?.["Id"] as string;
  await sandbox.advance(2000);
  await sandbox.api("PATCH", `sobjects/Contact/${two}`, { Title: "wanted" });
  const done = await project.run("apply", plan.run ?? "", "--json");
  expect(done.code, done.stderr).toBe(0);
  expect(done.summary().streams["contacts"]).toMatchObject({ mirrorDeletes: 1, loaded: 1 });
  expect([...(await place.contacts()).keys()].sort()).toEqual(["1", "2"]);
});

test("a plan of a file in mode delta is stale once a run has written the file", async () => {
  const job = `version: 1
name: delta
streams:
  people:
    source: { connection: drop, files: "people.csv" }
    target: { connection: out, files: "people.csv", key: Id, mode: delta }
    map: { Id: id, Name: name }
`;
  await using project = createProject({
    "connections.yaml":
      "version: 1\nconnections:\n  drop: { type: file, path: ./inbox }\n  out: { type: file, path: ./out }\n",
    "job.yaml": job,
    "inbox/people.csv": "id,name\n1,Ada\n",
    "out/.keep": "",
  });
  const one = (await project.run("plan", "job.yaml", "--json")).summary();
  const two = (await project.run("plan", "job.yaml", "--json")).summary();
  const done = await project.run("apply", one.run ?? "", "--json");
  expect(done.code, done.stderr).toBe(0);
  expect(project.read("out/people.csv")).toBe("Id,Name\n1,Ada\n");
  const stale = await project.run("apply", two.run ?? "");
  expect(stale.code).toBe(7);
  expect(stale.stderr).toContain("has written people.csv since the plan was made");
  // The next run knows what was given.
  expect((await project.run("run", "job.yaml", "--json")).summary().streams["people"]).toMatchObject({ unchanged: 1 });
});

test("HubSpot: a property that another has changed is held back, also by a resume of a run that was killed", async () => {
  const unique = { type: "string", fieldType: "text", hasUniqueValue: true };
  const job = `version: 1
name: hs
streams:
  contacts:
    source: { connection: drop, files: "contacts.csv" }
    target: { connection: hubspot, object: contacts, key: ext_id, mode: upsert }
    map: { ext_id: id, lastname: last, jobtitle: title }
rejects: { max: 100% }
`;
  const files = { "inbox/contacts.csv": "id,last,title\n1,One,a\n2,Two,a\n3,Three,a\n" };
  await using place = await rehearse(job, files, { hubspot: { contacts: { properties: { ext_id: unique } } } });
  const { sandbox, project } = place;
  expect((await project.run("run", "job.yaml")).code).toBe(0);
  const idOf = async (key: string) =>
    (await sandbox.dumpHubSpot("contacts")).find(({ properties }) => properties["ext_id"] === key)?.id ?? "";
  const change = async (key: string, properties: object) =>
    sandbox.hubspotApi("PATCH", `/crm/v3/objects/contacts/${await idOf(key)}`, { properties });
  const titles = async () =>
    (await sandbox.dumpHubSpot("contacts"))
      .map(({ properties }) => `${properties["ext_id"]} ${properties["jobtitle"]}`)
      .sort();
  project.write({ "inbox/contacts.csv": "id,last,title\n1,One,b\n2,Two,b\n3,Three,b\n" });
  const plan = (await project.run("plan", "job.yaml", "--json")).summary();
  await change("1", { jobtitle: "by a person" });
  await change("2", { lastname: "Zwei" });
  const done = await project.run("apply", plan.run ?? "", "--json");
  expect(done.code, done.stderr).toBe(0);
  expect(done.summary().streams["contacts"]).toMatchObject({ updates: 2, conflicts: 1, loaded: 2 });
  expect(await titles()).toEqual(["1 by a person", "2 b", "3 b"]);
  project.write({ "inbox/contacts.csv": "id,last,title\n1,One,c\n2,Two,c\n3,Three,c\n" });
  await project.start(["run", "job.yaml"], { env: { LOADLINE_FAILPOINT: "intent:1" } }).finished;
  await change("3", { jobtitle: "by a person" });
  const resumed = await project.run("resume", "--json");
  expect(resumed.code, resumed.stderr).toBe(0);
  expect(resumed.summary().streams["contacts"]).toMatchObject({ updates: 2, conflicts: 1, loaded: 2 });
  expect(await titles()).toEqual(["1 c", "2 c", "3 by a person"]);
});
