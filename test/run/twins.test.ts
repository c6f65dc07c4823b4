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
