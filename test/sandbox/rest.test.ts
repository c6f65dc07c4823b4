import { expect, test } from "vitest";
import { type Org, startOrg } from "./support.ts";

function refusedWith(answer: { status: number; body: unknown }): unknown[] {
  const [error] = answer.body as { errorCode: string; message: string }[];
  return [answer.status, error?.errorCode, error?.message];
}

async function fill(org: Org, count: number): Promise<void> {
  const rows = Array.from({ length: count }, (_, index) => `K${index},Name ${index}`);
  await org.ingest({ object: "Contact", operation: "insert" }, `Ext__c,LastName\n${rows.join("\n")}\n`);
}

test("versions are listed without a token; old ones are gone, unknown ones not found", async () => {
  const org = await startOrg();
  const { body } = await org.api("GET", "/services/data", undefined, { authorization: "" });
  const versions = body as unknown as { version: string; label: string; url: string }[];
  expect(versions.map(({ version }) => version)).toEqual(Array.from({ length: 11 }, (_, index) => `${58 + index}.0`));
  expect(versions.slice(-4).map(({ label }) => label)).toEqual([
    "Winter '26",
    "Spring '26",
    "Summer '26",
    "Winter '27",
  ]);
  expect((await org.api("GET", "/services/data/v50.0/limits")).status).toBe(200);
  expect((await org.api("GET", "/services/data/v30.0/limits")).status).toBe(410);
  expect((await org.api("GET", "/services/data/v69.0/limits")).status).toBe(404);
  expect((await org.api("GET", "/services/data/v66.0")).body).toHaveProperty("identity");
});

test("duplicate leading slashes and a trailing slash are taken", async () => {
  const org = await startOrg();
  expect((await org.api("GET", "//services/data/v66.0/limits/")).status).toBe(200);
});

test("describe tells what writing enforces", async () => {
  const org = await startOrg();
  const { body } = await org.api("GET", "sobjects/contact/describe");
  const fields = new Map((body["fields"] as { name: string }[]).map((field) => [field.name, field]));
  expect(body).toMatchObject({ name: "Contact", keyPrefix: "003", custom: false, createable: true });
  expect(fields.get("LastName")).toMatchObject({
    type: "string",
    length: 80,
    nillable: false,
    createable: true,
    defaultedOnCreate: false,
  });
  expect(fields.get("Name")).toMatchObject({ createable: false, updateable: false, nameField: true });
  expect(fields.get("AccountId")).toMatchObject({
    type: "reference",
    referenceTo: ["Account"],
    relationshipName: "Account",
    polymorphicForeignKey: false,
  });
  expect(fields.get("Ext__c")).toMatchObject({
    custom: true,
    externalId: true,
    idLookup: true,
    unique: true,
    caseSensitive: false,
    length: 20,
  });
  expect(fields.get("Tier__c")).toMatchObject({
    restrictedPicklist: true,
    picklistValues: [{ value: "Gold", active: true }, { value: "Silver" }],
  });
  expect(fields.get("Score__c")).toMatchObject({ type: "double", precision: 18, scale: 2 });
  expect(fields.get("MailingCity")).toMatchObject({ compoundFieldName: "MailingAddress" });
  expect(fields.get("SystemModstamp")).toMatchObject({ createable: false, updateable: false });
  expect((await org.api("GET", "sobjects/Nope/describe")).status).toBe(404);
});

test("a describe that has not changed since is not sent again", async () => {
  const org = await startOrg();
  const path = "sobjects/Contact/describe";
  const modified = (await org.api("GET", path)).headers.get("last-modified") ?? "";
  const since = (moment: string) => org.api("GET", path, undefined, { "if-modified-since": moment });
  const unchanged = await since(modified);
  expect([unchanged.status, unchanged.text]).toEqual([304, ""]);
  expect((await since("Thu, 01 Jan 2015 00:00:00 GMT")).status).toBe(200);
  expect((await since("whenever")).status).toBe(200);
});

