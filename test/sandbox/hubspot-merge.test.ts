// Merging and erasing records: what the old ids lead to, what the survivor holds, what is left of the erased.

import { expect, test } from "vitest";
import { type Account, startAccount } from "./hubspot-account-support.ts";
import { temporaryFolder } from "./support.ts";

const limits = { tenSecondly: 1_000_000, searchPerSecond: 1_000_000 };
const schema = {
  hubspotLimits: limits,
  hubspot: {
    contacts: { properties: { sf_id: { type: "string", hasUniqueValue: true } } },
    offices: { custom: true, properties: { code: { type: "string", hasUniqueValue: true } } },
  },
};

async function create(account: Account, type: string, properties: object): Promise<string> {
  const { status, body } = await account.call("POST", `/crm/v3/objects/${type}`, { properties });
  expect(status).toBe(201);
  return String(body["id"]);
}

async function read(account: Account, type: string, id: string, properties = ""): Promise<Record<string, unknown>> {
  return (await account.call("GET", `/crm/v3/objects/${type}/${id}?properties=${properties}`)).body;
}

const merge = (account: Account, type: string, primaryObjectId: string, objectIdToMerge: string) =>
  account.call("POST", `/crm/v3/objects/${type}/merge`, { primaryObjectId, objectIdToMerge });

test("a merge makes a new record; both old ids lead to it, also after a restart and after another merge", async () => {
  const dataFolder = temporaryFolder();
  let account = await startAccount({ schema, dataFolder });
  const a = await create(account, "contacts", { email: "a@example.com", firstname: "Ada", sf_id: "1" });
  const b = await create(account, "contacts", { email: "b@example.com", lastname: "Brown", firstname: "Bo" });
  const created = [await read(account, "contacts", a), await read(account, "contacts", b)];
  const set = created.map(({ createdAt }) => Date.parse(String(createdAt)));
  const merged = await merge(account, "contacts", a, b);
  expect(merged.status).toBe(200);
  const survivor = String(merged.body["id"]);
  expect([a, b]).not.toContain(survivor);

  const c = await create(account, "contacts", { email: "c@example.com" });
  const last = String((await merge(account, "contacts", c, survivor)).body["id"]);
  await account.close();
  account = await startAccount({ schema, dataFolder });
  const names = "email,firstname,lastname,sf_id,hs_additional_emails,hs_merged_object_ids,hs_calculated_merged_vids";
  for (const id of [a, b, c, survivor, last]) {
    const found = await read(account, "contacts", id, names);
    expect(found["id"]).toBe(last);
    expect(found["properties"]).toMatchObject({
      email: "c@example.com",
      firstname: "Ada",
      lastname: "Brown",
      sf_id: "1",
      hs_additional_emails: "a@example.com;b@example.com",
      hs_merged_object_ids: [a, b, c, survivor].join(";"),
      hs_calculated_merged_vids: expect.stringMatching(new RegExp(`^${a}:\\d+;${b}:\\d+;${c}:\\d+;${survivor}:\\d+$`)),
    });
  }
  // Each value with the time that it was set, the one that counts first.
  const { body } = await account.call("GET", `/crm/v3/objects/contacts/${last}?propertiesWithHistory=firstname`);
  const { firstname } = body["propertiesWithHistory"] as { firstname: { value: string; timestamp: string }[] };
  expect(firstname.map(({ value }) => value)).toEqual(["Ada", "Bo"]);
  expect(firstname.map(({ timestamp }) => Date.parse(timestamp))).toEqual(set);
  expect((await account.dump("contacts")).map(({ id }) => id)).toEqual([last]);
  expect((await account.call("GET", "/crm/v3/objects/contacts?archived=true")).body.results).toEqual([]);
});

test("the address of a merged contact is taken, and finds the survivor", async () => {
  const account = await startAccount({ schema });
  const a = await create(account, "contacts", { email: "a@example.com" });
  const b = await create(account, "contacts", { email: "b@example.com" });
  const survivor = String((await merge(account, "contacts", a, b)).body["id"]);
  const again = await account.call("POST", "/crm/v3/objects/contacts", { properties: { email: "b@example.com" } });
  expect([again.status, again.body["message"]]).toEqual([409, `Contact already exists. Existing ID: ${survivor}`]);
});

