// Two jobs that go both ways: what each side changes arrives on the other, nothing comes back as an echo, and of a field
// that both changed nobody's value is written over unless the jobs say whose counts.

import { expect, test } from "vitest";
import { openPair, toHubSpot, toSalesforce } from "../support/twins.ts";

test("new records are joined or made once, changes of both sides arrive, and then it is quiet", async () => {
  await using pair = await openPair();
  const ann = await pair.addSalesforce({ LastName: "Ann", Email: "ann@x.de", Title: "Boss" });
  const known = await pair.addHubSpot({ lastname: "Ann", email: "ann@x.de", firstname: "A." });
  const bob = await pair.addHubSpot({ lastname: "Bob", email: "bob@x.de", jobtitle: "Chief" });

  // Ann gets her title and her id there, her first name and the other id here; Bob is made.
  expect(await pair.settle()).toEqual([expect.any(Number), expect.any(Number), 0]);
  const inHubSpot = new Map((await pair.hubspot()).map((contact) => [contact["email"], contact]));
  const inSalesforce = new Map((await pair.salesforce()).map((contact) => [contact["Email"], contact]));
  expect(inHubSpot.size).toBe(2);
  expect(inSalesforce.size).toBe(2);
  expect(inHubSpot.get("ann@x.de")).toMatchObject({ id: known, jobtitle: "Boss", firstname: "A.", sf_contact_id: ann });
  expect(inSalesforce.get("ann@x.de")).toMatchObject({ Id: ann, Title: "Boss", FirstName: "A.", HubSpot_Id__c: known });
  const bobHere = inSalesforce.get("bob@x.de")?.["Id"] as string;
  expect(inHubSpot.get("bob@x.de")).toMatchObject({ id: bob, sf_contact_id: bobHere });

  // Different fields of one record, on both sides; and one that is cleared.
  await pair.setSalesforce(ann, { Title: "Head", FirstName: null });
  await pair.setHubSpot(known, { lastname: "Anna" });
  await pair.setHubSpot(bob, { jobtitle: "Lead" });
  const there = await pair.run(toHubSpot);
  expect(there).toMatchObject({ wrote: 1, held: 0 });
  const back = await pair.run(toSalesforce);
  expect(back).toMatchObject({ wrote: 2, held: 0 });
  expect((await pair.salesforce()).map(({ LastName, Title, FirstName }) => [LastName, Title, FirstName])).toEqual([
    ["Anna", "Head", null],
    ["Bob", "Lead", null],
  ]);
  expect((await pair.hubspot()).map(({ lastname, jobtitle }) => [lastname, jobtitle])).toEqual([
    ["Anna", "Head"],
    ["Bob", "Lead"],
  ]);
  expect(await pair.settle()).toEqual([0]);

  // What the two agree on moves with each run of either.
  const kept = await pair.project.run("plan", toHubSpot, "--out", "kept.plan");
  expect([kept.code, kept.stderr]).toEqual([2, expect.stringContaining("a job with a twin is not written to a file")]);
});

test("a field that both changed is held back and named, and what the jobs own is written or left", async () => {
  await using pair = await openPair({ ownership: { jobtitle: "source", firstname: "target" } });
  const ann = await pair.addSalesforce({ LastName: "Ann", Email: "ann@x.de", Title: "Boss", FirstName: "A" });
  await pair.settle();
  const [there] = await pair.hubspot();
  await pair.setSalesforce(ann, { Title: "Head", FirstName: "Ann-Marie" });
  await pair.setHubSpot(there?.id ?? "", { jobtitle: "Chief", firstname: "Anne" });
  expect(await pair.run(toHubSpot)).toMatchObject({ wrote: 1, held: 0 });
  expect(await pair.run(toSalesforce)).toMatchObject({ wrote: 1, held: 0 });
  expect(await pair.salesforce()).toMatchObject([{ Title: "Head", FirstName: "Anne" }]);
  expect(await pair.hubspot()).toMatchObject([{ jobtitle: "Head", firstname: "Anne" }]);
  expect(await pair.settle()).toEqual([0]);

  await pair.setSalesforce(ann, { LastName: "Ours" });
  await pair.setHubSpot(there?.id ?? "", { lastname: "Theirs" });
  for (const job of [toHubSpot, toSalesforce, toHubSpot]) {
    const { wrote, held, done } = await pair.run(job);
    expect({ wrote, held }).toEqual({ wrote: 0, held: 1 });
    expect(done.code).toBe(0);
  }
  const folder = pair.project.runFolders().at(-1) ?? "";
  expect(pair.project.read(`${folder.slice(pair.project.folder.length + 1)}/conflicts/contacts.csv`)).toContain(
    "changed on both sides: lastname",
  );
  expect(await pair.salesforce()).toMatchObject([{ LastName: "Ours" }]);
  expect(await pair.hubspot()).toMatchObject([{ lastname: "Theirs" }]);
});

