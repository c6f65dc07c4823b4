import { readdirSync } from "node:fs";
import { expect, test, vi } from "vitest";
import { startSandbox } from "../../src/sandbox/sandbox.ts";
import { schema, startOrg, temporaryFolder } from "./support.ts";

test("the demo org holds accounts with contacts, the empty one only what signing in needs", async () => {
  const demo = await startOrg({ seed: "demo" });
  expect((await demo.dump("Account")).length).toBeGreaterThanOrEqual(10);
  expect(await demo.query("SELECT COUNT(Id) n FROM Contact WHERE Account.Name = null")).toMatchObject([{ n: 0 }]);
  const empty = await startOrg();
  expect([await empty.dump("Account"), await empty.dump("Contact")]).toEqual([[], []]);
  expect((await empty.dump("User")).length).toBe(1);
});

test("the dump has every field of every record, in the order of their ids", async () => {
  const org = await startOrg();
  await org.ingest({ object: "Contact", operation: "insert" }, "LastName,Score__c\nb,1\na,\n");
  const rows = await org.dump("Contact");
  expect(rows).toMatchObject([
    { LastName: "b", Score__c: 1, Active__c: false, Email: null, IsDeleted: false },
    { LastName: "a", Score__c: null },
  ]);
  const described = (await org.api("GET", "sobjects/Contact/describe")).body["fields"] as {
    name: string;
    type: string;
  }[];
  expect(Object.keys(rows[0] ?? {}).sort()).toEqual(
    described
      .filter((field) => field.type !== "address")
      .map((field) => field.name)
      .sort(),
  );
  expect((await org.api("GET", "/__sandbox/salesforce/Nope")).status).toBe(404);
});

test("calls are counted by endpoint, jobs are listed, and a reset forgets it all", async () => {
  const org = await startOrg();
  await org.ingest({ object: "Account", operation: "insert" }, "Name\nx\n");
  expect((await org.api("GET", "/__sandbox/calls")).body).toMatchObject({
    "POST /services/data/{version}/jobs/ingest": 1,
    "PUT /services/data/{version}/jobs/ingest/{id}/batches": 1,
    "PATCH /services/data/{version}/jobs/ingest/{id}": 1,
  });
  expect((await org.api("GET", "/__sandbox/salesforce/jobs")).body).toMatchObject([
    { kind: "ingest", state: "JobComplete", recordsProcessed: 1 },
  ]);
  expect((await org.api("POST", "/__sandbox/reset")).status).toBe(204);
  expect((await org.api("GET", "/__sandbox/calls")).body).toEqual({});
  expect((await org.api("GET", "/__sandbox/salesforce/jobs")).body).toEqual([]);
  expect(await org.dump("Account")).toEqual([]);
  expect((await org.query("SELECT Id FROM User")).length).toBe(1);
});

test("calls count against the daily limit, which is reported, enforced, and over after a day", async () => {
  vi.useFakeTimers({ toFake: ["Date"], now: new Date("2026-01-01T00:00:00Z") });
  try {
    const org = await startOrg({ schema: { ...schema, limits: { DailyApiRequests: 3, DailyBulkV2QueryJobs: 0 } } });
    expect((await org.api("GET", "sobjects")).headers.get("sforce-limit-info")).toBe("api-usage=1/3");
    expect((await org.api("GET", "limits")).body).toMatchObject({ DailyApiRequests: { Max: 3, Remaining: 1 } });
    expect(
      (await org.api("POST", "jobs/query", { operation: "query", query: "SELECT Id FROM Account" })).body,
    ).toMatchObject([{ errorCode: "EXCEEDEDQUOTA" }]);
    expect(await org.api("GET", "limits")).toMatchObject({
      status: 403,
      body: [{ errorCode: "REQUEST_LIMIT_EXCEEDED", message: "TotalRequests Limit exceeded." }],
    });
    vi.setSystemTime(new Date("2026-01-02T00:00:01Z"));
    expect((await org.api("GET", "limits")).status).toBe(200);
  } finally {
    vi.useRealTimers();
  }
});

