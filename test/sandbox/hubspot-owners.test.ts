// Owners as the official client pages them, and what the account's limits say.

import { expect, test } from "vitest";
import { startAccount } from "./hubspot-account-support.ts";

test("the official client pages owners, and finds archived ones and one by its user", async () => {
  const account = await startAccount();
  const { ownersApi } = account.client().crm.owners;
  const first = await ownersApi.getPage(undefined, undefined, 3);
  expect(first.results.map(({ id, type }) => [id, type])).toEqual([
    ["700101", "PERSON"],
    ["700102", "PERSON"],
    ["700103", "PERSON"],
  ]);
  const second = await ownersApi.getPage(undefined, first.paging?.next?.after, 3);
  expect(second.results.map(({ id, type }) => [id, type])).toEqual([["700105", "QUEUE"]]);
  expect(second.paging).toBeUndefined();
  const archived = await ownersApi.getPage(undefined, undefined, undefined, true);
  expect(archived.results).toEqual([
    expect.objectContaining({ id: "700104", archived: true, userIdIncludingInactive: 5_700_104 }),
  ]);
  expect(archived.results[0]?.userId).toBeUndefined();
  const byMail = await ownersApi.getPage("Lin.Chen@sandbox.example.com");
  expect(byMail.results.map(({ id }) => id)).toEqual(["700102"]);
  expect(await ownersApi.getById(5_700_101, "userId")).toMatchObject({ id: "700101", firstName: "Ada" });
  await expect(ownersApi.getById(1)).rejects.toMatchObject({ code: 404 });
});

test("owners come without a page parameter too, in every version", async () => {
  const account = await startAccount();
  for (const path of ["/crm/v3/owners", "/crm/owners/2026-03", "/crm/owners/2026-09"])
    expect((await account.call("GET", path)).body.results).toHaveLength(4);
  expect((await account.call("GET", "/crm/v3/owners?limit=501")).body).toMatchObject({ category: "VALIDATION_ERROR" });
});

test("records and properties that are in use are told beside their limits", async () => {
  const account = await startAccount({
    schema: { hubspot: { contacts: { properties: { sf_id: { type: "string", hasUniqueValue: true } } } } },
  });
  await account.call("POST", "/crm/v3/objects/contacts", { properties: { email: "a@example.com" } });
  const records = await account.call("GET", "/crm/v3/limits/records");
  expect(records.body["hubspotDefinedObjectTypes"]).toContainEqual(
    expect.objectContaining({ objectTypeId: "0-1", usage: 1, limit: 15_000_000 }),
  );
  const properties = await account.call("GET", "/crm/limits/2026-03/custom-properties");
  expect(properties.body["byObjectType"]).toContainEqual(
    expect.objectContaining({ objectTypeId: "0-1", limit: 1_000 }),
  );
  expect((await account.call("GET", "/crm/v3/limits/custom-object-types")).body).toMatchObject({ usage: 0 });
});
