// HubSpot's own client library, unmodified, works against the sandbox.

import { Client } from "@hubspot/api-client";
import { expect, test } from "vitest";
import { type Portal, startPortal, token } from "./hubspot-support.ts";

const ascending = ["hs_object_id"];

function connect(portal: Portal): Client["crm"] {
  return new Client({ accessToken: token, basePath: portal.origin }).crm;
}

test("a record is created, read by id and by key, changed, listed and archived", async () => {
  const portal = await startPortal();
  const { contacts } = connect(portal);
  const created = await contacts.basicApi.create({
    properties: { email: "Ada@Example.com", firstname: "Ada", sf_contact_id: "003A" },
    associations: [],
  });
  expect(created.properties["email"]).toBe("ada@example.com");
  expect(created.createdAt).toBeInstanceOf(Date);
  const byKey = await contacts.basicApi.getById(
    "003a",
    ["email", "nope"],
    undefined,
    undefined,
    false,
    "sf_contact_id",
  );
  expect([byKey.id, byKey.properties["email"], "nope" in byKey.properties]).toEqual([
    created.id,
    "ada@example.com",
    false,
  ]);
  const changed = await contacts.basicApi.update(created.id, { properties: { firstname: "Augusta" } });
  expect(changed.properties["firstname"]).toBe("Augusta");
  const history = await contacts.basicApi.getById(created.id, undefined, ["firstname"]);
  expect(history.propertiesWithHistory?.["firstname"]?.map(({ value }) => value)).toEqual(["Augusta", "Ada"]);
  const page = await contacts.basicApi.getPage(10, undefined, ["email", "firstname"]);
  expect(page.results.map(({ id, properties }) => [id, properties["firstname"]])).toEqual([[created.id, "Augusta"]]);
  await contacts.basicApi.archive(created.id);
  expect((await contacts.basicApi.getPage()).results).toEqual([]);
  const archived = await contacts.basicApi.getPage(10, undefined, undefined, undefined, undefined, true);
  expect(archived.results.map(({ id, archived }) => [id, archived])).toEqual([[created.id, true]]);
  await expect(contacts.basicApi.getById(created.id)).rejects.toMatchObject({ code: 404 });
});

test("lists are walked to their end", async () => {
  const portal = await startPortal();
  const { companies } = connect(portal);
  await portal.control("hubspot/seed", { object: "companies", count: 250 });
  const all = await companies.getAll(100, undefined, ["name"]);
  expect(new Set(all.map(({ properties }) => properties["name"])).size).toBe(250);
});

test("batches create, read, update, upsert and archive any type of object", async () => {
  const { objects } = connect(await startPortal());
  const { batchApi } = objects;
  const created = await batchApi.create("deals", {
    inputs: ["One", "Two"].map((dealname) => ({
      properties: { dealname, dealstage: "contractsent", pipeline: "default", amount: "10.50" },
      associations: [],
    })),
  });
  expect(created.status).toBe("COMPLETE");
  const ids = created.results.map(({ id }) => id);
  const read = await batchApi.read("deals", {
    inputs: ids.map((id) => ({ id })),
    properties: ["amount"],
    propertiesWithHistory: [],
  });
  expect(read.results.map(({ properties }) => properties["amount"])).toEqual(["10.5", "10.5"]);
  const updated = await batchApi.update("deals", {
    inputs: ids.map((id) => ({ id, properties: { closedate: "1700000000000" } })),
  });
  expect(updated.results[0]?.properties["closedate"]).toBe("2023-11-14T22:13:20.000Z");
  const office = (key: string) => ({ id: key, idProperty: "office_key", properties: { office_name: `Office ${key}` } });
  const first = await batchApi.upsert("offices", { inputs: [office("A"), office("B")] });
  const second = await batchApi.upsert("2-40000001", { inputs: [office("B"), office("C")] });
  expect(first.results.map(({ _new }) => _new)).toEqual([true, true]);
  expect(second.results.map(({ _new }) => _new).sort()).toEqual([false, true]);
  await batchApi.archive("deals", { inputs: ids.map((id) => ({ id })) });
  expect((await objects.basicApi.getPage("deals")).results).toEqual([]);
});