test("every object is listed and its required fields are the ones Salesforce ships", async () => {
  const org = await startOrg();
  const { body } = await org.api("GET", "sobjects");
  const names = (body["sobjects"] as { name: string }[]).map((object) => object.name);
  expect(names).toEqual(
    expect.arrayContaining(["Account", "Contact", "Lead", "Opportunity", "User", "Task", "Office__c"]),
  );
  const required = async (object: string) => {
    const described = (await org.api("GET", `sobjects/${object}/describe`)).body["fields"] as Record<string, unknown>[];
    return described
      .filter((field) => field["createable"] && !field["nillable"] && !field["defaultedOnCreate"])
      .map((field) => field["name"]);
  };
  expect(await required("Account")).toEqual(["Name"]);
  expect(await required("Contact")).toEqual(["LastName"]);
  expect((await required("Lead")).sort()).toEqual(["Company", "LastName"]);
  expect((await required("Opportunity")).sort()).toEqual(["CloseDate", "Name", "StageName"]);
});

test("a record is created, read, changed and deleted; the system keeps its dates", async () => {
  const org = await startOrg();
  const created = await org.api("POST", "sobjects/Contact", {
    LastName: "  Ada ",
    FirstName: "",
    Score__c: 1.5,
    Active__c: true,
  });
  expect([created.status, created.body]).toEqual([
    201,
    { id: expect.stringMatching(/^003\w{15}$/), success: true, errors: [] },
  ]);
  const path = `sobjects/Contact/${String(created.body["id"])}`;
  expect((await org.api("GET", path)).body).toMatchObject({
    attributes: { type: "Contact" },
    LastName: "Ada",
    Name: "Ada",
    FirstName: null,
    Score__c: 1.5,
    Active__c: true,
    IsDeleted: false,
  });
  expect((await org.api("PATCH", path, { FirstName: "Lady", Score__c: null })).status).toBe(204);
  const { body } = await org.api("GET", `${path}?fields=Name,Score__c,CreatedDate,SystemModstamp`);
  expect(body).toMatchObject({
    Name: "Lady Ada",
    Score__c: null,
    CreatedDate: expect.stringMatching(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.000\+0000$/),
  });
  expect(Object.keys(body)).toEqual(["attributes", "Name", "Score__c", "CreatedDate", "SystemModstamp"]);
  expect((await org.api("DELETE", path)).status).toBe(204);
  expect(refusedWith(await org.api("GET", path)).slice(0, 2)).toEqual([404, "NOT_FOUND"]);
  for (const method of ["DELETE", "PATCH"])
    expect(refusedWith(await org.api(method, path, { LastName: "x" })).slice(0, 2)).toEqual([404, "ENTITY_IS_DELETED"]);
});

test("a refused record names code, message and fields", async () => {
  const org = await startOrg();
  expect((await org.api("POST", "sobjects/Contact", { FirstName: "x" })).body).toEqual([
    { message: "Required fields are missing: [LastName]", errorCode: "REQUIRED_FIELD_MISSING", fields: ["LastName"] },
  ]);
  expect(refusedWith(await org.api("POST", "sobjects/Contact", { LastName: "x", Nope: 1 }))).toEqual([
    400,
    "INVALID_FIELD",
    "No such column 'Nope' on sobject of type Contact",
  ]);
  expect(refusedWith(await org.api("POST", "sobjects/Contact", { LastName: "x", Active__c: null }))[1]).toBe(
    "INVALID_TYPE_ON_FIELD_IN_RECORD",
  );
  expect(refusedWith(await org.api("POST", "sobjects/Contact", { LastName: "x", Id: "003Sb0000000001IAA" }))[1]).toBe(
    "INVALID_FIELD_FOR_INSERT_UPDATE",
  );
});

