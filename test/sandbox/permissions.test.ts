// What the signed-in user may see and do: permissions over the org, on objects and on fields.

import { expect, test } from "vitest";
import { startSandbox } from "../../src/sandbox/sandbox.ts";
import { type Org, schema, startOrg, writeSchema } from "./support.ts";

type Described = Record<string, unknown> & { fields: Record<string, unknown>[] };

async function describe(org: Org, object: string): Promise<Described> {
  return (await org.api("GET", `sobjects/${object}/describe`)).body as unknown as Described;
}

/** The test schema with more said of its contacts. */
function withContact(restrictions: Record<string, unknown>, rest: Record<string, unknown> = {}): unknown {
  return {
    ...rest,
    salesforce: { ...schema.salesforce, Contact: { ...schema.salesforce.Contact, ...restrictions } },
  };
}

test("without API Enabled signing in works and every call is refused, until it is given", async () => {
  const org = await startOrg({ schema: { ...schema, permissions: { apiEnabled: false } } });
  const form = "grant_type=client_credentials&client_id=sandbox&client_secret=sandbox";
  const signedIn = await org.api("POST", "/services/oauth2/token", form, {
    "content-type": "application/x-www-form-urlencoded",
  });
  expect(signedIn.status).toBe(200);
  for (const path of ["limits", "sobjects", "query?q=SELECT+Id+FROM+Contact", "jobs/ingest"]) {
    const refused = await org.api("GET", path);
    expect([refused.status, refused.body]).toMatchObject([403, [{ errorCode: "API_DISABLED_FOR_ORG" }]]);
  }
  const changed = await org.api("POST", "/__sandbox/salesforce/permissions", { apiEnabled: true });
  expect(changed.body).toEqual({ apiEnabled: true, bulkHardDelete: false, viewSetup: true, viewAllData: true });
  expect((await org.api("GET", "limits")).status).toBe(200);
  await org.api("POST", "/__sandbox/reset");
  expect((await org.api("GET", "limits")).status).toBe(403);
});

test("without View Setup only the limits are refused", async () => {
  const org = await startOrg({ schema: { ...schema, permissions: { viewSetup: false } } });
  const refused = await org.api("GET", "limits");
  expect([refused.status, refused.body]).toMatchObject([403, [{ errorCode: "FUNCTIONALITY_NOT_ENABLED" }]]);
  expect((await org.api("GET", "sobjects")).status).toBe(200);
  const wrong = await org.api("POST", "/__sandbox/salesforce/permissions", { viewAll: true });
  expect(wrong.status).toBe(400);
});

test("object permissions show in describe and hold for every way to write", async () => {
  const org = await startOrg({ schema: withContact({ permissions: { createable: false, deletable: false } }) });
  expect(await describe(org, "Contact")).toMatchObject({ createable: false, updateable: true, deletable: false });
  expect((await describe(org, "Contact")).fields.some((field) => field["createable"])).toBe(false);
  const refusal = [
    { errorCode: "CANNOT_INSERT_UPDATE_ACTIVATE_ENTITY", message: "entity type cannot be inserted: Contact" },
  ];
  expect((await org.api("POST", "sobjects/Contact", { LastName: "x" })).body).toMatchObject(refusal);
  expect((await org.api("PATCH", "sobjects/Contact/Ext__c/1", { LastName: "x" })).body).toMatchObject(refusal);
  const records = [{ attributes: { type: "Contact" }, LastName: "x" }];
  expect((await org.api("POST", "composite/sobjects", { records })).body).toMatchObject([
    { success: false, errors: [{ statusCode: "CANNOT_INSERT_UPDATE_ACTIVATE_ENTITY" }] },
  ]);
  const job = (operation: string) =>
    org.api("POST", "jobs/ingest", { object: "Contact", operation, externalIdFieldName: "Ext__c" });
  expect((await job("upsert")).body).toMatchObject([
    { errorCode: "INVALIDJOB", message: "InvalidJob : No create/update access for object:Contact" },
  ]);
  expect((await job("delete")).body).toMatchObject([{ errorCode: "INVALIDJOB" }]);
  expect((await job("update")).status).toBe(200);
});

test("records can be neither changed nor deleted without the permission", async () => {
  const restricted = withContact({ permissions: { updateable: false, deletable: false } });
  const org = await startOrg({ seed: "demo", schema: restricted });
  const [contact] = await org.dump("Contact");
  const path = `sobjects/Contact/${contact?.["Id"]}`;
  expect((await org.api("PATCH", path, { LastName: "x" })).body).toMatchObject([
    { message: "entity type cannot be updated: Contact" },
  ]);
  expect((await org.api("DELETE", path)).body).toMatchObject([{ errorCode: "INSUFFICIENT_ACCESS_OR_READONLY" }]);
  expect((await org.api("DELETE", `composite/sobjects?ids=${contact?.["Id"]}`)).body).toMatchObject([
    { success: false, errors: [{ statusCode: "INSUFFICIENT_ACCESS_OR_READONLY" }] },
  ]);
  expect(await org.query("SELECT Id FROM Contact LIMIT 1")).toHaveLength(1);
});