test("what a batch could not do is in the answer, which the client gives as it is", async () => {
  const { objects } = connect(await startPortal());
  const answer = await objects.batchApi.create("contacts", {
    inputs: ["a@b.example", "no address"].map((email, index) => ({
      properties: { email },
      associations: [],
      objectWriteTraceId: `row-${index}`,
    })),
  });
  expect(answer).toMatchObject({
    numErrors: 1,
    results: [{ properties: { email: "a@b.example" } }],
    errors: [{ category: "VALIDATION_ERROR", context: { objectWriteTraceId: ["row-1"] } }],
  });
});

test("a search filters, sorts and pages", async () => {
  const portal = await startPortal();
  await portal.control("hubspot/seed", { object: "contacts", count: 30 });
  const { contacts } = connect(portal);
  const request = {
    filterGroups: [{ filters: [{ propertyName: "lastname", operator: "CONTAINS_TOKEN" as never, value: "2*" }] }],
    sorts: ascending,
    properties: ["lastname"],
    limit: 6,
  };
  const first = await contacts.searchApi.doSearch(request);
  expect([first.total, first.results.length, first.paging?.next?.after]).toEqual([11, 6, "6"]);
  const second = await contacts.searchApi.doSearch({ ...request, after: "6" });
  const names = [...first.results, ...second.results].map(({ properties }) => properties["lastname"]);
  expect(names).toEqual(["2", ..."0123456789"].map((digit, index) => `Contact ${index === 0 ? 2 : `2${digit}`}`));
});

test("properties and their groups are described, made, changed and archived", async () => {
  const { properties } = connect(await startPortal());
  const group = await properties.groupsApi.create("contacts", { name: "etl", label: "ETL", displayOrder: 1 });
  expect(group.name).toBe("etl");
  const wanted = {
    name: "etl_key",
    label: "Key",
    type: "string",
    fieldType: "text",
    groupName: "etl",
    hasUniqueValue: true,
  };
  const made = await properties.coreApi.create("contacts", wanted as Parameters<typeof properties.coreApi.create>[1]);
  expect([made.hasUniqueValue, made.createdAt instanceof Date]).toEqual([true, true]);
  const changed = await properties.coreApi.update("contacts", "etl_key", { label: "Loadline key" });
  expect(changed.label).toBe("Loadline key");
  expect((await properties.coreApi.getByName("contacts", "etl_key")).label).toBe("Loadline key");
  const all = await properties.coreApi.getAll("contacts");
  expect(all.results.find(({ name }) => name === "hs_object_id")?.modificationMetadata?.readOnlyValue).toBe(true);
  const read = await properties.batchApi.read("contacts", {
    archived: false,
    inputs: [{ name: "etl_key" }, { name: "email" }],
    dataSensitivity: "non_sensitive",
  } as Parameters<typeof properties.batchApi.read>[1]);
  expect(read.results.map(({ name }) => name).sort()).toEqual(["email", "etl_key"]);
  const both = ["x1", "x2"].map((name) => ({ ...wanted, name, hasUniqueValue: false }));
  const batch = { inputs: both } as Parameters<typeof properties.batchApi.create>[1];
  expect((await properties.batchApi.create("contacts", batch)).results).toHaveLength(2);
  await properties.batchApi.archive("contacts", { inputs: [{ name: "x1" }, { name: "x2" }] });
  await properties.coreApi.archive("contacts", "etl_key");
  await expect(properties.coreApi.getByName("contacts", "etl_key")).rejects.toMatchObject({ code: 404 });
  expect((await properties.groupsApi.getByName("contacts", "etl")).label).toBe("ETL");
  expect((await properties.groupsApi.update("contacts", "etl", { label: "Load" })).label).toBe("Load");
  expect((await properties.groupsApi.getAll("contacts")).results.map(({ name }) => name)).toContain(
    "contactinformation",
  );
  await properties.groupsApi.archive("contacts", "etl");
});