test("upsert by a key in the path creates, updates, and lists several matches", async () => {
  const org = await startOrg();
  const path = "sobjects/Contact/Ext__c/K%2F1";
  expect(await org.api("PATCH", path, { LastName: "a" })).toMatchObject({
    status: 201,
    body: { success: true, created: true },
  });
  expect(await org.api("PATCH", path, { LastName: "b" })).toMatchObject({
    status: 200,
    body: { success: true, created: false },
  });
  expect((await org.api("PATCH", `/services/data/v45.0/${path}`, { LastName: "c" })).status).toBe(204);
  expect((await org.api("GET", path)).body).toMatchObject({ Ext__c: "K/1", LastName: "c" });
  for (const LastName of ["x", "y"]) await org.api("POST", "sobjects/Contact", { LastName, Loose__c: "L" });
  const several = await org.api("PATCH", "sobjects/Contact/Loose__c/l", { LastName: "z" });
  expect([several.status, several.body.length]).toEqual([300, 2]);
  expect((await org.api("PATCH", "sobjects/Contact/LastName/x", {})).status).toBe(404);
});

test("a collection answers record by record in order, and allOrNone takes everything back", async () => {
  const org = await startOrg();
  const records = [
    { attributes: { type: "Contact" }, LastName: "a" },
    { attributes: { type: "Contact" } },
    { attributes: { type: "Account" }, Name: "b" },
  ];
  const { status, body } = await org.api("POST", "composite/sobjects", { records });
  expect(status).toBe(200);
  expect(body).toMatchObject([
    { success: true },
    { success: false, errors: [{ statusCode: "REQUIRED_FIELD_MISSING", fields: ["LastName"] }] },
    { success: true },
  ]);
  const undone = await org.api("POST", "composite/sobjects", { allOrNone: true, records });
  expect(undone.body).toMatchObject([
    { success: false, errors: [{ statusCode: "ALL_OR_NONE_OPERATION_ROLLED_BACK" }] },
    { success: false },
    { success: false },
  ]);
  expect(await org.query("SELECT COUNT(Id) n FROM Contact")).toMatchObject([{ n: 1 }]);
  const [first] = body as unknown as { id: string }[];
  expect(
    (
      await org.api("PATCH", "composite/sobjects", {
        records: [{ attributes: { type: "Contact" }, id: first?.id, LastName: "c" }],
      })
    ).body,
  ).toMatchObject([{ success: true, id: first?.id }]);
  expect(
    (
      await org.api("POST", "composite/sobjects/Contact", {
        ids: ["003Sb000000zzzzAAA", first?.id],
        fields: ["LastName"],
      })
    ).body,
  ).toMatchObject([null, { LastName: "c" }]);
  expect((await org.api("DELETE", `composite/sobjects?ids=${first?.id},abc`)).body).toMatchObject([
    { success: true },
    { success: false, errors: [{ statusCode: "MALFORMED_ID" }] },
  ]);
  expect(
    (await org.api("POST", "composite/sobjects", { records: Array.from({ length: 201 }, () => records[0]) })).status,
  ).toBe(400);
});

test("a collection upserts by an external id and finds parents by theirs", async () => {
  const org = await startOrg();
  await org.api("POST", "sobjects/Account", { Name: "P", Vendor_Account_Id__c: "A1" });
  const record = (Ext__c: string, LastName: string) => ({
    attributes: { type: "Contact" },
    Ext__c,
    LastName,
    Account: { Vendor_Account_Id__c: "A1" },
  });
  const first = await org.api("PATCH", "composite/sobjects/Contact/Ext__c", {
    records: [record("1", "a"), record("2", "b"), record("1", "c")],
  });
  expect(first.body).toMatchObject([
    { success: true, created: true },
    { success: true, created: true },
    { success: false, errors: [{ statusCode: "DUPLICATE_VALUE" }] },
  ]);
  const second = await org.api("PATCH", "composite/sobjects/Contact/Ext__c", { records: [record("1", "d")] });
  expect(second.body).toMatchObject([{ success: true, created: false }]);
  expect(await org.query("SELECT LastName, Account.Name FROM Contact ORDER BY Ext__c")).toMatchObject([
    { LastName: "d", Account: { Name: "P" } },
    { LastName: "b" },
  ]);
});