test("a wrong schema file is a failure of the caller that names what is wrong", async () => {
  const cases: [unknown, RegExp][] = [
    [{ salesforce: { Contact: { fields: { A__c: { type: "string", lenght: 5 } } } } }, /lenght/],
    [{ salesforce: { Contact: { fields: { A__c: { type: "text" } } } } }, /salesforce\.Contact\.fields\.A__c\.type/],
    [{ salesforce: { Contact: { fields: { Plain: { type: "string" } } } } }, /Contact\.Plain/],
    [{ salesforce: { Contct: { fields: {} } } }, /Contct/],
    [{ salesforce: { Contact: { fields: { A__c: { type: "reference", to: "Nope" } } } } }, /Nope/],
    [{ salesforce: { Contact: { fields: { A__c: { type: "reference" } } } } }, /A__c/],
    [{ hubspt: {} }, /hubspt/],
  ];
  for (const [content, named] of cases) {
    const failure = await startOrg({ schema: content }).catch(
      (error: unknown) => error as Error & { exitCode: number; why?: string },
    );
    expect(failure).toMatchObject({ exitCode: 2 });
    expect(`${(failure as Error).message} ${(failure as { why?: string }).why}`).toMatch(named);
  }
});

test("a port that is taken is a failure, and nothing is left behind", async () => {
  const org = await startOrg();
  const options = {
    salesforcePort: Number(new URL(org.origin).port),
    hubspotPort: 0,
    seed: "empty",
    faultSeed: 1,
  } as const;
  await expect(startSandbox(options)).rejects.toThrow(/cannot listen on port/);
});

test("without a data folder nothing stays after closing", async () => {
  const temporary = temporaryFolder();
  vi.stubEnv("TMPDIR", temporary);
  try {
    const sandbox = await startSandbox({ salesforcePort: 0, hubspotPort: 0, seed: "empty", faultSeed: 1 });
    expect(readdirSync(temporary).length).toBe(1);
    await sandbox.close();
    expect(readdirSync(temporary)).toEqual([]);
  } finally {
    vi.unstubAllEnvs();
  }
});

test("records, key prefixes and job ids go on where they were after a restart with more fields", async () => {
  const dataFolder = temporaryFolder();
  const first = await startOrg({ dataFolder, schema: { salesforce: { Zebra__c: { custom: true } } } });
  await first.ingest({ object: "Zebra__c", operation: "insert" }, "Name\none\n");
  await first.ingest({ object: "Contact", operation: "insert" }, "LastName\nOld\n");
  await first.close();
  const wider = {
    salesforce: {
      Ant__c: { custom: true },
      Zebra__c: { custom: true, fields: { Flag__c: { type: "boolean" } } },
      Contact: { fields: { New__c: { type: "string", externalId: true } } },
    },
  };
  const second = await startOrg({ dataFolder, schema: wider });
  const job = await second.ingest({ object: "Zebra__c", operation: "insert" }, "Name,Flag__c\ntwo,true\n");
  await second.ingest({ object: "Ant__c", operation: "insert" }, "Name\nthree\n");
  expect(await second.dump("Zebra__c")).toMatchObject([
    { Id: expect.stringMatching(/^a00\w+1IAA$/), Name: "one", Flag__c: false },
    { Id: expect.stringMatching(/^a00\w+2IAA$/), Name: "two", Flag__c: true },
  ]);
  expect(await second.dump("Ant__c")).toMatchObject([{ Id: expect.stringMatching(/^a01/) }]);
  expect(await second.dump("Contact")).toMatchObject([{ LastName: "Old", New__c: null }]);
  const jobs = (await second.api("GET", "jobs/ingest")).body["records"] as { id: string }[];
  expect(new Set(jobs.map(({ id }) => id)).size).toBe(4);
  expect(jobs.map(({ id }) => id)).toContain(job["id"]);
});

test("time passes, and goes back, when it is told to, for both systems of this sandbox alone", async () => {
  const org = await startOrg();
  const other = await startOrg();
  const hourMs = 3_600_000;
  const dateOf = async ({ api }: typeof org) => Date.parse((await api("GET", "sobjects")).headers.get("date") ?? "");
  const make = async () => {
    const { id } = (await org.api("POST", "sobjects/Account", { Name: "x" })).body;
    const [found] = await org.query(`SELECT SystemModstamp FROM Account WHERE Id = '${String(id)}'`);
    return Date.parse(String(found?.["SystemModstamp"]));
  };
  const before = await make();
  expect((await org.api("POST", "/__sandbox/clock", { advance_ms: 3 * hourMs })).status).toBe(200);
  const moved = await make();
  expect(moved - before).toBeGreaterThanOrEqual(3 * hourMs);
  expect(await dateOf(org)).toBeGreaterThanOrEqual(moved);
  expect(await dateOf(other)).toBeLessThan(moved - 2 * hourMs);
  await org.api("POST", "/__sandbox/clock", { advance_ms: -4 * hourMs });
  expect(await make()).toBeLessThan(before);
  const refused = await org.api("POST", "/__sandbox/clock", { advance_ms: 0.5 });
  expect([refused.status, refused.text]).toEqual([400, expect.stringContaining("advance_ms")]);
});
