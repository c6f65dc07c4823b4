// Batches to the letter: what refuses a call, what refuses a row, and how the answer says so.

import { expect, test } from "vitest";
import { type Body, startPortal } from "./hubspot-support.ts";

const versions = ["v3", "2026-03", "2026-09"] as const;

function contact(key: string, properties: Record<string, unknown> = {}, trace?: string): Record<string, unknown> {
  const row = { id: key, idProperty: "sf_contact_id", properties };
  return trace === undefined ? row : { ...row, objectWriteTraceId: trace };
}

test.each(versions)(
  "with a trace id on every input, %s writes the good rows and tells of the bad ones",
  async (version) => {
    const portal = await startPortal();
    const rows = [
      contact("A", { firstname: "Ada", email: "Ada@X.example" }, "row-0"),
      contact("B", { tier: "Bronze", score: "many" }, "row-1"),
      contact("C", { hs_object_id: "5", nope: "x" }, "row-2"),
    ];
    const { status, body } = await portal.batch("upsert", rows, version);
    expect(status).toBe(version === "2026-09" ? 200 : 207);
    expect(body.results).toMatchObject([
      { objectWriteTraceId: "row-0", new: true, properties: { email: "ada@x.example" } },
    ]);
    expect(body.numErrors).toBe(2);
    const told = body.errors.map(({ context, errors }) => [
      context["objectWriteTraceId"],
      errors.map(({ code }) => code),
    ]);
    expect(told).toEqual([
      [["row-1"], ["INVALID_OPTION", "INVALID_INTEGER"]],
      [["row-2"], ["READ_ONLY_VALUE", "PROPERTY_DOESNT_EXIST"]],
    ]);
    expect(body.errors[0]).toMatchObject({ status: "error", category: "VALIDATION_ERROR" });
    expect((await portal.dump("contacts")).map(({ properties }) => properties["sf_contact_id"])).toEqual(["A"]);
  },
);

test("without trace ids, or with one missing or used twice, one bad row refuses the call and nothing is written", async () => {
  const portal = await startPortal();
  for (const traces of [
    [undefined, undefined],
    ["row-0", undefined],
    ["row-0", "row-0"],
  ] as const) {
    const { status, body } = await portal.batch("upsert", [
      contact("A", { firstname: "Ada" }, traces[0]),
      contact("B", { email: "no address" }, traces[1]),
    ]);
    expect([status, body.category]).toEqual([400, "VALIDATION_ERROR"]);
    expect(body.errors).toMatchObject([{ code: "INVALID_EMAIL", context: { propertyName: ["email"] } }]);
    const list = JSON.parse(body.message.replace("Property values were not valid: ", ""));
    expect(list).toMatchObject([{ isValid: false, error: "INVALID_EMAIL", name: "email", portalId: 20261120 }]);
    expect(await portal.dump("contacts")).toEqual([]);
  }
});

test("a batch has 100 inputs at most, 50 where history is read", async () => {
  const portal = await startPortal();
  const rows = Array.from({ length: 101 }, (_, index) => contact(`K${index}`));
  expect((await portal.batch("upsert", rows)).status).toBe(400);
  const written = await portal.batch("upsert", rows.slice(0, 100));
  expect([written.status, written.body.results.length]).toEqual([200, 100]);
  const inputs = written.body.results.slice(0, 51).map(({ id }) => ({ id }));
  const path = "/crm/v3/objects/contacts/batch/read";
  const wanted = { properties: [], propertiesWithHistory: ["firstname"] };
  const refused = await portal.api("POST", path, { ...wanted, inputs });
  expect([refused.status, refused.body.message]).toEqual([
    400,
    "The maximum number of inputs supported in a batch request for property histories is 50. Received 51.",
  ]);
  expect((await portal.api("POST", path, { ...wanted, inputs: inputs.slice(1) })).status).toBe(200);
});

test("an id or key that comes twice refuses the whole call, trace ids or not, whatever its case", async () => {
  const portal = await startPortal();
  const rows = [contact("K1", {}, "a"), contact("k2", {}, "b"), contact("K2", {}, "c")];
  const { status, body } = await portal.batch("upsert", rows);
  expect([status, body.message, body.context["ids"]]).toEqual([
    400,
    "Duplicate IDs found in batch input: [k2]. IDs must be unique",
    ["k2"],
  ]);
  expect(await portal.dump("contacts")).toEqual([]);
});

test("results come in another order than the inputs, the same one each time", async () => {
  const portal = await startPortal();
  const rows = Array.from({ length: 20 }, (_, index) => contact(`K${index}`, {}, `row-${index}`));
  const order = (body: Body) => body.results.map(({ objectWriteTraceId }) => objectWriteTraceId);
  const first = order((await portal.batch("upsert", rows)).body);
  expect(first).not.toEqual(rows.map((row) => row["objectWriteTraceId"]));
  expect(new Set(first).size).toBe(20);
  expect(order((await portal.batch("upsert", rows)).body)).toEqual(first);
});

test("a contact that is there already is a conflict that names it, by its first address or another", async () => {
  const portal = await startPortal();
  const id = await portal.make("contacts", { email: "a@x.example", hs_additional_emails: "b@x.example;c@x.example" });
  for (const email of ["A@x.example", "b@x.example"]) {
    const { status, body } = await portal.batch("create", [{ properties: { email } }]);
    expect([status, body.category, body.message]).toEqual([
      409,
      "CONFLICT",
      `Contact already exists. Existing ID: ${id}`,
    ]);
  }
  const told = await portal.batch("create", [
    { properties: { email: "c@x.example" }, objectWriteTraceId: "0" },
    { properties: { email: "new@x.example" }, objectWriteTraceId: "1" },
  ]);
  expect(told.status).toBe(207);
  expect(told.body.errors).toMatchObject([
    { category: "CONFLICT", context: { objectWriteTraceId: ["0"], existingId: [id] } },
  ]);
  const upserted = await portal.batch("upsert", [
    { id: "B@x.example", idProperty: "email", properties: { city: "Rome" } },
  ]);
  expect(upserted.body.results).toMatchObject([{ id, new: false }]);
  expect((await portal.dump("contacts"))[0]?.properties).toMatchObject({ email: "a@x.example", city: "Rome" });
});

