// Two jobs that go both ways: what each side changes arrives on the other, nothing comes back as an echo, and of a field
// that both changed nobody's value is written over unless the jobs say whose counts. Records of many cases share the runs.

import { expect, test } from "vitest";
import { openPair, type Pair, toHubSpot, toSalesforce } from "../support/twins.ts";

/** By the address without its host. */
async function look(pair: Pair) {
  const name = (address: unknown) => String(address).split("@")[0] ?? "";
  const here = await pair.salesforce();
  const there = await pair.hubspot();
  return {
    here: new Map(here.map((contact) => [name(contact["Email"]), contact])),
    there: new Map(there.map((contact) => [name(contact["email"]), contact])),
    counts: [here.length, there.length],
  };
}

test("new records are joined or made once, changes of both sides arrive or are decided, deletions and merges are carried, and then it is quiet", async () => {
  await using pair = await openPair({ ownership: { jobtitle: "source", firstname: "target" }, deletes: "carry" });
  const ids = new Map<string, string>();
  const add = async (name: string, more = {}) => {
    ids.set(name, await pair.addSalesforce({ LastName: name, Email: `${name}@x.de`, Title: "Boss", ...more }));
  };
  const setHere = (name: string, fields: Record<string, string | null>) =>
    pair.setSalesforce(ids.get(name) ?? "", fields);
  const removeHere = (name: string) => pair.sandbox.api("DELETE", `sobjects/Contact/${ids.get(name)}`);

  await add("ann");
  const known = await pair.addHubSpot({ lastname: "ann", email: "ann@x.de", firstname: "A." });
  const bob = await pair.addHubSpot({ lastname: "bob", email: "bob@x.de", jobtitle: "Chief" });
  await add("owned", { FirstName: "A" });
  for (const name of ["asked", "other", "gone", "edited", "archived"]) await add(name);
  await add("fine", { Seen_At__c: "2026-03-01T10:15:00.000Z" });
  for (const name of ["plain", "plain-away", "busy", "busy-away", "torn", "torn-away"])
    await add(name, { FirstName: "X" });
  // Records that could be several are held back, and none is made for them.
  await add("twice");
  await add("second", { Email: "twice@x.de" });
  await pair.addHubSpot({ lastname: "twice", email: "twice@x.de" });

  // Ann gets her title and her id there, her first name and the other id here; Bob is made.
  // That nothing more is to be written then is shown by the counts of the runs below.
  for (const job of [toHubSpot, toSalesforce, toHubSpot]) await pair.run(job);
  const first = await look(pair);
  expect(first.counts).toEqual([17, 16]);
  const here = ids.get("ann");
  expect(first.there.get("ann")).toMatchObject({ id: known, jobtitle: "Boss", firstname: "A.", sf_contact_id: here });
  expect(first.here.get("ann")).toMatchObject({ Id: here, Title: "Boss", FirstName: "A.", HubSpot_Id__c: known });
  expect(first.there.get("bob")).toMatchObject({ id: bob, sf_contact_id: first.here.get("bob")?.["Id"] });
  expect(first.there.get("twice")?.["sf_contact_id"] ?? "").toBe("");
  // A coarser copy does not come back over the finer value.
  expect(first.there.get("fine")).toMatchObject({ seen_on: "2026-03-01" });
  expect(first.here.get("fine")).toMatchObject({ Seen_At__c: "2026-03-01T10:15:00.000+0000" });

  const setThere = (name: string, fields: Record<string, string>) =>
    pair.setHubSpot(first.there.get(name)?.id ?? "", fields);
  // Different fields of one record, on both sides; and one that is cleared.
  await setHere("ann", { Title: "Head", FirstName: null });
  await setThere("ann", { lastname: "Anna" });
  await setThere("bob", { jobtitle: "Lead" });
  // The same fields, of which the jobs say whose counts, and of which a person is to decide.
  await setHere("owned", { Title: "Head", FirstName: "Ann-Marie" });
  await setThere("owned", { jobtitle: "Chief", firstname: "Anne" });
  for (const name of ["asked", "other"]) {
    await setHere(name, { LastName: "Ours" });
    await setThere(name, { lastname: "Theirs" });
  }
  await setHere("fine", { Seen_At__c: "2026-03-02T11:00:00.000Z" });
  await removeHere("gone");
  await removeHere("edited");
  await setThere("edited", { jobtitle: "Kept" });
  await pair.portal.hubspotApi("DELETE", `/crm/v3/objects/contacts/${first.there.get("archived")?.id}`);
  // The survivor of a merge in HubSpot has a new id. Of one nothing else changed, of another a field on each side, of the
  // last a person is to decide, and what is decided is all that its new pair knows by itself.
  for (const kept of ["plain", "busy", "torn"]) {
    const [primary, merged] = [first.there.get(kept)?.id, first.there.get(`${kept}-away`)?.id];
    const body = { primaryObjectId: primary, objectIdToMerge: merged };
    expect((await pair.portal.hubspotApi("POST", "/crm/v3/objects/contacts/merge", body)).status).toBe(200);
  }
  await setHere("busy", { Title: "Head" });
  const survivors = (await look(pair)).there;
  await pair.setHubSpot(survivors.get("busy")?.id ?? "", { firstname: "C." });
  await setHere("torn", { LastName: "Ours" });
  await pair.setHubSpot(survivors.get("torn")?.id ?? "", { lastname: "Theirs", jobtitle: "Hers" });

  // Of four ann, bob, owned and archived; of the survivors their new ids and a name, of those merged away the deletions.
  expect(await pair.run(toSalesforce)).toMatchObject({ wrote: 9, held: 4 });
  // ann, owned, fine, busy; gone. Held: those that are asked of, edited, and the two that could be one.
  expect(await pair.run(toHubSpot)).toMatchObject({ wrote: 5, held: 6 });
  const folder = pair.project.runFolders().at(-1) ?? "";
  const conflicts = pair.project.read(`${folder.slice(pair.project.folder.length + 1)}/conflicts/contacts.csv`);
  expect(conflicts).toContain("changed on both sides: lastname");
  const second = await look(pair);
  const shown = (contact: Record<string, unknown> | undefined, ...fields: string[]) =>
    contact && fields.map((field) => contact[field] ?? null);
  for (const [name, expected] of [
    ["ann", ["Anna", "Head", null]],
    ["bob", ["bob", "Lead", null]],
    ["owned", ["owned", "Head", "Anne"]],
    ["plain", ["plain", "Boss", "X"]],
    ["busy", ["busy", "Head", "C."]],
    ["gone", undefined],
    ["archived", undefined],
    ["plain-away", undefined],
    ["busy-away", undefined],
  ] as const) {
    expect(shown(second.here.get(name), "LastName", "Title", "FirstName"), name).toEqual(expected);
    const there = shown(second.there.get(name), "lastname", "jobtitle", "firstname");
    expect(
      there?.map((value) => (value === "" ? null : value)),
      name,
    ).toEqual(expected);
  }
  expect(second.here.get("fine")).toMatchObject({ Seen_At__c: "2026-03-02T11:00:00.000+0000" });
  expect(second.there.get("fine")).toMatchObject({ seen_on: "2026-03-02" });
  expect([second.here.get("edited"), second.there.get("edited")]).toMatchObject([undefined, { jobtitle: "Kept" }]);

  // What is held stays so, and nothing else comes.
  expect(await pair.run(toSalesforce)).toMatchObject({ wrote: 0, held: 4, done: { code: 0 } });
  for (const name of ["asked", "other"]) {
    expect((await look(pair)).here.get(name)).toMatchObject({ LastName: "Ours" });
    expect((await look(pair)).there.get(name)).toMatchObject({ lastname: "Theirs" });
  }

  // A person decides once, whichever job is asked, and the twin or the job writes it.
  const listed = await pair.project.run("conflicts", toHubSpot, "--json");
  expect(listed.code, listed.stderr).toBe(0);
  expect(JSON.parse(listed.stdout)).toMatchObject({
    job: "to-hubspot",
    conflicts: [
      { key: ids.get("asked"), field: "lastname", base: "asked", ours: "Ours", theirs: "Theirs" },
      { key: ids.get("other"), field: "lastname" },
      { key: ids.get("edited"), field: "", ours: "deleted", theirs: "there" },
      { key: ids.get("torn"), field: "lastname" },
    ],
  });
  expect((await pair.project.run("conflicts", toHubSpot)).stdout).toContain('ours   "Ours"');
  pair.project.write({ "asked.txt": `${ids.get("asked")}\n`, "none.txt": "x\n" });
  expect((await pair.project.run("conflicts", toHubSpot, "--take", "ours", "--keys", "none.txt")).code).toBe(2);
  expect((await pair.project.run("conflicts", toHubSpot, "--take", "ours", "--keys", "asked.txt")).code).toBe(0);
  expect((await pair.project.run("conflicts", toHubSpot, "--take", "theirs")).stdout).toContain(
    "3 fields decided: theirs.\nWhat was deleted is made anew when the twin next takes its other record",
  );
  expect((await pair.project.run("conflicts", toSalesforce)).stdout).toContain("Nothing to decide");
  expect((await pair.settle()).at(-1)).toBe(0);
  const last = await look(pair);
  for (const [name, lastname, title] of [
    ["asked", "Ours", "Boss"],
    ["other", "Theirs", "Boss"],
    ["edited", "edited", "Kept"],
    ["torn", "Theirs", "Hers"],
  ] as const) {
    expect(last.here.get(name), name).toMatchObject({ LastName: lastname, Title: title });
    expect(last.there.get(name), name).toMatchObject({ lastname, jobtitle: title });
  }
  expect(last.counts).toEqual([12, 11]);

  // What the two agree on moves with each run of either.
  const kept = await pair.project.run("plan", toHubSpot, "--out", "kept.plan");
  expect([kept.code, kept.stderr]).toEqual([2, expect.stringContaining("a job with a twin is not written to a file")]);

  // A run is taken back, also by a plan that waits. That a copy goes so is no deletion of what it was made of.
  await add("copied");
  expect(await pair.run(toHubSpot)).toMatchObject({ wrote: 1 });
  const planned = await pair.project.run("rollback", "latest", "--json");
  const applied = await pair.project.run("apply", planned.summary().run ?? "", "--json");
  expect(applied.summary().streams["contacts"], applied.stderr).toMatchObject({ deletes: 1, loaded: 1 });
  expect(await pair.run(toSalesforce)).toMatchObject({ wrote: 0 });
  expect((await look(pair)).counts).toEqual([13, 11]);

  // Merged on both sides, each into the other one: what is left of both is a pair, and is not deleted for either.
  const idOf = new Map((await pair.hubspot()).map(({ email = "", id }) => [email, id]));
  const [fine = "", asked = ""] = ["fine", "asked"].map((name) => ids.get(name));
  await pair.sandbox.api("POST", "/__sandbox/salesforce/merge", { object: "Contact", master: fine, merged: [asked] });
  const crosswise = { primaryObjectId: idOf.get("asked@x.de"), objectIdToMerge: idOf.get("fine@x.de") };
  await pair.portal.hubspotApi("POST", "/crm/v3/objects/contacts/merge", crosswise);
  for (const job of [toHubSpot, toSalesforce]) await pair.run(job);
  expect((await pair.hubspot()).filter((one) => one["sf_contact_id"] === fine)).toHaveLength(1);
  expect((await look(pair)).counts).toEqual([12, 10]);
});

