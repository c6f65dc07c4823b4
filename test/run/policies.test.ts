// When a field is written: only where the source's value is newer (policy: newest), or never (own: false).

import { expect, test } from "vitest";
import { hubspotProperties, rehearse, schema } from "./support.ts";

const job = `version: 1
name: policies
defaults: { source: { connection: drop }, target: { mode: upsert } }
streams:
  contacts:
    source: { files: contacts.csv }
    target: { connection: salesforce, object: Contact, key: Ext__c }
    map:
      Ext__c: id
      LastName: { from: last, policy: newest, newest_by: changed }
      FirstName: { from: first, policy: newest, newest_by: changed, on_null: clear }
      Title: title
      Department: { from: rank, own: false }
    validate: [ { field: Department, required: true } ]
    dedupe: { by: [Department, Ext__c], keep: first }
  people:
    source: { files: people.csv }
    target: { connection: hubspot, object: contacts, key: ext_id }
    map:
      ext_id: id
      lastname: { from: last, policy: newest, newest_by: changed }
      firstname: { from: first, policy: newest, newest_by: changed }
      jobtitle: { from: job, policy: newest, newest_by: changed }
rejects: { max: 100% }
`;

test("newest writes where the source's time is after the target's, and own: false writes nowhere", async () => {
  await using place = await rehearse(job, {}, { ...schema, hubspot: { contacts: { properties: hubspotProperties } } });
  const { project, sandbox } = place;
  const make = async (Ext__c: string) => {
    await sandbox.api("POST", "sobjects/Contact", {
      Ext__c,
      LastName: "theirs",
      FirstName: "their",
      Title: "t",
      Department: "d",
    });
  };
  for (const id of ["older", "equal", "newer", "local", "same"]) await make(id);
  // Each by its own record: they may be made in two seconds.
  const made = await place.contacts();
  const later = (id: string, ms: number) =>
    new Date(Date.parse(String(made.get(id)?.["SystemModstamp"] ?? "2026-01-01")) + ms).toISOString();
  const row = (id: string, changed: string, last = "ours", first = "our", rank = "r") =>
    `${id},${changed},${last},${first},new,${rank}\n`;
  const people = "/crm/objects/2026-03/contacts";
  const properties = { ext_id: "p", lastname: "theirs", firstname: "their" };
  const created = await sandbox.hubspotApi("POST", people, { properties });
  const { id, createdAt } = created.body as { id: string; createdAt: string };
  await sandbox.advance(20_000);
  await sandbox.hubspotApi("PATCH", `${people}/${id}`, { properties: { firstname: "theirs again" } });
  const between = new Date(Date.parse(createdAt) + 10_000).toISOString();
  project.write({
    "inbox/contacts.csv": `id,changed,last,first,title,rank\n${row("older", later("older", -1000))}${row("equal", later("equal", 0))}${row("newer", later("newer", 1000), "ours", "")}${row("newer", later("newer", 9000))}${row("made", later("made", -9000))}${row("local", "tomorrow")}${row("same", later("same", 1000), "theirs", "their", "")}${row("untimed", "")}`,
    "inbox/people.csv": `id,changed,last,first,job\np,${between},ours,our,ours\nequal-made,${between},x,y,z\n`,
  });
  const done = await project.run("run", "job.yaml", "--json");
  expect(done.code, done.stderr).toBe(0);
  expect(done.summary().streams["contacts"]).toMatchObject({
    extracted: 8,
    duplicates: 1,
    rejected: 3,
    creates: 1,
    updates: 3,
  });
  const read = (ext: string) => place.contacts().then((all) => all.get(ext));
  const shown = async (ext: string) => {
    const one = await read(ext);
    return ["LastName", "FirstName", "Title", "Department"].map((name) => one?.[name] ?? null).join(" ");
  };
  expect(await shown("older")).toBe("theirs their new d");
  expect(await shown("equal")).toBe("theirs their new d");
  expect(await shown("newer")).toBe("ours  new d");
  expect(await shown("made")).toBe("ours our new ");
  const folder = project
    .runFolders()
    .at(-1)
    ?.slice(project.folder.length + 1);
  const rejects = project.read(`${folder}/rejects/contacts.csv`);
  expect(rejects).toMatch(/tomorrow.* is not a date and time/);
  expect(rejects).toContain("LastName (newest_by)");
  // Of HubSpot it is the property's own time: one was changed since, one before, one never.
  expect(done.summary().streams["people"]).toMatchObject({ creates: 1, updates: 1 });
  const [person] = (await sandbox.dumpHubSpot("contacts")).filter((one) => one.id === id);
  expect(person?.properties).toMatchObject({ lastname: "ours", firstname: "theirs again", jobtitle: "ours" });
  const next = await project.run("run", "job.yaml", "--json");
  expect(next.summary().streams["contacts"]).toMatchObject({ creates: 0, updates: 0, unchanged: 4 });
  expect(next.summary().streams["people"]).toMatchObject({ creates: 0, updates: 0, unchanged: 2 });
});

test("a policy that changes nothing in its mode is told", async () => {
  const idle = (mode: string) => `version: 1
name: idle
streams:
  people:
    source: { connection: drop, files: people.csv }
    target: { connection: salesforce, object: Contact, key: Ext__c, mode: ${mode} }
    map:
      Ext__c: id
      LastName: { from: last, policy: ${mode === "update" ? "create_only" : "fill_empty"} }
`;
  const files = { "inbox/people.csv": "id,last\na,A\n", "update.yaml": idle("update") };
  await using place = await rehearse(idle("insert"), files);
  const told = async (file: string) => (await place.project.run("check", file, "--json")).stdout;
  expect(await told("update.yaml")).toContain("policy create_only writes new records only, and mode update makes none");
  expect(await told("job.yaml")).toContain("policy fill_empty changes nothing in mode insert");
});

test("an API's own time counts where the job names none: Salesforce's record against HubSpot's property", async () => {
  const copy = `version: 1
name: copy
streams:
  people:
    source: { connection: salesforce, object: Contact, where: "Ext__c != null" }
    target: { connection: hubspot, object: contacts, key: ext_id, mode: upsert }
    map:
      ext_id: Ext__c
      lastname: { from: LastName, policy: newest }
      firstname: { from: FirstName, policy: newest }
`;
  await using place = await rehearse(copy, {}, { ...schema, hubspot: { contacts: { properties: hubspotProperties } } });
  const { project, sandbox } = place;
  const people = "/crm/objects/2026-03/contacts";
  const properties = { ext_id: "a", lastname: "theirs", firstname: "theirs" };
  const { id } = (await sandbox.hubspotApi("POST", people, { properties })).body as { id: string };
  await sandbox.advance(20_000);
  await sandbox.api("POST", "sobjects/Contact", { Ext__c: "a", LastName: "ours", FirstName: "ours" });
  await sandbox.advance(20_000);
  await sandbox.hubspotApi("PATCH", `${people}/${id}`, { properties: { firstname: "later" } });
  const done = await project.run("run", "job.yaml", "--json");
  expect(done.summary().streams["people"], done.stderr).toMatchObject({ updates: 1, loaded: 1 });
  const [person] = await sandbox.dumpHubSpot("contacts");
  expect(person?.properties).toMatchObject({ lastname: "ours", firstname: "later" });
});
