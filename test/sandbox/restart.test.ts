// The sandbox is killed with SIGKILL at different moments and started again on the same data.

import { expect, test } from "vitest";
import { startProcess } from "./process.ts";
import { connect, type Org, schema, temporaryFolder, writeSchema } from "./support.ts";

interface Running {
  org: Org;
  kill(): Promise<void>;
}

async function start(dataFolder: string, schemaFile: string): Promise<Running> {
  const { salesforce, kill } = await startProcess(dataFolder, schemaFile);
  return { org: connect(salesforce, kill), kill };
}

function rowsOf(count: number): string {
  return Array.from({ length: count }, (_, index) => `K${index},Name ${index}`).join("\n");
}

async function progress(org: Org, id: unknown): Promise<number> {
  return Number((await org.api("GET", `jobs/ingest/${String(id)}`)).body["numberRecordsProcessed"]);
}

test("a job that is killed again and again ends with every row once, in its records and in its results", async () => {
  const [dataFolder, schemaFile, count] = [temporaryFolder(), writeSchema(schema), 8_000];
  let running = await start(dataFolder, schemaFile);
  const { body: job } = await running.org.api("POST", "jobs/ingest", { object: "Contact", operation: "insert" });
  await running.org.api("PUT", `jobs/ingest/${String(job["id"])}/batches`, `Ext__c,LastName\n${rowsOf(count)}\n`);
  await running.org.api("PATCH", `jobs/ingest/${String(job["id"])}`, { state: "UploadComplete" });
  const stops: number[] = [];
  for (let processed = 0; processed < count; ) {
    const before = processed;
    while (processed === before) processed = await progress(running.org, job["id"]);
    stops.push(processed);
    await running.kill();
    running = await start(dataFolder, schemaFile);
    expect(await progress(running.org, job["id"])).toBeGreaterThanOrEqual(processed);
  }
  expect(stops.length).toBeGreaterThan(1);
  expect(await running.org.finished(job["id"])).toMatchObject({
    state: "JobComplete",
    numberRecordsProcessed: count,
    numberRecordsFailed: 0,
  });
  const keys = (rows: Record<string, unknown>[]) => new Set(rows.map((row) => row["Ext__c"]));
  const stored = await running.org.dump("Contact");
  const results = await running.org.results(job["id"], "successfulResults");
  expect([stored.length, keys(stored).size, results.length, keys(results).size]).toEqual([count, count, count, count]);
  expect(new Set(stored.map((row) => row["Id"]))).toEqual(new Set(results.map((row) => row["sf__Id"])));
});

test("what was acknowledged before the kill is there, what was not is not half there", async () => {
  const [dataFolder, schemaFile] = [temporaryFolder(), writeSchema(schema)];
  const first = await start(dataFolder, schemaFile);
  const upsert = { object: "Contact", operation: "upsert", externalIdFieldName: "Ext__c" };
  await first.org.api("POST", "sobjects/Account", { Name: "Kept" });
  const { body: open } = await first.org.api("POST", "jobs/ingest", upsert);
  const { body: uploaded } = await first.org.api("POST", "jobs/ingest", upsert);
  await first.org.api("PUT", `jobs/ingest/${String(uploaded["id"])}/batches`, "Ext__c,LastName\nA,B\n");
  const { body: half } = await first.org.api("POST", "jobs/ingest", upsert);
  const controller = new AbortController();
  const upload = fetch(`${first.org.origin}/services/data/v66.0/jobs/ingest/${String(half["id"])}/batches`, {
    method: "PUT",
    headers: { authorization: "Bearer 00Dsandbox0000001!loadline", "content-type": "text/csv" },
    body: new ReadableStream({ start: (stream) => stream.enqueue(new TextEncoder().encode("Ext__c,LastName\nX,Y\n")) }),
    duplex: "half",
    signal: controller.signal,
  } as RequestInit).catch(() => "lost");
  await first.org.api("GET", "limits");
  await first.kill();
  controller.abort();
  expect(await upload).toBe("lost");
  const { org } = await start(dataFolder, schemaFile);
  expect(await org.query("SELECT Name FROM Account")).toMatchObject([{ Name: "Kept" }]);
  for (const { id } of [open, uploaded, half] as { id?: unknown }[])
    expect((await org.api("GET", `jobs/ingest/${String(id)}`)).body).toMatchObject({
      state: "Open",
      numberRecordsProcessed: 0,
    });
  await org.api("PATCH", `jobs/ingest/${String(uploaded["id"])}`, { state: "UploadComplete" });
  expect(await org.finished(uploaded["id"])).toMatchObject({ state: "JobComplete", numberRecordsProcessed: 1 });
  expect((await org.api("PUT", `jobs/ingest/${String(half["id"])}/batches`, "Ext__c,LastName\nX,Y\n")).status).toBe(
    201,
  );
});

test("a query that was killed under way gives the whole result, and locators go on working", async () => {
  const [dataFolder, schemaFile, count] = [temporaryFolder(), writeSchema(schema), 8_000];
  const first = await start(dataFolder, schemaFile);
  await first.org.ingest({ object: "Contact", operation: "insert" }, `Ext__c,LastName\n${rowsOf(count)}\n`);
  const { body: query } = await first.org.api("POST", "jobs/query", {
    operation: "query",
    query: "SELECT Ext__c, LastName, Owner.Name FROM Contact",
  });
  await first.kill();
  const second = await start(dataFolder, schemaFile);
  expect(await second.org.finished(query["id"], "query")).toMatchObject({
    state: "JobComplete",
    numberRecordsProcessed: count,
  });
  const page = `jobs/query/${String(query["id"])}/results?maxRecords=6000`;
  const locator = (await second.org.api("GET", page)).headers.get("sforce-locator");
  const rest = (await second.org.api("GET", `${page}&locator=${locator}`)).text;
  await second.kill();
  const third = await start(dataFolder, schemaFile);
  expect((await third.org.api("GET", `${page}&locator=${locator}`)).text).toBe(rest);
  expect(rest.split("\n").length).toBe(2_002);
});
