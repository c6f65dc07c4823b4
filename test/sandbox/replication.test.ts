// Records merged, emptied from the recycle bin and deleted for good, and what a replica hears of it.

import { expect, test } from "vitest";
import { type Answered, type Org, startOrg, temporaryFolder } from "./support.ts";

const minute = 60_000;

function at(offsetMs: number): string {
  return new Date(Date.now() + offsetMs).toISOString();
}

function control(org: Org, name: string, body: unknown): Promise<Answered> {
  return org.api("POST", `/__sandbox/salesforce/${name}`, body);
}

function span(org: Org, kind: "deleted" | "updated", object: string, start: string, end: string): Promise<Answered> {
  return org.api(
    "GET",
    `sobjects/${object}/${kind}/?start=${encodeURIComponent(start)}&end=${encodeURIComponent(end)}`,
  );
}

async function create(org: Org, object: string, record: unknown): Promise<string> {
  const { body, text } = await org.api("POST", `sobjects/${object}`, record);
  if (body["success"] !== true) throw new Error(text);
  return String(body["id"]);
}

async function deletedIds(org: Org, object: string): Promise<unknown[]> {
  const { body } = await span(org, "deleted", object, at(-5 * minute), at(5 * minute));
  return (body["deletedRecords"] as { id: string }[]).map(({ id }) => id);
}

async function queryAll(org: Org, soql: string): Promise<Record<string, unknown>[]> {
  return (await org.api("GET", `queryAll?q=${encodeURIComponent(soql)}`)).body["records"] as Record<string, unknown>[];
}

test("a merge deletes the merged records under their master, moves their children there and stamps all of them", async () => {
  const org = await startOrg();
  const [master, merged] = [
    await create(org, "Account", { Name: "Kept" }),
    await create(org, "Account", { Name: "Merged" }),
  ];
  const contact = await create(org, "Contact", { LastName: "Child", AccountId: merged });
  const subsidiary = await create(org, "Account", { Name: "Sub", ParentId: merged });
  await org.faults([{ match: "row Account", do: { backdate_ms: 3_600_000 } }]);
  await org.api("PATCH", `sobjects/Account/${master}`, { Site: "old" });
  await org.api("PATCH", `sobjects/Account/${master}`, { ParentId: null });
  const before = (await org.dump("Account")).find((row) => row["Id"] === master);
  expect((await control(org, "merge", { object: "Account", master, merged: [merged.slice(0, 15)] })).status).toBe(204);
  expect(await queryAll(org, `SELECT IsDeleted, MasterRecordId FROM Account WHERE Id = '${merged}'`)).toMatchObject([
    { IsDeleted: true, MasterRecordId: master },
  ]);
  expect(await org.query("SELECT Id FROM Account ORDER BY Id")).toHaveLength(2);
  expect(await org.query(`SELECT AccountId FROM Contact WHERE Id = '${contact}'`)).toMatchObject([
    { AccountId: master },
  ]);
  expect(await org.query(`SELECT ParentId FROM Account WHERE Id = '${subsidiary}'`)).toMatchObject([
    { ParentId: master },
  ]);
  const after = (await org.dump("Account")).find((row) => row["Id"] === master);
  expect(String(after?.["SystemModstamp"]) > String(before?.["SystemModstamp"])).toBe(true);
  expect(await deletedIds(org, "Account")).toEqual([merged]);
});

test("a master that pointed to a merged record does not point to itself afterwards", async () => {
  const org = await startOrg();
  const merged = await create(org, "Account", { Name: "Merged" });
  const master = await create(org, "Account", { Name: "Kept", ParentId: merged });
  await control(org, "merge", { object: "Account", master, merged: [merged] });
  expect(await org.query("SELECT Id, ParentId FROM Account")).toMatchObject([{ Id: master, ParentId: null }]);
});

