// The example jobs between Salesforce and HubSpot, run after each other: they bring changes over, and come to rest.

import { cpSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { parse } from "yaml";
import { createProject, type Project, repository, type Sandbox, startSandbox } from "./support/rig.ts";

const there = "jobs/salesforce-contacts-to-hubspot.yaml";
const back = "jobs/hubspot-contacts-to-salesforce.yaml";
const deletions = "jobs/hubspot-deletions-to-salesforce.yaml";

interface Pair extends AsyncDisposable {
  sandbox: Sandbox;
  project: Project;
  /** Runs jobs; gives the records that each wrote. */
  run(...jobs: string[]): Promise<number[]>;
  salesforce(): Promise<Record<string, unknown>[]>;
  hubspot(): Promise<(Record<string, string> & { id: string })[]>;
}

async function openPair(): Promise<Pair> {
  const sandbox = await startSandbox({ schema: parse(readFileSync(join(repository, "sandbox.yaml"), "utf8")) });
  const project = createProject();
  for (const name of ["connections.yaml", "jobs"])
    cpSync(join(repository, name), project.path(name), { recursive: true });
  project.env = { SF_LOGIN_URL: sandbox.origin, HUBSPOT_URL: sandbox.hubspot };
  return {
    sandbox,
    project,
    async run(...jobs) {
      const written: number[] = [];
      for (const job of jobs) {
        const done = await project.run("run", job, "--yes", "--json");
        expect(done.code, done.stderr).toBe(0);
        const streams = Object.values(done.summary().streams);
        expect(
          streams.reduce((sum, { failed, rejected }) => sum + failed + rejected, 0),
          done.stderr,
        ).toBe(0);
        written.push(streams.reduce((sum, { loaded }) => sum + loaded, 0));
      }
      return written;
    },
    salesforce: async () => (await sandbox.dump("Contact")).filter((record) => record["IsDeleted"] !== true),
    async hubspot() {
      const live = (await sandbox.dumpHubSpot("contacts")).filter(({ archived }) => !archived);
      return live.map(({ id, properties }) => ({ ...properties, id }));
    },
    async [Symbol.asyncDispose]() {
      await project[Symbol.asyncDispose]();
      await sandbox[Symbol.asyncDispose]();
    },
  };
}

async function createInSalesforce(sandbox: Sandbox, names: readonly string[]): Promise<string[]> {
  const account = await sandbox.api("POST", "sobjects/Account", { Name: "Acme", BillingCity: "Kiel" });
  const accountId = (account.body as { id: string }).id;
  const ids: string[] = [];
  for (const name of names) {
    const { body } = await sandbox.api("POST", "sobjects/Contact", {
      LastName: name,
      Email: `${name.toLowerCase()}@x.de`,
      Title: "Boss",
      LeadSource: "Web",
      AccountId: accountId,
    });
    ids.push((body as { id: string }).id);
  }
  return ids;
}

test("changes of either side arrive on the other, merges of both too, and the second time round nothing is written", async () => {
  await using pair = await openPair();
  const { sandbox } = pair;
  const [ann = "", bob = "", cid = "", dan = "", eve = "", fay = "", gus = ""] = await createInSalesforce(sandbox, [
    ..."Ann Bob Cid Dan Eve Fay Gus".split(" "),
  ]);
  // HubSpot has one of them already, and one that Salesforce has not.
  const known = await sandbox.hubspotApi("POST", "/crm/v3/objects/contacts", { properties: { email: "bob@x.de" } });
  await sandbox.hubspotApi("POST", "/crm/v3/objects/contacts", { properties: { email: "new@x.de", lastname: "New" } });

  expect(await pair.run(there, back)).toEqual([8, 8]);
  expect(await pair.run(there, back)).toEqual([1, 0]);
  const linked = new Map((await pair.hubspot()).map((contact) => [contact["sf_contact_id"], contact]));
  expect(linked.size).toBe(8);
  expect(linked.get(bob)?.id).toBe((known.body as { id: string }).id);
  expect(linked.get(ann)).toMatchObject({ email: "ann@x.de", lead_source: "web", jobtitle: "Boss" });
  expect(await pair.salesforce()).toHaveLength(8);

  // In Salesforce a field is cleared, a choice changed, a contact merged away; in HubSpot the name of a choice is
  // changed, one contact archived, one cleared of a field.
  await sandbox.api("PATCH", `sobjects/Contact/${ann}`, { Title: null });
  await sandbox.api("PATCH", `sobjects/Contact/${bob}`, { LeadSource: "Trade Show" });
  await sandbox.api("POST", "/__sandbox/salesforce/merge", { object: "Contact", master: bob, merged: [cid] });
  await sandbox.hubspotApi("PATCH", "/crm/v3/properties/contacts/lead_source", {
    options: [
      { value: "web", label: "Internet", displayOrder: 0, hidden: false },
      { value: "trade_show", label: "Fair", displayOrder: 1, hidden: false },
    ],
  });
  await sandbox.hubspotApi("DELETE", `/crm/v3/objects/contacts/${linked.get(dan)?.id}`);
  await sandbox.hubspotApi("PATCH", `/crm/v3/objects/contacts/${linked.get(eve)?.id}`, {
    properties: { jobtitle: "" },
  });

  // In HubSpot one is merged into another: it goes from Salesforce, the survivor stays and gets its new id.
  const merge = { primaryObjectId: linked.get(fay)?.id, objectIdToMerge: linked.get(gus)?.id };
  const survivor = (await sandbox.hubspotApi("POST", "/crm/v3/objects/contacts/merge", merge)).body as { id: string };

  await pair.run(there, back, deletions);
  const inHubSpot = new Map((await pair.hubspot()).map((contact) => [contact["sf_contact_id"], contact]));
  expect(inHubSpot.get(ann)?.["jobtitle"] ?? "").toBe("");
  expect(inHubSpot.get(bob)).toMatchObject({ lead_source: "trade_show" });
  expect([...inHubSpot.keys()]).not.toContain(cid);
  const inSalesforce = new Map((await pair.salesforce()).map((contact) => [contact["Id"], contact]));
  expect([...inSalesforce.keys()]).not.toContain(dan);
  expect(inSalesforce.get(eve)?.["Title"]).toBeNull();
  expect(inSalesforce.get(bob)?.["LeadSource"]).toBe("Trade Show");
  expect([...inSalesforce.keys()]).not.toContain(gus);
  expect(inSalesforce.get(fay)).toMatchObject({ HubSpot_Contact_Id__c: survivor.id });
  expect(inSalesforce.size).toBe(5);
  expect(await pair.run(there, back, deletions)).toEqual([0, 0, 0]);
});

test("the twins keep accounts, contacts and their associations alike, and are quiet after it", async () => {
  await using pair = await openPair();
  const { sandbox } = pair;
  const twins = ["jobs/two-way-to-hubspot.yaml", "jobs/two-way-to-salesforce.yaml"] as const;
  const [ann = "", bob = ""] = await createInSalesforce(sandbox, ["Ann", "Bob"]);
  // The sandbox's only user is none of HubSpot's owners.
  const known = pair.project.read(twins[0]).replaceAll("lower(Owner.Email)", `"'Ada.Brown@sandbox.example.com'"`);
  pair.project.write({ [twins[0]]: known });
  await sandbox.hubspotApi("POST", "/crm/v3/objects/companies", { properties: { name: "Acme", domain: "acme.de" } });
  await sandbox.hubspotApi("POST", "/crm/v3/objects/contacts", {
    properties: { email: "bob@x.de", phone: "+49 431 1" },
  });
  await sandbox.hubspotApi("POST", "/crm/v3/objects/contacts", { properties: { email: "new@x.de", lastname: "New" } });
  // That it is quiet by then is shown by the exact counts of the third round.
  for (let round = 0; round < 2; round++) await pair.run(...twins);
  const accounts = (await sandbox.dump("Account")).filter(({ IsDeleted }) => IsDeleted !== true);
  expect(accounts).toMatchObject([{ Name: "Acme", BillingCity: "Kiel", Website: "acme.de" }]);
  expect(await sandbox.dumpHubSpot("companies")).toMatchObject([{ properties: { name: "Acme", city: "Kiel" } }]);
  const inSalesforce = new Map((await pair.salesforce()).map((contact) => [contact["Email"], contact]));
  const inHubSpot = new Map((await pair.hubspot()).map((contact) => [contact["email"], contact]));
  expect([inSalesforce.size, inHubSpot.size]).toEqual([3, 3]);
  expect(inHubSpot.get("bob@x.de")).toMatchObject({ hubspot_owner_id: "700101" });
  expect(inSalesforce.get("bob@x.de")).toMatchObject({ Id: bob, Phone: "+49 431 1", AccountId: accounts[0]?.["Id"] });

  await sandbox.api("PATCH", `sobjects/Contact/${ann}`, { Title: "Head" });
  const there = inHubSpot.get("ann@x.de")?.id;
  await sandbox.hubspotApi("PATCH", `/crm/v3/objects/contacts/${there}`, { properties: { firstname: "Anna" } });
  expect(await pair.run(...twins)).toEqual([1, 1]);
  expect(await pair.run(...twins)).toEqual([0, 0]);
  const [now] = (await pair.salesforce()).filter(({ Id }) => Id === ann);
  expect(now).toMatchObject({ Title: "Head", FirstName: "Anna" });
});