test("two rows of one batch cannot take the same unique value", async () => {
  const portal = await startPortal();
  const email = "same@x.example";
  const { status, body } = await portal.batch("upsert", [contact("A", { email }, "0"), contact("B", { email }, "1")]);
  expect([status, body.errors[0]?.category]).toEqual([207, "CONFLICT"]);
  const [a, b] = [await portal.make("contacts", { sf_contact_id: "X" }), await portal.make("contacts", {})];
  const taken = await portal.api("PATCH", `/crm/v3/objects/contacts/${b}`, { properties: { sf_contact_id: "x" } });
  expect(taken.status).toBe(400);
  expect(taken.body.message).toContain(`on ${b}. ${a} already has that value.`);
});

test("records are only told apart by unique properties", async () => {
  const portal = await startPortal();
  const path = "/crm/v3/objects/companies/batch/upsert";
  for (const idProperty of ["domain", "name", "hs_object_id"]) {
    const { status, body } = await portal.api("POST", path, { inputs: [{ id: "x", idProperty, properties: {} }] });
    expect([status, body.message]).toEqual([
      400,
      `Unable to perform update/upsert by non-unique 0-2 property ${idProperty}`,
    ]);
  }
});

test.each(versions)(
  "an update of records that are not there tells which, and changes the others (%s)",
  async (version) => {
    const portal = await startPortal();
    const id = await portal.make("contacts", { firstname: "Ada" });
    const inputs = [id, "424242", "x"].map((one) => ({ id: one, properties: { city: "Rome" } }));
    const { status, body } = await portal.batch("update", inputs, version);
    expect(status).toBe(version === "2026-09" ? 200 : 207);
    expect(body.results.map((result) => result.id)).toEqual([id]);
    expect(body.errors).toEqual([
      {
        status: "error",
        category: "OBJECT_NOT_FOUND",
        message: "Could not get some CONTACT objects, they may be deleted or not exist. Check that ids are valid.",
        context: { ids: ["424242", "x"] },
      },
    ]);
    const read = await portal.api("POST", "/crm/v3/objects/contacts/batch/read", {
      properties: ["city"],
      inputs: [{ id }, { id: "424242" }],
    });
    expect([read.status, read.body.results[0]?.properties["city"], read.body.errors[0]?.context["ids"]]).toEqual([
      207,
      "Rome",
      ["424242"],
    ]);
  },
);

test("an archive is 204 without a body, for ids that are not there too, and frees unique values", async () => {
  const portal = await startPortal();
  const id = await portal.make("contacts", { email: "a@x.example" });
  expect((await portal.batch("archive", [{ id }, { id: "424242" }])).status).toBe(204);
  expect(await portal.dump("contacts")).toMatchObject([{ id, archived: true }]);
  expect(await portal.make("contacts", { email: "a@x.example" })).not.toBe(id);
});

test("an admin's required properties hold on the paths of 2026-09 only", async () => {
  const portal = await startPortal();
  const create = (path: string) => portal.api("POST", `${path}/companies`, { properties: { name: "Acme" } });
  expect((await create("/crm/v3/objects")).status).toBe(201);
  expect((await create("/crm/objects/2026-03")).status).toBe(201);
  const refused = await create("/crm/objects/2026-09");
  expect([refused.status, refused.body.errors]).toMatchObject([
    400,
    [{ code: "MISSING_REQUIRED_PROPERTY", context: { propertyName: ["city"] } }],
  ]);
  const { status, body } = await portal.api("POST", "/crm/v3/objects/deals", { properties: { amount: 5 } });
  expect([status, body.message, body.context["properties"]]).toEqual([
    400,
    "Error creating DEAL. Some required properties were not set.",
    ["dealname", "dealstage"],
  ]);
});

test("a new record is linked as it is made; a link that cannot be refuses the record", async () => {
  const portal = await startPortal();
  const company = await portal.make("companies", { name: "Acme" });
  const link = (to: string, associationTypeId: number) => ({
    properties: { firstname: "Ada" },
    associations: [{ to: { id: to }, types: [{ associationCategory: "HUBSPOT_DEFINED", associationTypeId }] }],
  });
  for (const bad of [link("424242", 279), link(company, 9_999)])
    expect((await portal.batch("create", [bad])).status).toBe(400);
  expect(await portal.dump("contacts")).toEqual([]);
  const { body } = await portal.batch("create", [link(company, 1)]);
  const read = await portal.api("GET", `/crm/v3/objects/contacts/${body.results[0]?.id}?associations=company,nope`);
  expect(read.body["associations"]).toEqual({
    companies: {
      results: [
        { id: company, type: "contact_to_company" },
        { id: company, type: "contact_to_company_unlabeled" },
      ],
    },
  });
});

test("a fault of a row is that row's error", async () => {
  const portal = await startPortal();
  await portal.control("faults", [
    { match: "row contacts", nth: [2], do: { rowError: "LOCKED:The record is locked." } },
  ]);
  const { body } = await portal.batch("upsert", [contact("A", {}, "0"), contact("B", {}, "1")]);
  expect(body.errors).toMatchObject([
    { category: "LOCKED", message: "The record is locked.", context: { objectWriteTraceId: ["1"] } },
  ]);
});