test("only live records of an object that can be merged are merged", async () => {
  const org = await startOrg();
  const [one, two] = [await create(org, "Contact", { LastName: "1" }), await create(org, "Contact", { LastName: "2" })];
  const task = await create(org, "Task", { Subject: "x" });
  const refused = async (body: unknown) => (await control(org, "merge", body)).body[0];
  expect(await refused({ object: "Contact", master: one, merged: [one] })).toMatchObject({
    errorCode: "INVALID_ID_FIELD",
  });
  expect(await refused({ object: "Task", master: task, merged: [task] })).toMatchObject({ errorCode: "INVALID_TYPE" });
  await org.api("DELETE", `sobjects/Contact/${two}`);
  expect(await refused({ object: "Contact", master: one, merged: [two] })).toMatchObject({
    errorCode: "ENTITY_IS_DELETED",
  });
  expect(await refused({ object: "Contact", master: one })).toMatchObject({ errorCode: "JSON_PARSER_ERROR" });
  const { body } = await org.api("GET", "sobjects/Contact/describe");
  expect(body["mergeable"]).toBe(true);
  expect((body["fields"] as { name: string }[]).map(({ name }) => name)).toContain("MasterRecordId");
});

test("what the recycle bin has lost is gone from queryAll, still in the delete log, and its id is not used again", async () => {
  const folder = temporaryFolder();
  const first = await startOrg({ dataFolder: folder });
  const id = await create(first, "Contact", { LastName: "Gone" });
  expect((await control(first, "purge", { object: "Contact", ids: [id] })).status).toBe(400);
  await first.api("DELETE", `sobjects/Contact/${id}`);
  expect(await queryAll(first, "SELECT Id FROM Contact")).toHaveLength(1);
  expect((await control(first, "purge", { object: "Contact", ids: [id] })).status).toBe(204);
  expect(await queryAll(first, "SELECT Id FROM Contact")).toEqual([]);
  await first.close();
  const second = await startOrg({ dataFolder: folder });
  expect(await deletedIds(second, "Contact")).toEqual([id]);
  expect(await create(second, "Contact", { LastName: "Next" })).not.toBe(id);
});

test("deleted tells each record that went, children that went along too, and nothing else", async () => {
  const org = await startOrg();
  const account = await create(org, "Account", { Name: "Parent" });
  const contact = await create(org, "Contact", { LastName: "Child", AccountId: account });
  await create(org, "Contact", { LastName: "Stays" });
  await org.api("DELETE", `sobjects/Account/${account}`);
  expect(await deletedIds(org, "Account")).toEqual([account]);
  const { body } = await span(org, "deleted", "Contact", at(-5 * minute), at(5 * minute));
  expect(body).toEqual({
    deletedRecords: [
      { id: contact, deletedDate: expect.stringMatching(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.000\+0000$/) },
    ],
    earliestDateAvailable: expect.stringMatching(/\+0000$/),
    latestDateCovered: expect.stringMatching(/\+0000$/),
  });
  expect(await deletedIds(org, "Lead")).toEqual([]);
  const earlier = await span(org, "deleted", "Contact", at(-9 * minute), at(-3 * minute));
  expect(earlier.body["deletedRecords"]).toEqual([]);
});

test("updated tells live records that changed", async () => {
  const org = await startOrg();
  await org.faults([{ match: "row Contact", nth: [1], do: { backdate_ms: 60 * minute } }]);
  const old = await create(org, "Contact", { LastName: "Old" });
  const fresh = await create(org, "Contact", { LastName: "Fresh" });
  const gone = await create(org, "Contact", { LastName: "Gone" });
  await org.api("DELETE", `sobjects/Contact/${gone}`);
  expect((await span(org, "updated", "Contact", at(-5 * minute), at(5 * minute))).body["ids"]).toEqual([fresh]);
  expect((await span(org, "updated", "Contact", at(-90 * minute), at(-30 * minute))).body["ids"]).toEqual([old]);
});

