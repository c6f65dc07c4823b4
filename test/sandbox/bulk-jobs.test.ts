// Ingest jobs of the sandbox, and what they refuse.

import { gzipSync } from "node:zlib";
import { afterEach, expect, test, vi } from "vitest";
import { refusedWith, upsert } from "./bulk-ingest-support.ts";
import { startOrg, token } from "./support.ts";

afterEach(() => vi.useRealTimers());
test("a job goes through its states, and each allows only what it should", async () => {
  const org = await startOrg();
  const { body: job } = await org.api("POST", "jobs/ingest", upsert);
  const path = `jobs/ingest/${String(job["id"])}`;
  expect(job).toMatchObject({
    state: "Open",
    apiVersion: 66,
    contentUrl: `services/data/v66.0/${path}/batches`,
    lineEnding: "LF",
    columnDelimiter: "COMMA",
  });
  expect(String(job["id"])).toMatch(/^750\w{15}$/);
  expect(refusedWith(await org.api("DELETE", path))).toEqual([
    400,
    "API_ERROR",
    "Error encountered when deleting the job because the job is not terminated",
  ]);
  expect((await org.api("PUT", `${path}/batches`, "Ext__c,LastName\nA,B\n")).status).toBe(201);
  const closed = await org.api("PATCH", path, { state: "UploadComplete" });
  expect(closed.body).toMatchObject({ state: "UploadComplete" });
  expect(closed.body).not.toHaveProperty("contentUrl");
  expect(refusedWith(await org.api("PUT", `${path}/batches`, "Ext__c,LastName\nA,B\n"))[1]).toBe("INVALIDJOBSTATE");
  await org.finished(job["id"]);
  expect(refusedWith(await org.api("PATCH", path, { state: "Aborted" }))).toEqual([
    400,
    "INVALIDJOBSTATE",
    "Aborting already Completed Job not allowed",
  ]);
  expect(refusedWith(await org.api("PATCH", path, { state: "UploadComplete" }))[1]).toBe("INVALIDJOBSTATE");
  expect((await org.api("DELETE", `${path}/`)).status).toBe(204);
  expect(refusedWith(await org.api("GET", path))).toEqual([404, "NOT_FOUND", "The requested resource does not exist"]);
});

test("an aborted job is never processed and gives its rows back as unprocessed", async () => {
  const org = await startOrg();
  const { body: job } = await org.api("POST", "jobs/ingest", upsert);
  const path = `jobs/ingest/${String(job["id"])}`;
  await org.api("PUT", `${path}/batches`, "Ext__c,LastName\nA,B\n");
  expect((await org.api("PATCH", path, { state: "Aborted" })).body).toMatchObject({ state: "Aborted" });
  expect((await org.api("GET", `${path}/unprocessedrecords`)).text).toBe("Ext__c,LastName\nA,B\n");
  expect(await org.query("SELECT Id FROM Contact")).toEqual([]);
});

test("a second upload makes the job unusable", async () => {
  const org = await startOrg();
  const { body: job } = await org.api("POST", "jobs/ingest", upsert);
  const path = `jobs/ingest/${String(job["id"])}`;
  await org.api("PUT", `${path}/batches`, "Ext__c,LastName\nA,B\n");
  const poisoned = [400, "INVALIDJOB", expect.stringContaining("Found multipe contents for job: <750")];
  expect(refusedWith(await org.api("PUT", `${path}/batches`, "Ext__c,LastName\nA,B\n"))).toEqual(poisoned);
  expect(refusedWith(await org.api("PATCH", path, { state: "UploadComplete" }))).toEqual(poisoned);
  expect((await org.api("PATCH", path, { state: "Aborted" })).status).toBe(200);
});

test("jobs that cannot work are refused when they are created", async () => {
  const org = await startOrg();
  const refusal = async (job: unknown) => refusedWith(await org.api("POST", "jobs/ingest", job));
  expect(await refusal({ ...upsert, object: "Nope" })).toEqual([
    400,
    "INVALIDJOB",
    "InvalidJob : Unable to find object: Nope",
  ]);
  expect(await refusal({ ...upsert, externalIdFieldName: "LastName" })).toEqual([
    400,
    "INVALIDJOB",
    "InvalidJob : Field name provided, LastName does not match an External ID for Contact",
  ]);
  expect(await refusal({ object: "Contact", operation: "" })).toEqual([
    400,
    "API_ERROR",
    "Invalid value: '' supplied for property: 'operation'",
  ]);
  expect((await refusal({ object: "Contact", operation: "hardDelete" }))[1]).toBe("FEATURENOTENABLED");
  expect(refusedWith(await org.api("POST", "jobs/ingest", "{"))[1]).toBe("JSON_PARSER_ERROR");
});

test("a multipart request creates, fills and closes a job at once", async () => {
  const org = await startOrg();
  const parts = [
    '--B\r\nContent-Disposition: form-data; name="job"\r\nContent-Type: application/json\r\n\r\n',
    JSON.stringify(upsert),
    '\r\n--B\r\nContent-Disposition: form-data; name="content"; filename="content"\r\nContent-Type: text/csv\r\n\r\n',
    "Ext__c,LastName\nA,B\n",
    "\r\n--B--\r\n",
  ];
  const { body: job } = await org.api("POST", "jobs/ingest", parts.join(""), {
    "content-type": "multipart/form-data; boundary=B",
  });
  expect(job).toMatchObject({ state: "UploadComplete" });
  expect(await org.finished(job["id"])).toMatchObject({
    state: "JobComplete",
    numberRecordsProcessed: 1,
    numberRecordsFailed: 0,
  });
});