test("what one job made is known to the other by its id, and by what the twin wrote down", async () => {
  await using pair = await openPair({ match: false });
  await pair.addSalesforce({ LastName: "Ann", Email: "ann@x.de" });
  await pair.addHubSpot({ lastname: "Bob", email: "bob@x.de" });
  const round = async () => (await pair.run(toHubSpot)).wrote + (await pair.run(toSalesforce)).wrote;
  expect([await round(), await round()]).toEqual([3, 1]);
  expect((await look(pair)).counts).toEqual([2, 2]);
  // One is merged away in HubSpot: the survivor has a new id, and is still the record that Salesforce knows.
  const [ann, bob] = await pair.hubspot();
  const merge = { primaryObjectId: ann?.id, objectIdToMerge: bob?.id };
  await pair.portal.hubspotApi("POST", "/crm/v3/objects/contacts/merge", merge);
  await round();
  expect(await round()).toBe(0);
  expect(await pair.hubspot()).toHaveLength(1);
  expect((await pair.salesforce()).map(({ LastName }) => LastName)).toEqual(["Ann", "Bob"]);
});

test("what changes between plan and sending is held back where the last reading shows it; both may be started at once", async () => {
  const calls: string[] = [];
  let isAt: (path: string) => boolean = () => false;
  let meanwhile = async () => undefined as unknown;
  const before = async (system: string, _method: string, path: string) => {
    if (system !== "hubspot") return;
    calls.push(path);
    if (!isAt(path)) return;
    isAt = () => false;
    await meanwhile();
  };
  await using pair = await openPair({ ownership: { jobtitle: "newest" }, deletes: "ask", before });
  const ann = await pair.addSalesforce({ LastName: "Ann", Email: "ann@x.de" });
  const bob = await pair.addSalesforce({ LastName: "Bob", Email: "bob@x.de" });
  await pair.run(toHubSpot);
  // Whichever comes first runs; the other waits for its end or says that it is at work.
  const both = await Promise.all(
    [toHubSpot, toSalesforce].map((job) => pair.project.run("run", job, "--yes", "--json")),
  );
  expect(both.map(({ code }) => code)).toContain(0);
  for (const { code } of both) expect([0, 6]).toContain(code);
  await pair.run(toSalesforce);
  expect(await pair.hubspot()).toHaveLength(2);
  const [there] = (await pair.hubspot()).filter(({ lastname }) => lastname === "Ann");

  await pair.setSalesforce(ann, { Title: "One" });
  calls.length = 0;
  expect(await pair.run(toHubSpot)).toMatchObject({ wrote: 1, held: 0 });
  const isWrite = (path: string) => path.endsWith("/batch/update");
  const lastReading = calls.slice(0, calls.findIndex(isWrite)).length;

  // Before the last reading: it is seen, held back, and then the newer one counts.
  await pair.setSalesforce(ann, { Title: "Two" });
  calls.length = 0;
  isAt = () => calls.length === lastReading;
  meanwhile = async () => {
    await pair.portal.advance(5000);
    await pair.setHubSpot(there?.id ?? "", { jobtitle: "Hers" });
  };
  expect(await pair.run(toHubSpot)).toMatchObject({ wrote: 0, held: 1 });
  expect((await pair.hubspot()).map(({ jobtitle }) => jobtitle ?? "").sort()).toEqual(["", "Hers"]);
  await pair.run(toSalesforce);
  expect((await pair.salesforce()).map(({ Title }) => Title)).toEqual(["Hers", null]);

  // After it: the window that remains.
  await pair.run(toHubSpot);
  await pair.setSalesforce(ann, { Title: "Three" });
  isAt = isWrite;
  expect(await pair.run(toHubSpot)).toMatchObject({ wrote: 1, held: 0 });
  expect((await pair.hubspot()).map(({ jobtitle }) => jobtitle ?? "").sort()).toEqual(["", "Three"]);

  // Newer is a change of that field: what else has changed since, or was merged into the record, makes no value newer.
  const pass = () => Promise.all([pair.sandbox, pair.portal].map((system) => system.advance(60_000)));
  await pair.setHubSpot(there?.id ?? "", { jobtitle: "Four" });
  await pass();
  await pair.setSalesforce(ann, { Title: "Five" });
  await pass();
  const away = { primaryObjectId: there?.id, objectIdToMerge: await pair.addHubSpot({ jobtitle: "Other" }) };
  expect((await pair.portal.hubspotApi("POST", "/crm/v3/objects/contacts/merge", away)).status).toBe(200);
  expect(await pair.run(toSalesforce)).toMatchObject({ wrote: 1, held: 0 });
  expect((await pair.salesforce()).map(({ Title }) => Title)).toEqual(["Five", null]);
  await pair.run(toHubSpot);
  expect((await pair.hubspot()).map(({ jobtitle }) => jobtitle ?? "").sort()).toEqual(["", "Five"]);

  await pair.sandbox.api("DELETE", `sobjects/Contact/${bob}`);
  expect(await pair.run(toHubSpot)).toMatchObject({ wrote: 0, held: 1 });
  expect((await pair.project.run("conflicts", toHubSpot, "--take", "ours")).stdout).toContain("1 field decided: ours");
  expect(await pair.run(toHubSpot)).toMatchObject({ wrote: 1, held: 0 });
  expect((await pair.hubspot()).map(({ lastname }) => lastname)).toEqual(["Ann"]);
});