test("an object without read permission is not there; one that is not queryable says so", async () => {
  const hidden = await startOrg({ seed: "demo", schema: withContact({ permissions: { readable: false } }) });
  expect((await hidden.api("GET", "sobjects/Contact/describe")).status).toBe(404);
  const { sobjects } = (await hidden.api("GET", "sobjects")).body as unknown as { sobjects: { name: string }[] };
  expect(sobjects.map(({ name }) => name)).not.toContain("Contact");
  await expect(hidden.query("SELECT Id FROM Contact")).rejects.toThrow("sObject type 'Contact' is not supported");
  expect((await hidden.dump("Contact")).length).toBeGreaterThan(0);
  const unqueryable = await startOrg({ schema: withContact({ permissions: { queryable: false } }) });
  expect(await describe(unqueryable, "Contact")).toMatchObject({ queryable: false });
  await expect(unqueryable.query("SELECT Id FROM Contact")).rejects.toThrow("does not support query");
});

test("a hidden field is nowhere to be seen, and keeps what it holds", async () => {
  const org = await startOrg({ schema: withContact({ hidden: ["Ext__c", "DoNotCall"] }) });
  const names = (await describe(org, "Contact")).fields.map((field) => field["name"]);
  expect(names).not.toContain("Ext__c");
  expect(names).toContain("Loose__c");
  await expect(org.query("SELECT Ext__c FROM Contact")).rejects.toThrow("No such column 'Ext__c' on entity 'Contact'");
  expect((await org.api("POST", "sobjects/Contact", { LastName: "x", Ext__c: "1" })).body).toMatchObject([
    { errorCode: "INVALID_FIELD", message: "No such column 'Ext__c' on sobject of type Contact" },
  ]);
  const job = await org.ingest({ object: "Contact", operation: "insert" }, "LastName,Ext__c\nx,1\n");
  expect(job).toMatchObject({ state: "Failed", errorMessage: "InvalidBatch : Field name not found : Ext__c" });
  const upsert = { object: "Contact", operation: "upsert", externalIdFieldName: "Ext__c" };
  expect((await org.api("POST", "jobs/ingest", upsert)).body).toMatchObject([{ errorCode: "INVALIDJOB" }]);
  await org.api("POST", "sobjects/Contact", { LastName: "plain" });
  expect(await org.dump("Contact")).toMatchObject([{ LastName: "plain", Ext__c: null, DoNotCall: false }]);
});

test("a hidden field gets its default, and a hidden part of an address stays out of the address", async () => {
  const org = await startOrg({
    seed: "demo",
    schema: { salesforce: { Case: { hidden: ["Priority"] }, Account: { hidden: ["BillingCity"] } } },
  });
  await org.api("POST", "sobjects/Case", { Subject: "x" });
  expect(await org.dump("Case")).toMatchObject([{ Subject: "x", Priority: "Medium" }]);
  const [account] = await org.query("SELECT BillingAddress FROM Account LIMIT 1");
  expect(account?.["BillingAddress"]).toMatchObject({ country: "Netherlands" });
  expect(account?.["BillingAddress"]).not.toHaveProperty("city");
});

test("an object that only the org writes can be hidden and not opened", async () => {
  const permissions = { createable: true, updateable: true, deletable: true };
  const org = await startOrg({
    schema: { salesforce: { Group: { permissions: { readable: false } }, User: { permissions } } },
  });
  expect((await org.api("GET", "sobjects/Group/describe")).status).toBe(404);
  expect(await describe(org, "User")).toMatchObject({ createable: false, updateable: false, deletable: false });
});

test("a readonly field is seen and refused where it is written", async () => {
  const org = await startOrg({ schema: withContact({ readonly: ["Title"] }) });
  const title = (await describe(org, "Contact")).fields.find((field) => field["name"] === "Title");
  expect(title).toMatchObject({ createable: false, updateable: false });
  const job = await org.ingest({ object: "Contact", operation: "insert" }, "LastName,Title\nx,Boss\ny,\n");
  expect(job).toMatchObject({ state: "JobComplete", numberRecordsFailed: 1 });
  const [failed] = await org.results(job["id"], "failedResults");
  expect(failed?.["sf__Error"]).toMatch(/^INVALID_FIELD_FOR_INSERT_UPDATE:Unable to create\/update fields: Title\./);
});

test("a schema file that restricts what cannot be restricted is a failure that names it", async () => {
  const start = (restrictions: Record<string, unknown>) =>
    startSandbox({
      salesforcePort: 0,
      hubspotPort: 0,
      seed: "empty",
      faultSeed: 1,
      schemaFile: writeSchema({ salesforce: { Contact: restrictions } }),
    });
  await expect(start({ hidden: ["LastName"] })).rejects.toThrow("names LastName");
  await expect(start({ readonly: ["Titel"] })).rejects.toThrow("names a field that is not there: Titel");
  await expect(start({ permissions: { editable: false } })).rejects.toThrow("the schema file is wrong");
});