test("an upload may be compressed and may come in chunks of unknown length", async () => {
  const org = await startOrg();
  const { body: job } = await org.api("POST", "jobs/ingest", upsert);
  const zipped = gzipSync("Ext__c,LastName\nA,B\n");
  const response = await fetch(`${org.origin}/services/data/v66.0/jobs/ingest/${String(job["id"])}/batches`, {
    method: "PUT",
    headers: {
      authorization: "Bearer 00Dsandbox0000001!loadline",
      "content-type": "text/csv",
      "content-encoding": "gzip",
    },
    body: new ReadableStream({
      start(controller) {
        for (const byte of zipped) controller.enqueue(new Uint8Array([byte]));
        controller.close();
      },
    }),
    duplex: "half",
  } as RequestInit);
  expect(response.status).toBe(201);
  await org.api("PATCH", `jobs/ingest/${String(job["id"])}`, { state: "UploadComplete" });
  expect(await org.finished(job["id"])).toMatchObject({ numberRecordsProcessed: 1, numberRecordsFailed: 0 });
});

test("an upload is counted as it is in base64: 112.5 MB are 150 MB", async () => {
  const org = await startOrg();
  const { body } = await org.api("POST", "jobs/ingest", { object: "Contact", operation: "insert" });
  const put = async (bytes: number) => {
    const response = await fetch(`${org.origin}/services/data/v66.0/jobs/ingest/${String(body["id"])}/batches`, {
      method: "PUT",
      headers: { authorization: `Bearer ${token}`, "content-type": "text/csv", "content-encoding": "gzip" },
      body: gzipSync(Buffer.alloc(bytes, "x"), { level: 1 }),
    });
    return response.status;
  };
  expect([await put(112_500_001), await put(112_500_000)]).toEqual([413, 201]);
});

test("other requests are answered while a large job is processed", async () => {
  const org = await startOrg();
  const rows = Array.from({ length: 30_000 }, (_, index) => `K${index},Name ${index}`).join("\n");
  const { body: job } = await org.api("POST", "jobs/ingest", upsert);
  await org.api("PUT", `jobs/ingest/${String(job["id"])}/batches`, `Ext__c,LastName\n${rows}\n`);
  await org.api("PATCH", `jobs/ingest/${String(job["id"])}`, { state: "UploadComplete" });
  const seen = new Set<unknown>();
  for (;;) {
    const { body } = await org.api("GET", `jobs/ingest/${String(job["id"])}`);
    seen.add(body["numberRecordsProcessed"]);
    if (body["state"] === "JobComplete") break;
  }
  expect(seen.size).toBeGreaterThan(2);
  expect(await org.query("SELECT COUNT(Id) n FROM Contact")).toMatchObject([{ n: 30_000 }]);
});

test("a closed job is kept for seven days, an open one ends after one", async () => {
  vi.useFakeTimers({ toFake: ["Date"], now: new Date("2026-01-01T00:00:00Z") });
  const org = await startOrg();
  const done = await org.ingest(upsert, "Ext__c,LastName\nA,B\n");
  const { body: open } = await org.api("POST", "jobs/ingest", upsert);
  vi.setSystemTime(new Date("2026-01-02T00:00:01Z"));
  expect((await org.api("GET", `jobs/ingest/${String(open["id"])}`)).body).toMatchObject({ state: "Aborted" });
  vi.setSystemTime(new Date("2026-01-08T00:00:00Z"));
  expect((await org.api("GET", `jobs/ingest/${String(done["id"])}/successfulResults`)).status).toBe(200);
  vi.setSystemTime(new Date("2026-01-08T00:00:01Z"));
  expect((await org.api("GET", `jobs/ingest/${String(done["id"])}/successfulResults`)).status).toBe(404);
  expect((await org.query("SELECT Ext__c FROM Contact")).length).toBe(1);
});

test("jobs are listed a thousand a page, and by their type", async () => {
  const org = await startOrg();
  for (let count = 0; count < 1001; count += 1)
    await org.api("POST", "jobs/ingest", { object: "Contact", operation: "insert" });
  await org.api("POST", "jobs/query", { operation: "query", query: "SELECT Id FROM Contact" });
  const first = (await org.api("GET", "jobs/ingest")).body;
  expect([first["done"], (first["records"] as unknown[]).length]).toEqual([false, 1000]);
  const second = (await org.api("GET", String(first["nextRecordsUrl"]))).body;
  expect(second).toMatchObject({ done: true, nextRecordsUrl: null, records: [{ jobType: "V2Ingest" }] });
  // How far a job is, only it itself tells.
  expect((second["records"] as object[])[0]).not.toHaveProperty("numberRecordsProcessed");
  const ids = [first, second].flatMap((page) => (page["records"] as { id: string }[]).map(({ id }) => id));
  expect(new Set(ids).size).toBe(1001);
  expect((await org.api("GET", "jobs/query")).body["records"]).toMatchObject([{ jobType: "V2Query" }]);
  for (const filter of ["jobType=Classic", "isPkChunkingEnabled=true"])
    expect((await org.api("GET", `jobs/ingest?${filter}`)).body["records"]).toEqual([]);
  expect((await org.api("GET", "jobs/ingest?queryLocator=nope")).body).toMatchObject([
    { errorCode: "INVALID_QUERY_LOCATOR" },
  ]);
});