test("associations are made, read, labelled and taken away, one by one and in batches", async () => {
  const portal = await startPortal();
  const { associations } = connect(portal);
  const { basicApi, batchApi, schema } = associations.v4;
  const contact = await portal.make("contacts", { email: "a@b.example" });
  const [one, two] = [await portal.make("companies", { name: "One" }), await portal.make("companies", { name: "Two" })];
  const types = (typeId: number) => [{ associationCategory: "HUBSPOT_DEFINED" as never, associationTypeId: typeId }];
  const linked = await basicApi.create("contacts", contact, "companies", one, types(1));
  expect(linked.labels).toEqual(["Primary"]);
  expect((await basicApi.createDefault("contacts", contact, "companies", two)).results).toHaveLength(2);
  const page = await basicApi.getPage("contacts", contact, "companies");
  expect(
    page.results.map((link) => [Number(link.toObjectId), link.associationTypes.map(({ typeId }) => typeId)]),
  ).toEqual([
    [Number(one), [1, 279]],
    [Number(two), [279]],
  ]);
  const made = await schema.definitionsApi.create("contacts", "companies", {
    name: "works_for",
    label: "Works for",
    inverseLabel: "Employs",
  });
  expect(made.results.map(({ label }) => label)).toEqual(["Works for", "Employs"]);
  const label = made.results[0]?.typeId ?? 0;
  const both = await batchApi.create("contacts", "companies", {
    inputs: [
      {
        _from: { id: contact },
        to: { id: two },
        types: [{ associationCategory: "USER_DEFINED" as never, associationTypeId: label }],
      },
    ],
  });
  expect(both.results).toMatchObject([{ labels: ["Works for"] }]);
  const read = await batchApi.getPage("companies", "contacts", { inputs: [{ id: two }] });
  expect(read.results[0]?.to.map((link) => link.associationTypes.map(({ label }) => label))).toEqual([
    [null, "Employs"],
  ]);
  await batchApi.archiveLabels("contacts", "companies", {
    inputs: [
      {
        _from: { id: contact },
        to: { id: two },
        types: [{ associationCategory: "USER_DEFINED" as never, associationTypeId: label }],
      },
    ],
  });
  expect((await schema.definitionsApi.getAll("contacts", "companies")).results.map(({ typeId }) => typeId)).toContain(
    279,
  );
  await schema.definitionsApi.update("contacts", "companies", { associationTypeId: label, label: "Works at" });
  await schema.definitionsApi.remove("contacts", "companies", label);
  await batchApi.archive("contacts", "companies", { inputs: [{ _from: { id: contact }, to: [{ id: two }] }] });
  await batchApi.createDefault("contacts", "companies", { inputs: [{ _from: { id: contact }, to: { id: two } }] });
  await basicApi.archive("contacts", contact, "companies", one);
  const left = await basicApi.getPage("contacts", contact, "companies");
  expect(left.results.map(({ toObjectId }) => Number(toObjectId))).toEqual([Number(two)]);
});

test("custom objects are made, found, changed and deleted", async () => {
  const { schemas } = connect(await startPortal());
  const made = await schemas.coreApi.create({
    name: "branch",
    labels: { singular: "Branch", plural: "Branches" },
    primaryDisplayProperty: "title",
    requiredProperties: ["title"],
    searchableProperties: ["title"],
    associatedObjects: ["CONTACT"],
    properties: [{ name: "title", label: "Title", type: "string" as never, fieldType: "text" }],
  });
  expect([made.objectTypeId, made.fullyQualifiedName]).toEqual(["2-40000002", "p20261120_branch"]);
  expect(made.associations.map(({ toObjectTypeId }) => toObjectTypeId)).toEqual(["0-1"]);
  expect((await schemas.coreApi.getAll()).results.map(({ name }) => name)).toEqual(["offices", "branch"]);
  expect((await schemas.coreApi.getById("contacts")).properties.length).toBeGreaterThan(40);
  const changed = await schemas.coreApi.update("branch", { searchableProperties: [] });
  expect(changed.updatedAt).toBeInstanceOf(Date);
  const association = await schemas.coreApi.createAssociation("branch", {
    fromObjectTypeId: made.objectTypeId ?? "",
    toObjectTypeId: "0-2",
    name: "branch_to_company",
  });
  await schemas.coreApi.archiveAssociation("branch", association.id);
  await schemas.coreApi.archive("branch");
  await expect(schemas.coreApi.getById("branch")).rejects.toMatchObject({ code: 400 });
});