test("a long query is paged, and its pages are those of its moment, each record once", async () => {
  const org = await startOrg();
  await fill(org, 4_500);
  const { body } = await org.api(
    "GET",
    `query?q=${encodeURIComponent("SELECT Ext__c, Owner.Alias FROM Contact ORDER BY LastName DESC")}`,
  );
  expect(body).toMatchObject({ totalSize: 4_500, done: false });
  await org.api("POST", "sobjects/Contact", { LastName: "Late", Ext__c: "LATE" });
  const seen = (body["records"] as Record<string, unknown>[]).map((record) => record["Ext__c"]);
  for (let next = body["nextRecordsUrl"]; next !== undefined; ) {
    const page = (await org.api("GET", String(next))).body;
    seen.push(...(page["records"] as Record<string, unknown>[]).map((record) => record["Ext__c"]));
    next = page["nextRecordsUrl"];
  }
  expect(seen.length).toBe(4_500);
  expect(new Set(seen).size).toBe(4_500);
  expect(seen.slice(0, 2)).toEqual(["K999", "K998"]);
  expect(refusedWith(await org.api("GET", "query/01g000000000000AAA-2000"))[1]).toBe("INVALID_QUERY_LOCATOR");
});

test("the page size is what the client asks for, within 200 and 2000", async () => {
  const org = await startOrg();
  await fill(org, 500);
  const page = async (size: number) => {
    const { body } = await org.api("GET", "query?q=SELECT+Id+FROM+Contact", undefined, {
      "sforce-query-options": `batchSize=${size}`,
    });
    return (body["records"] as unknown[]).length;
  };
  expect([await page(300), await page(1), await page(9999)]).toEqual([300, 200, 500]);
});

test("columns=true describes the result, as the Salesforce CLI wants it", async () => {
  const org = await startOrg();
  const { body } = await org.api("GET", "query?columns=true&q=SELECT+Name,Account.Name+FROM+Contact");
  expect(body).toMatchObject({
    entityName: "Contact",
    columnMetadata: [{ columnName: "Name", joinColumns: [] }, { columnName: "Account.Name" }],
  });
});

test("what loaders probe for is answered: polymorphic lookups, and objects that are not there", async () => {
  const org = await startOrg();
  expect(
    await org.query(
      "SELECT QualifiedApiName FROM FieldDefinition WHERE EntityDefinitionId = 'Task' AND IsPolymorphicForeignKey = true ORDER BY QualifiedApiName",
    ),
  ).toMatchObject([{ QualifiedApiName: "OwnerId" }, { QualifiedApiName: "WhatId" }, { QualifiedApiName: "WhoId" }]);
  for (const path of ["query?q=SELECT+Id+FROM+ScratchOrgInfo+limit+1", "tooling/query?q=SELECT+Id+FROM+SandboxProcess"])
    expect(refusedWith(await org.api("GET", path)).slice(0, 2)).toEqual([400, "INVALID_TYPE"]);
});

test("records of several types may form ten chunks, and headers that steer rules and duplicates are taken", async () => {
  const org = await startOrg();
  const alternating = (count: number) =>
    Array.from({ length: count }, (_, index) => (index % 2 === 0 ? "Account" : "Contact")).map((type) =>
      type === "Account" ? { attributes: { type }, Name: "x" } : { attributes: { type }, LastName: "x" },
    );
  const headers = { "Sforce-Duplicate-Rule-Header": "allowSave=true", "Sforce-Auto-Assign": "FALSE" };
  const taken = await org.api("POST", "composite/sobjects", { records: alternating(10) }, headers);
  expect([taken.status, taken.body.every((result) => (result as { success: boolean }).success)]).toEqual([200, true]);
  const refused = await org.api("POST", "composite/sobjects", { records: alternating(11) });
  expect([refused.status, refused.body]).toMatchObject([400, [{ errorCode: "LIMIT_EXCEEDED" }]]);
  expect(await org.dump("Account")).toHaveLength(5);
});