test("adopting takes what agrees as agreed on, lists what differs, and writes nothing", async () => {
  await using pair = await openPair({ ownership: { jobtitle: "source" } });
  await pair.addSalesforce({ LastName: "Ann", Email: "ann@x.de", Title: "Boss" });
  await pair.addSalesforce({ LastName: "Bob", Email: "bob@x.de", Title: "Chief" });
  await pair.addSalesforce({ LastName: "New", Email: "new@x.de" });
  for (const lastname of ["Ann", "Bob"])
    await pair.addHubSpot({ lastname, email: `${lastname.toLowerCase()}@x.de`, jobtitle: "Boss" });
  expect(await pair.run(toHubSpot, "--adopt")).toMatchObject({ wrote: 0, held: 1 });
  expect((await pair.hubspot()).map(({ jobtitle }) => jobtitle)).toEqual(["Boss", "Boss"]);
  const { stdout } = await pair.project.run("conflicts", toHubSpot, "--json");
  expect(JSON.parse(stdout)).toMatchObject({
    conflicts: [{ field: "jobtitle", base: null, ours: "Chief", theirs: "Boss" }],
  });
  expect((await pair.project.run("conflicts", toHubSpot, "--take", "theirs")).code).toBe(0);
  await pair.run(toHubSpot);
  await pair.run(toSalesforce);
  expect((await pair.salesforce()).map(({ Title }) => Title)).toEqual(["Boss", "Boss", null]);
  expect(await pair.hubspot()).toHaveLength(3);
});