test("refusals are errors with HubSpot's body", async () => {
  const portal = await startPortal();
  const { contacts } = connect(portal);
  await contacts.basicApi.create({ properties: { email: "a@b.example" }, associations: [] });
  await expect(
    contacts.basicApi.create({ properties: { email: "A@b.example" }, associations: [] }),
  ).rejects.toMatchObject({
    code: 409,
    body: { category: "CONFLICT", message: expect.stringContaining("Contact already exists. Existing ID: ") },
  });
  const stranger = new Client({ accessToken: "pat-other", basePath: portal.origin }).crm;
  await expect(stranger.contacts.basicApi.getPage()).rejects.toMatchObject({
    code: 401,
    body: { category: "INVALID_AUTHENTICATION" },
  });
});

test("the rarer types of HubSpot's own are there, and are associated by HubSpot's own types", async () => {
  const portal = await startPortal();
  const crm = connect(portal);
  const contact = await crm.contacts.basicApi.create({ properties: { email: "a@b.example" }, associations: [] });
  const category = "HUBSPOT_DEFINED" as never;
  const to = { id: contact.id };
  const sms = await crm.objects.communications.basicApi.create({
    properties: {
      hs_communication_channel_type: "SMS",
      hs_communication_body: "hi",
      hs_timestamp: "2026-01-01T00:00:00Z",
    },
    associations: [{ to, types: [{ associationCategory: category, associationTypeId: 81 }] }],
  });
  const read = await crm.objects.communications.basicApi.getById(sms.id, ["hs_communication_body"], undefined, [
    "contacts",
  ]);
  expect(read.properties["hs_communication_body"]).toBe("hi");
  expect(read.associations?.["contacts"]?.results.map(({ id }) => id)).toEqual([contact.id]);
  const goal = await crm.objects.goals.basicApi.create({
    properties: { hs_goal_name: "calls", hs_target_amount: "100" },
    associations: [],
  });
  expect((await crm.objects.goals.basicApi.getPage()).results.map(({ id }) => id)).toEqual([goal.id]);
  for (const [name, typeId] of [
    ["postal_mail", "0-116"],
    ["users", "0-115"],
    ["goal_targets", "0-74"],
    ["orders", "0-123"],
    ["invoices", "0-53"],
    ["carts", "0-142"],
    ["feedback_submissions", "0-19"],
    ["taxes", "0-86"],
  ] as const) {
    const by = async (type: string) => (await crm.properties.coreApi.getAll(type)).results.length;
    expect(await by(typeId)).toBe(await by(name));
  }
});

test("archived records are listed for archived=True too, as clients of other languages write it", async () => {
  const portal = await startPortal();
  const { contacts } = connect(portal);
  const { id } = await contacts.basicApi.create({ properties: { email: "a@b.example" }, associations: [] });
  await contacts.basicApi.archive(id);
  const list = async (archived: string) => {
    const url = `${portal.origin}/crm/v3/objects/contacts?archived=${archived}`;
    const response = await fetch(url, { headers: { authorization: `Bearer ${token}` } });
    const { results = [] } = (await response.json()) as { results?: { id: string }[] };
    return [response.status, ...results.map((record) => record.id)];
  };
  for (const archived of ["true", "True", "TRUE"]) expect(await list(archived)).toEqual([200, id]);
  for (const archived of ["false", "False", ""]) expect(await list(archived)).toEqual([200]);
  expect(await list("yes")).toEqual([400]);
});
