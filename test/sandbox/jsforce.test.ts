// An unmodified client library that others wrote works against the sandbox.

import { Connection } from "jsforce";
import { expect, test } from "vitest";
import { type Org, startOrg, token } from "./support.ts";

function connectTo(org: Org): Connection {
  return new Connection({ instanceUrl: org.origin, accessToken: token, version: "66.0" });
}

test("signing in with client credentials sets the connection up", async () => {
  const org = await startOrg();
  const connection = new Connection({
    loginUrl: org.origin,
    instanceUrl: org.origin,
    oauth2: { loginUrl: org.origin, clientId: "sandbox", clientSecret: "sandbox" },
  });
  const info = await connection.authorize({ grant_type: "client_credentials" });
  expect(info.organizationId).toBe("00Dsandbox00001EAA");
  expect((await connection.identity()).organization_id).toBe(info.organizationId);
  expect(connection.instanceUrl).toBe(org.origin);
});

test("records are created, queried over pages, updated, upserted, described and deleted", async () => {
  const org = await startOrg();
  const connection = connectTo(org);
  const created = await connection
    .sobject("Account")
    .create(Array.from({ length: 150 }, (_, index) => ({ Name: `Account ${index}` })));
  expect(created.every((result) => result.success)).toBe(true);
  const rows = Array.from({ length: 2_300 }, (_, index) => `K${index},Name ${index}`).join("\n");
  await org.ingest({ object: "Contact", operation: "insert" }, `Ext__c,LastName\n${rows}\n`);
  const all = await connection.query("SELECT Id, Ext__c FROM Contact", { autoFetch: true, maxFetch: 10_000 });
  expect(all.records.length).toBe(2_300);
  const { id } = await connection.sobject("Contact").create({ LastName: "Ada", Ext__c: "ADA" });
  await connection.sobject("Contact").update({ Id: String(id), FirstName: "Lady" });
  await connection.sobject("Contact").upsert({ Ext__c: "ADA", LastName: "Lovelace" }, "Ext__c");
  expect(await connection.sobject("Contact").retrieve(String(id))).toMatchObject({
    Name: "Lady Lovelace",
    Ext__c: "ADA",
  });
  expect((await connection.sobject("Contact").describe()).fields.length).toBeGreaterThan(50);
  await connection.sobject("Contact").destroy(String(id));
  expect(await connection.sobject("Contact").count({ Ext__c: "ADA" })).toBe(0);
  expect(connection.limitInfo?.apiUsage?.limit).toBe(100_000);
});

test("refusals are errors with Salesforce's code", async () => {
  const connection = connectTo(await startOrg());
  await expect(connection.query("SELECT Nope FROM Contact")).rejects.toMatchObject({ errorCode: "INVALID_FIELD" });
  await expect(connection.sobject("Contact").create({ FirstName: "x" })).rejects.toMatchObject({
    errorCode: "REQUIRED_FIELD_MISSING",
  });
});

test("bulk2 loads and waits, and its three result sets add up", async () => {
  const org = await startOrg();
  const connection = connectTo(org);
  connection.bulk2.pollInterval = 20;
  const results = await connection.bulk2.loadAndWaitForResults({
    object: "Contact",
    operation: "upsert",
    externalIdFieldName: "Ext__c",
    input: [
      { Ext__c: "1", LastName: "One", Active__c: true, Score__c: 1.5 },
      { Ext__c: "2", LastName: null, Active__c: false, Score__c: null },
    ],
  });
  expect(results.successfulResults).toMatchObject([{ sf__Created: "true", Ext__c: "1" }]);
  expect(results.failedResults).toMatchObject([
    { sf__Error: "REQUIRED_FIELD_MISSING:Required fields are missing: [LastName]:LastName --", Ext__c: "2" },
  ]);
  expect(results.unprocessedRecords).toEqual([]);
  expect(await org.query("SELECT LastName, Active__c FROM Contact")).toMatchObject([
    { LastName: "One", Active__c: true },
  ]);
});

test("bulk2 queries", async () => {
  const org = await startOrg({ seed: "demo" });
  const connection = connectTo(org);
  connection.bulk2.pollInterval = 20;
  const stream = await connection.bulk2.query("SELECT Id, Name, Account.Name FROM Contact");
  const records = await stream.toArray();
  expect(records.length).toBe((await org.dump("Contact")).length);
  expect(records[0]).toMatchObject({ Name: "Annika de Vries" });
});