test("where the primary id is preserved, the primary record stays", async () => {
  const account = await startAccount({ schema: { ...schema, hubspotPrimaryIdPreserved: true } });
  const a = await create(account, "companies", { name: "A" });
  const b = await create(account, "companies", { name: "B", domain: "b.example.com" });
  expect((await merge(account, "companies", a, b)).body["id"]).toBe(a);
  const found = await read(account, "companies", b, "name,domain,hs_merged_object_ids");
  expect([found["id"], found["properties"]]).toEqual([
    a,
    expect.objectContaining({ name: "A", domain: "b.example.com", hs_merged_object_ids: b }),
  ]);
});

test("links of both records are the survivor's", async () => {
  const account = await startAccount({ schema });
  const [a, b] = [
    await create(account, "deals", { dealname: "A", dealstage: "closedwon" }),
    await create(account, "deals", { dealname: "B", dealstage: "closedwon" }),
  ];
  const [acme, beta] = [
    await create(account, "companies", { name: "Acme" }),
    await create(account, "companies", { name: "Beta" }),
  ];
  const primary = [{ associationCategory: "HUBSPOT_DEFINED", associationTypeId: 5 }];
  await account.call("PUT", `/crm/v4/objects/deals/${a}/associations/companies/${acme}`, primary);
  await account.call("PUT", `/crm/v4/objects/deals/${b}/associations/companies/${beta}`, primary);
  const survivor = String((await merge(account, "deals", a, b)).body["id"]);
  const { results } = (await account.call("GET", `/crm/v4/objects/deals/${survivor}/associations/companies`)).body;
  const isPrimary = (link: Record<string, unknown>) =>
    (link["associationTypes"] as { typeId: number }[]).some(({ typeId }) => typeId === 5);
  expect(results.map((link) => [String(link["toObjectId"]), isPrimary(link)])).toEqual([
    [acme, true],
    [beta, false],
  ]);
});

test("records of a custom object are merged by the dated path too", async () => {
  const account = await startAccount({ schema });
  const [a, b] = [await create(account, "offices", { code: "A" }), await create(account, "offices", { code: "B" })];
  const merged = await account.call("POST", "/crm/objects/2026-03/2-40000001/merge", {
    primaryObjectId: a,
    objectIdToMerge: b,
  });
  expect([merged.status, (await account.dump("offices"))[0]?.properties["code"]]).toEqual([200, "A"]);
  // The value of the one that lost is free again.
  await create(account, "offices", { code: "B" });
});

test("the official client merges companies", async () => {
  const account = await startAccount({ schema });
  const [a, b] = [await create(account, "companies", { name: "A" }), await create(account, "companies", { name: "B" })];
  const merged = await account.client().apiRequest({
    method: "POST",
    path: "/crm/v3/objects/companies/merge",
    body: { primaryObjectId: a, objectIdToMerge: b },
  });
  expect(merged.status).toBe(200);
  expect((await account.client().crm.companies.basicApi.getById(b, ["name"])).properties["name"]).toBe("A");
});

test("what cannot be merged is refused", async () => {
  const account = await startAccount({ schema });
  const a = await create(account, "companies", { name: "A" });
  expect((await merge(account, "companies", a, a)).status).toBe(400);
  expect((await merge(account, "companies", a, "1")).body).toMatchObject({ category: "OBJECT_NOT_FOUND" });
  expect((await account.call("POST", "/crm/v3/objects/companies/merge", { primaryObjectId: a })).status).toBe(400);
  expect((await read(account, "companies", a, "name"))["properties"]).toMatchObject({ name: "A" });
});

test("an erased contact is gone at once, by its id or its address, and may come again", async () => {
  const account = await startAccount({ schema });
  const a = await create(account, "contacts", { email: "a@example.com" });
  const b = await create(account, "contacts", { email: "b@example.com" });
  const erase = (body: object) => account.call("POST", "/crm/v3/objects/contacts/gdpr-delete", body);
  expect((await erase({ objectId: a })).status).toBe(204);
  expect((await erase({ objectId: "B@example.com", idProperty: "email" })).status).toBe(204);
  expect((await erase({ objectId: b })).status).toBe(204);
  expect(await account.dump("contacts")).toEqual([]);
  expect((await account.call("GET", `/crm/v3/objects/contacts/${a}`)).status).toBe(404);
  await create(account, "contacts", { email: "a@example.com" });
});