test("a coarser copy never comes back over the finer value", async () => {
  await using pair = await openPair();
  const ann = await pair.addSalesforce({ LastName: "Ann", Email: "ann@x.de", Seen_At__c: "2026-03-01T10:15:00.000Z" });
  expect(await pair.settle()).toEqual([2, 0]);
  expect(await pair.hubspot()).toMatchObject([{ seen_on: "2026-03-01" }]);
  expect(await pair.salesforce()).toMatchObject([{ Seen_At__c: "2026-03-01T10:15:00.000+0000" }]);
  await pair.setSalesforce(ann, { Seen_At__c: "2026-03-02T11:00:00.000Z" });
  expect(await pair.settle()).toEqual([1, 0]);
  expect(await pair.salesforce()).toMatchObject([{ Seen_At__c: "2026-03-02T11:00:00.000+0000" }]);
});

test("what one job made is known to the other by its id, and by what the twin wrote down", async () => {
  await using pair = await openPair({ match: false });
  await pair.addSalesforce({ LastName: "Ann", Email: "ann@x.de" });
  await pair.addHubSpot({ lastname: "Bob", email: "bob@x.de" });
  expect(await pair.settle()).toEqual([3, 1, 0]);
  expect(await pair.salesforce()).toHaveLength(2);
  expect(await pair.hubspot()).toHaveLength(2);
  // One is merged away in HubSpot: the survivor has a new id, and is still the record that Salesforce knows.
  const [ann, bob] = await pair.hubspot();
  const merge = { primaryObjectId: ann?.id, objectIdToMerge: bob?.id };
  await pair.portal.hubspotApi("POST", "/crm/v3/objects/contacts/merge", merge);
  await pair.settle();
  expect(await pair.hubspot()).toHaveLength(1);
  expect((await pair.salesforce()).map(({ LastName }) => LastName)).toEqual(["Ann", "Bob"]);
});

test("a merge in HubSpot goes on with what was agreed on: the survivor is no deletion, and changes of both sides meet in it", async () => {
  await using pair = await openPair({ deletes: "carry" });
  const ids: string[] = [];
  for (const name of ["Ann", "Bob", "Cid", "Dan"])
    ids.push(await pair.addSalesforce({ LastName: name, Email: `${name}@x.de`, Title: "Boss", FirstName: "X" }));
  await pair.run(toHubSpot);
  await pair.run(toSalesforce);
  const there = new Map((await pair.hubspot()).map(({ id, lastname }) => [lastname, id]));
  for (const [kept, gone] of [
    ["Ann", "Bob"],
    ["Cid", "Dan"],
  ] as const) {
    const merge = { primaryObjectId: there.get(kept), objectIdToMerge: there.get(gone) };
    await pair.portal.hubspotApi("POST", "/crm/v3/objects/contacts/merge", merge);
  }
  // Of Ann nothing else changed; of Cid another field on each side.
  await pair.setSalesforce(ids[2] ?? "", { Title: "Head" });
  const survivor = (await pair.hubspot()).find(({ lastname }) => lastname === "Cid")?.id ?? "";
  await pair.setHubSpot(survivor, { firstname: "C." });
  expect(await pair.run(toSalesforce)).toMatchObject({ wrote: 4, held: 0 });
  expect(await pair.run(toHubSpot)).toMatchObject({ wrote: 1, held: 0 });
  expect((await pair.salesforce()).map(({ LastName, Title, FirstName }) => [LastName, Title, FirstName])).toEqual([
    ["Ann", "Boss", "X"],
    ["Cid", "Head", "C."],
  ]);
  const left = (await pair.hubspot()).map(({ lastname, jobtitle }) => [lastname, jobtitle ?? ""]);
  expect(left.sort()).toEqual([
    ["Ann", "Boss"],
    ["Cid", "Head"],
  ]);
  expect(await pair.settle()).toEqual([0]);
});

test("records that could be several are held back, and none is made for them", async () => {
  await using pair = await openPair();
  await pair.addSalesforce({ LastName: "Ann", Email: "ann@x.de" });
  await pair.addSalesforce({ LastName: "Other", Email: "ann@x.de" });
  await pair.addHubSpot({ email: "ann@x.de", lastname: "Ann" });
  expect(await pair.run(toHubSpot)).toMatchObject({ wrote: 0, held: 2 });
  expect(await pair.run(toSalesforce)).toMatchObject({ wrote: 0, held: 1 });
  expect(await pair.hubspot()).toHaveLength(1);
  expect(await pair.salesforce()).toHaveLength(2);
});

