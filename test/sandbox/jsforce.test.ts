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
  expect(info.organizationId).toBe("00Dsandbox00000EAA");
  expect((await connection.identity()).organization_id).toBe(info.organizationId);
  expect(connection.instanceUrl).toBe(org.origin);
});

test("a user name and a password sign in over SOAP where no client is named", async () => {
  const org = await startOrg();
  const connection = new Connection({ loginUrl: org.origin, version: "64.0" });
  const info = await connection.login("etl@acme.com", "sandbox");
  expect([info.organizationId, connection.instanceUrl]).toEqual(["00Dsandbox00000EAA", org.origin]);
  expect((await connection.identity()).username).toBe("sandbox@loadline.example");
  const refused = new Connection({ loginUrl: org.origin, version: "64.0" });
  await expect(refused.login("etl@acme.com", "wrong")).rejects.toThrow("INVALID_LOGIN: Invalid username, password");
  const newer = new Connection({ loginUrl: org.origin, version: "66.0" });
  await expect(newer.login("etl@acme.com", "sandbox")).rejects.toThrow("UNSUPPORTED_API_VERSION");
});

test("a user name, a password and a client sign in over OAuth, and an expired token is renewed by them", async () => {
  const org = await startOrg();
  const oauth2 = { loginUrl: org.origin, clientId: "sandbox", clientSecret: "sandbox" };
  const connection = new Connection({ loginUrl: org.origin, version: "66.0", oauth2 });
  await connection.login("etl@acme.com", "sandbox");
  await fetch(`${org.origin}/services/oauth2/revoke`, {
    method: "POST",
    body: new URLSearchParams({ token: String(connection.accessToken) }),
  });
  expect((await connection.query("SELECT Id FROM User")).totalSize).toBe(1);
});

test("a refresh token keeps a connection going", async () => {
  const org = await startOrg();
  const connection = new Connection({
    oauth2: { loginUrl: org.origin, clientId: "sandbox", clientSecret: "sandbox" },
    instanceUrl: org.origin,
    accessToken: "00Dsandbox00000!expired",
    refreshToken: "sandbox",
    version: "66.0",
  });
  expect((await connection.sobject("Contact").find({})).length).toBe(0);
  expect(connection.accessToken).not.toBe("00Dsandbox00000!expired");
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

test("deleted and updated records are told, merged and purged ones too, and queryAll sees the recycle bin", async () => {
  const org = await startOrg();
  const connection = connectTo(org);
  const contacts = connection.sobject("Contact");
  const made = await contacts.create(["Kept", "Merged", "Purged"].map((LastName) => ({ LastName })));
  const [kept, merged, purged] = made.map(({ id }) => String(id));
  await org.api("POST", "/__sandbox/salesforce/merge", { object: "Contact", master: kept, merged: [merged] });
  await contacts.destroy(String(purged));
  await org.api("POST", "/__sandbox/salesforce/purge", { object: "Contact", ids: [purged] });
  const [start, end] = [new Date(Date.now() - 300_000), new Date(Date.now() + 300_000)];
  const deleted = await contacts.deleted(start, end);
  expect(deleted.deletedRecords.map(({ id }) => id).sort()).toEqual([merged, purged].sort());
  expect(Date.parse(deleted.earliestDateAvailable)).toBeLessThan(start.getTime());
  const updated = await contacts.updated(start.toISOString(), end.toISOString());
  expect(updated.ids).toEqual([kept]);
  expect(Date.parse(updated.latestDateCovered)).toBeLessThanOrEqual(end.getTime());
  const soql = "SELECT Id, MasterRecordId FROM Contact WHERE IsDeleted = true";
  const all = await connection.query(soql, { scanAll: true });
  expect(all.records).toMatchObject([{ Id: merged, MasterRecordId: kept }]);
  await expect(contacts.deleted(end, start)).rejects.toMatchObject({ errorCode: "INVALID_REPLICATION_DATE" });
});

test("bulk2 inserts, updates and deletes by one job each, and a hard delete that is not allowed is refused", async () => {
  const org = await startOrg();
  const connection = connectTo(org);
  connection.bulk2.pollInterval = 20;
  const load = (operation: "insert" | "update" | "delete", input: Record<string, string>[]) =>
    connection.bulk2.loadAndWaitForResults({ object: "Contact", operation, input });
  const inserted = await load("insert", [{ LastName: "One" }, { LastName: "Two" }]);
  const ids = inserted.successfulResults.map((row) => row.sf__Id).sort();
  expect(ids).toHaveLength(2);
  const updated = await load(
    "update",
    ids.map((Id) => ({ Id, Title: "Boss" })),
  );
  expect(updated.successfulResults).toHaveLength(2);
  await load("delete", [{ Id: String(ids[0]) }]);
  expect(await org.query("SELECT Id, Title FROM Contact")).toMatchObject([{ Id: ids[1], Title: "Boss" }]);
  const job = connection.bulk2.createJob({ object: "Contact", operation: "hardDelete" });
  await expect(job.open()).rejects.toMatchObject({ errorCode: "FEATURENOTENABLED" });
});

test("a describe of everything, and one of an object that is not there", async () => {
  const connection = connectTo(await startOrg());
  const { sobjects } = await connection.describeGlobal();
  expect(sobjects.filter(({ createable }) => createable).map(({ name }) => name)).toContain("Case");
  await expect(connection.describe("Nothing")).rejects.toMatchObject({ errorCode: "NOT_FOUND" });
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