test("spans that Salesforce refuses are refused", async () => {
  const org = await startOrg();
  const day = 24 * 60 * minute;
  const code = async (kind: "deleted" | "updated", start: string, end: string) => {
    const { status, body } = await span(org, kind, "Contact", start, end);
    return status === 200 ? 200 : (body[0] as { errorCode: string }).errorCode;
  };
  for (const kind of ["deleted", "updated"] as const) {
    expect(await code(kind, at(0), at(-minute))).toBe("INVALID_REPLICATION_DATE");
    expect(await code(kind, at(0), at(0))).toBe("INVALID_REPLICATION_DATE");
    expect(await code(kind, "yesterday", at(0))).toBe("INVALID_REPLICATION_DATE");
    expect(await code(kind, at(-31 * day), at(0))).toBe("INVALID_REPLICATION_DATE");
  }
  expect(await code("deleted", at(-16 * day), at(0))).toBe("INVALID_REPLICATION_DATE");
  expect(await code("updated", at(-16 * day), at(0))).toBe(200);
  expect((await span(org, "updated", "Nothing", at(-minute * 2), at(0))).status).toBe(404);
});

test("more ids than one answer may carry are refused, not cut", async () => {
  const org = await startOrg();
  await org.ingest({ object: "Contact", operation: "insert" }, "LastName\nA\nB\nC\n");
  for (const row of await org.dump("Contact")) await org.api("DELETE", `sobjects/Contact/${row["Id"]}`);
  await control(org, "delete-log", { maxIds: 3 });
  expect(await deletedIds(org, "Contact")).toHaveLength(3);
  await control(org, "delete-log", { maxIds: 2 });
  const refused = await span(org, "deleted", "Contact", at(-5 * minute), at(5 * minute));
  expect([refused.status, refused.body]).toMatchObject([400, [{ errorCode: "EXCEEDED_ID_LIMIT" }]]);
});

test("a delete log that starts late says so, and tells nothing from before", async () => {
  const org = await startOrg();
  const id = await create(org, "Contact", { LastName: "Gone" });
  await org.api("DELETE", `sobjects/Contact/${id}`);
  const earliest = new Date(Date.now() + 2 * minute);
  await control(org, "delete-log", { earliest: earliest.toISOString() });
  const { body } = await span(org, "deleted", "Contact", at(-5 * minute), at(5 * minute));
  expect(body["earliestDateAvailable"]).toBe(earliest.toISOString().replace("Z", "+0000"));
  expect(body["deletedRecords"]).toEqual([]);
  await control(org, "delete-log", {});
  expect(await deletedIds(org, "Contact")).toEqual([id]);
});

test("seconds of start and end are ignored unless a test asks for them", async () => {
  const org = await startOrg();
  const id = await create(org, "Contact", { LastName: "Gone" });
  await org.api("DELETE", `sobjects/Contact/${id}`);
  const nextSecond = at(1000);
  const { body } = await span(org, "deleted", "Contact", at(-5 * minute), nextSecond);
  expect(String(body["latestDateCovered"])).toMatch(/:00\.000\+0000$/);
  await control(org, "delete-log", { seconds: true });
  expect((await span(org, "deleted", "Contact", at(-minute), nextSecond)).body["deletedRecords"]).toMatchObject([
    { id },
  ]);
});

test("a bulk hard delete needs the permission, bypasses the recycle bin and is in the delete log", async () => {
  const org = await startOrg();
  await org.ingest({ object: "Contact", operation: "insert" }, "LastName\nA\nB\n");
  const [first, second] = (await org.dump("Contact")).map((row) => String(row["Id"]));
  const refused = await org.api("POST", "jobs/ingest", { object: "Contact", operation: "hardDelete" });
  expect([refused.status, refused.body]).toMatchObject([400, [{ errorCode: "FEATURENOTENABLED" }]]);
  await control(org, "permissions", { bulkHardDelete: true });
  const job = await org.ingest({ object: "Contact", operation: "hardDelete" }, `Id\n${first}\n${first}\n`);
  expect(job).toMatchObject({ state: "JobComplete", numberRecordsProcessed: 2, numberRecordsFailed: 1 });
  expect(await queryAll(org, "SELECT Id FROM Contact")).toMatchObject([{ Id: second }]);
  expect(await deletedIds(org, "Contact")).toEqual([first]);
});
