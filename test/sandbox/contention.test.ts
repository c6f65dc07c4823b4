// Transactions that commit late, jobs that lock each other's parents, jobs that give up.

import { expect, test } from "vitest";
import { type Org, startOrg, temporaryFolder } from "./support.ts";

async function openJob(org: Org, csv: string, job: Record<string, unknown> = {}): Promise<string> {
  const { body } = await org.api("POST", "jobs/ingest", { object: "Contact", operation: "insert", ...job });
  await org.api("PUT", `jobs/ingest/${body["id"]}/batches`, csv);
  return String(body["id"]);
}

async function close(org: Org, id: string): Promise<Record<string, unknown>> {
  await org.api("PATCH", `jobs/ingest/${id}`, { state: "UploadComplete" });
  return org.finished(id);
}

async function account(org: Org, key: string): Promise<string> {
  const { body } = await org.api("POST", "sobjects/Account", { Name: key, Vendor_Account_Id__c: key });
  return String(body["id"]);
}

test("a row that commits late answers as written, is not seen, and shows up with the stamp of its write", async () => {
  const org = await startOrg();
  await org.api("POST", "sobjects/Contact", { LastName: "Before", Ext__c: "2" });
  await org.faults([{ match: "row Contact", nth: [2, 3], do: { commit_late_ms: 600_000 } }]);
  const upsert = { object: "Contact", operation: "upsert", externalIdFieldName: "Ext__c" };
  const job = await org.ingest(upsert, "Ext__c,LastName\n1,One\n2,Two\n3,Three\n4,Four\n");
  expect(job).toMatchObject({ numberRecordsProcessed: 4, numberRecordsFailed: 0 });
  const seen = await org.query("SELECT Ext__c, LastName FROM Contact ORDER BY Ext__c");
  expect(seen.map((row) => row["LastName"])).toEqual(["One", "Before", "Four"]);
  const [newest] = await org.query("SELECT SystemModstamp FROM Contact ORDER BY SystemModstamp DESC LIMIT 1");
  const committed = await org.api("POST", "/__sandbox/salesforce/commit-late");
  expect(committed.body).toEqual({ committed: 2 });
  const all = await org.query("SELECT Id, Ext__c, LastName, SystemModstamp FROM Contact ORDER BY Ext__c");
  expect(all.map((row) => row["LastName"])).toEqual(["One", "Two", "Three", "Four"]);
  for (const row of [all[1], all[2]])
    expect(Date.parse(String(row?.["SystemModstamp"]))).toBeLessThan(Date.parse(String(newest?.["SystemModstamp"])));
  const ids = (await org.results(job["id"], "successfulResults")).map((row) => row["sf__Id"]).sort();
  expect(ids).toEqual(all.map((row) => row["Id"]).sort());
});

test("REST writes commit late too, hold latestDateCovered back, and outlive a restart", async () => {
  const dataFolder = temporaryFolder();
  const org = await startOrg({ dataFolder });
  await org.faults([{ match: "row Contact", times: 1, do: { commit_late_ms: 120_000 } }]);
  const records = [
    { attributes: { type: "Contact" }, LastName: "Late" },
    { attributes: { type: "Contact" }, LastName: "Prompt" },
  ];
  expect((await org.api("POST", "composite/sobjects", { records })).body).toMatchObject([
    { success: true },
    { success: true },
  ]);
  const window = `start=${new Date(Date.now() - 600_000).toISOString()}&end=${new Date(Date.now() + 300_000).toISOString()}`;
  const updated = (await org.api("GET", `sobjects/Contact/updated/?${window}`)).body;
  expect(updated["ids"]).toHaveLength(1);
  expect(Date.parse(String(updated["latestDateCovered"]))).toBeLessThanOrEqual(Date.now() - 119_000);
  await org.close();
  const again = await startOrg({ dataFolder });
  await again.api("POST", "sobjects/Contact", { LastName: "Next" });
  expect((await again.api("POST", "/__sandbox/salesforce/commit-late")).body).toEqual({ committed: 1 });
  const names = (await again.query("SELECT LastName FROM Contact ORDER BY LastName")).map((row) => row["LastName"]);
  expect(names).toEqual(["Late", "Next", "Prompt"]);
});

test("rows under a parent that another job in flight writes under fail with the lock error, and only those", async () => {
  const org = await startOrg();
  const [shared, own] = [await account(org, "A1"), await account(org, "A2")];
  await org.api("POST", "/__sandbox/salesforce/locks", { sharedParents: true });
  const first = await openJob(org, `LastName,AccountId\nx,${shared}\ny,${own}\nz,\n`);
  const second = await openJob(org, "LastName,Account.Vendor_Account_Id__c\nv,a1\n");
  expect(await close(org, first)).toMatchObject({ state: "JobComplete", numberRecordsFailed: 1 });
  const failed = await org.results(first, "failedResults");
  expect(failed.map((row) => row["sf__Error"])).toEqual([
    `UNABLE_TO_LOCK_ROW:unable to obtain exclusive access to this record or 1 records: ${shared}:--`,
  ]);
  expect(await close(org, second)).toMatchObject({ state: "JobComplete", numberRecordsFailed: 0 });
  await org.api("POST", "/__sandbox/salesforce/locks", { sharedParents: false });
  const third = await openJob(org, `LastName,AccountId\nx,${shared}\n`);
  await openJob(org, `LastName,AccountId\nx,${shared}\n`);
  expect(await close(org, third)).toMatchObject({ numberRecordsFailed: 0 });
});

test("a job that writes the parent itself stands in the way of its children; an aborted one does not", async () => {
  const org = await startOrg();
  const shared = await account(org, "A1");
  await org.api("POST", "/__sandbox/salesforce/locks", { sharedParents: true });
  const upsert = { object: "Account", operation: "upsert", externalIdFieldName: "Vendor_Account_Id__c" };
  const parents = await openJob(org, "Vendor_Account_Id__c,Name\nA1,New\n", upsert);
  const children = `LastName,AccountId\nx,${shared}\n`;
  expect(await close(org, await openJob(org, children))).toMatchObject({ numberRecordsFailed: 1 });
  await org.api("PATCH", `jobs/ingest/${parents}`, { state: "Aborted" });
  expect(await close(org, await openJob(org, children))).toMatchObject({ numberRecordsFailed: 0 });
});

test("a job that gives up keeps what it did and gives back the rest as unprocessed", async () => {
  const org = await startOrg();
  const message = "TooManyLockFailure:Too many lock failures while processing the current batch";
  await org.faults([{ match: "job Contact", nth: [1], do: { jobError: message, afterRows: 2 } }]);
  const csv = "Ext__c,LastName\n1,One\n2,\n3,Three\n4,Four\n";
  const job = await org.ingest({ object: "Contact", operation: "insert" }, csv);
  expect(job).toMatchObject({
    state: "Failed",
    errorMessage: message,
    numberRecordsProcessed: 2,
    numberRecordsFailed: 1,
  });
  expect(await org.results(job["id"], "successfulResults")).toMatchObject([{ Ext__c: "1" }]);
  expect(await org.results(job["id"], "failedResults")).toMatchObject([{ Ext__c: "2" }]);
  const rest = await org.api("GET", `jobs/ingest/${job["id"]}/unprocessedrecords`);
  expect(rest.text).toBe("Ext__c,LastName\n3,Three\n4,Four\n");
  expect((await org.dump("Contact")).map((row) => row["Ext__c"])).toEqual(["1"]);
  expect(await org.ingest({ object: "Contact", operation: "insert" }, csv.replace("1,", "9,"))).toMatchObject({
    state: "JobComplete",
  });
});