test("a deletion is carried where the other side has not changed the record, and held back where it has", async () => {
  await using pair = await openPair({ deletes: "carry" });
  const ids: string[] = [];
  for (const name of ["Ann", "Bob", "Cid", "Dan"])
    ids.push(await pair.addSalesforce({ LastName: name, Email: `${name}@x.de` }));
  await pair.settle();
  const there = new Map((await pair.hubspot()).map(({ id, lastname }) => [lastname, id]));
  await pair.sandbox.api("DELETE", `sobjects/Contact/${ids[0]}`);
  await pair.sandbox.api("DELETE", `sobjects/Contact/${ids[1]}`);
  await pair.setHubSpot(there.get("Bob") ?? "", { jobtitle: "Chief" });
  await pair.portal.hubspotApi("DELETE", `/crm/v3/objects/contacts/${there.get("Cid")}`);
  expect(await pair.run(toHubSpot)).toMatchObject({ wrote: 1, held: 1 });
  expect(await pair.run(toSalesforce)).toMatchObject({ wrote: 1, held: 0 });
  expect((await pair.hubspot()).map(({ lastname }) => lastname)).toEqual(["Bob", "Dan"]);
  expect((await pair.salesforce()).map(({ LastName }) => LastName)).toEqual(["Dan"]);
  expect(await pair.settle()).toEqual([0]);
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

  await pair.sandbox.api("DELETE", `sobjects/Contact/${bob}`);
  expect(await pair.run(toHubSpot)).toMatchObject({ wrote: 0, held: 1 });
  expect((await pair.project.run("conflicts", toHubSpot, "--take", "ours")).stdout).toContain("1 field decided: ours");
  expect(await pair.run(toHubSpot)).toMatchObject({ wrote: 1, held: 0 });
  expect((await pair.hubspot()).map(({ lastname }) => lastname)).toEqual(["Ann"]);
});

test("a person decides a conflict once, whichever job is asked, and the twin or the job writes it", async () => {
  await using pair = await openPair({ deletes: "carry" });
  const ids: string[] = [];
  for (const name of ["Ann", "Bob", "Cid"])
    ids.push(await pair.addSalesforce({ LastName: name, Email: `${name}@x.de` }));
  await pair.settle();
  const there = new Map((await pair.hubspot()).map(({ id, lastname }) => [lastname, id]));
  for (const [index, name] of ["Ann", "Bob"].entries()) {
    await pair.setSalesforce(ids[index] ?? "", { Title: "Ours" });
    await pair.setHubSpot(there.get(name) ?? "", { jobtitle: "Theirs" });
  }
  await pair.sandbox.api("DELETE", `sobjects/Contact/${ids[2]}`);
  await pair.setHubSpot(there.get("Cid") ?? "", { jobtitle: "Kept" });
  expect(await pair.run(toHubSpot)).toMatchObject({ wrote: 0, held: 3 });
  expect(await pair.run(toSalesforce)).toMatchObject({ wrote: 0, held: 2 });

  const listed = await pair.project.run("conflicts", toHubSpot, "--json");
  expect(listed.code, listed.stderr).toBe(0);
  expect(JSON.parse(listed.stdout)).toMatchObject({
    job: "to-hubspot",
    conflicts: [
      { key: ids[0], field: "jobtitle", base: "", ours: "Ours", theirs: "Theirs" },
      { key: ids[1], field: "jobtitle" },
      { key: ids[2], field: "", ours: "deleted", theirs: "there" },
    ],
  });
  expect((await pair.project.run("conflicts", toHubSpot)).stdout).toContain('ours   "Ours"');
  pair.project.write({ "ann.txt": `${ids[0]}\n`, "none.txt": "x\n" });
  expect((await pair.project.run("conflicts", toHubSpot, "--take", "ours", "--keys", "none.txt")).code).toBe(2);
  expect((await pair.project.run("conflicts", toHubSpot, "--take", "ours", "--keys", "ann.txt")).code).toBe(0);
  expect((await pair.project.run("conflicts", toHubSpot, "--take", "theirs")).stdout).toContain(
    "2 fields decided: theirs",
  );
  expect((await pair.project.run("conflicts", toSalesforce)).stdout).toContain("Nothing to decide");
  await pair.settle();
  expect((await pair.salesforce()).map(({ LastName, Title }) => [LastName, Title])).toEqual([
    ["Ann", "Ours"],
    ["Bob", "Theirs"],
    ["Cid", "Kept"],
  ]);
  expect((await pair.hubspot()).map(({ lastname, jobtitle }) => [lastname, jobtitle])).toEqual([
    ["Ann", "Ours"],
    ["Bob", "Theirs"],
    ["Cid", "Kept"],
  ]);
  expect(await pair.settle()).toEqual([0]);
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
  await pair.settle();
  expect((await pair.salesforce()).map(({ Title }) => Title)).toEqual(["Boss", "Boss", null]);
  expect(await pair.hubspot()).toHaveLength(3);
});
