import { parse } from "csv-parse/sync";
import fc from "fast-check";
import { expect, test } from "vitest";
import { type Org, startOrg, token } from "./support.ts";

async function fill(org: Org, count: number): Promise<string[]> {
  const names = Array.from({ length: count }, (_, index) =>
    index % 3 === 0 ? `a "quoted",\nname ${index}` : `name ${index}`,
  );
  const rows = names.map((name, index) => `K${index},"${name.replaceAll('"', '""')}"`);
  await org.ingest(
    { object: "Contact", operation: "upsert", externalIdFieldName: "Ext__c" },
    `Ext__c,LastName\n${rows.join("\n")}\n`,
  );
  return names;
}

async function startQuery(org: Org, body: Record<string, unknown>): Promise<string> {
  const { body: job, text } = await org.api("POST", "jobs/query", { operation: "query", ...body });
  if (job["state"] !== "UploadComplete") throw new Error(text);
  await org.finished(job["id"], "query");
  return `jobs/query/${String(job["id"])}`;
}

function refusedWith(answer: { status: number; body: unknown }): unknown[] {
  const [error] = answer.body as { errorCode: string; message: string }[];
  return [answer.status, error?.errorCode, error?.message];
}

test("pages of any size join to the whole result, each with the header and its own count", async () => {
  const org = await startOrg();
  const names = await fill(org, 2_500);
  const path = await startQuery(org, { query: "SELECT LastName, Ext__c FROM Contact" });
  const sizes = fc.sample(fc.integer({ min: 300, max: 2_600 }), { numRuns: 6, seed: 3 });
  for (const size of [...sizes, 1_000, 2_500]) {
    const read: string[] = [];
    let locator: string | null = null;
    do {
      const page = await org.api(
        "GET",
        `${path}/results?maxRecords=${size}${locator === null ? "" : `&locator=${locator}`}`,
      );
      const rows = parse(page.text, { columns: true }) as Record<string, string>[];
      expect(page.text.startsWith('"LastName","Ext__c"\n')).toBe(true);
      expect(page.headers.get("sforce-numberofrecords")).toBe(String(rows.length));
      read.push(...rows.map((row) => row["LastName"] ?? ""));
      locator = page.headers.get("sforce-locator");
    } while (locator !== "null");
    expect(read).toEqual(names);
  }
});

test("a locator gives the same rows again, also after the records have changed", async () => {
  const org = await startOrg();
  await fill(org, 10);
  const path = await startQuery(org, { query: "SELECT LastName FROM Contact" });
  const first = await org.api("GET", `${path}/results?maxRecords=4`);
  const next = `${path}/results?maxRecords=4&locator=${first.headers.get("sforce-locator")}`;
  const before = (await org.api("GET", next)).text;
  await org.ingest(
    { object: "Contact", operation: "upsert", externalIdFieldName: "Ext__c" },
    "Ext__c,LastName\nK5,changed\n",
  );
  expect((await org.api("GET", next)).text).toBe(before);
  expect(refusedWith(await org.api("GET", `${path}/results?locator=nonsense`))[1]).toBe("INVALID_QUERY_LOCATOR");
});

test("resultPages names every page once, five at a time", async () => {
  const org = await startOrg();
  const names = await fill(org, 23);
  const path = await startQuery(org, { query: "SELECT LastName FROM Contact" });
  const read: string[] = [];
  let next: string | undefined = `${path}/resultPages?maxRecords=3`;
  const pagesPerAnswer: number[] = [];
  while (next !== undefined) {
    const { body } = await org.api("GET", next);
    const pages = body["resultPages"] as { resultUrl: string }[];
    pagesPerAnswer.push(pages.length);
    for (const { resultUrl } of pages) {
      const rows = parse((await org.api("GET", resultUrl)).text, { columns: true }) as Record<string, string>[];
      read.push(...rows.map((row) => row["LastName"] ?? ""));
    }
    next = body["nextRecordsUrl"] as string | undefined;
    expect(body["done"]).toBe(next === undefined);
  }
  expect(read).toEqual(names);
  expect(pagesPerAnswer).toEqual([5, 3]);
});

test("values are rendered as bulk results show them", async () => {
  const org = await startOrg();
  await org.ingest(
    { object: "Account", operation: "insert" },
    "Name,Vendor_Account_Id__c,AnnualRevenue,NumberOfEmployees\nAcme,A,350000000,12\n",
  );
  await org.ingest(
    { object: "Contact", operation: "insert" },
    "LastName,Account.Vendor_Account_Id__c,Score__c,Active__c,Seen__c,Birthdate\nBo,A,5,true,2026-01-01T02:00:00+02:00,1990-01-01\n",
  );
  const [row] = await org.bulkQuery(
    "SELECT LastName, FirstName, Account.Name, Account.AnnualRevenue, Account.NumberOfEmployees, Score__c, Active__c, Seen__c, Birthdate, Account.Parent.Name FROM Contact",
  );
  expect(row).toEqual({
    LastName: "Bo",
    FirstName: "",
    "Account.Name": "Acme",
    "Account.AnnualRevenue": "3.5E8",
    "Account.NumberOfEmployees": "12",
    Score__c: "5.0",
    Active__c: "true",
    Seen__c: "2026-01-01T00:00:00.000Z",
    Birthdate: "1990-01-01",
    "Account.Parent.Name": "",
  });
});

test("an empty result is a header, no rows and the last page", async () => {
  const org = await startOrg();
  const path = await startQuery(org, {
    query: "SELECT Id, Name FROM Account",
    columnDelimiter: "PIPE",
    lineEnding: "CRLF",
  });
  const { text, headers } = await org.api("GET", `${path}/results`);
  expect([text, headers.get("sforce-numberofrecords"), headers.get("sforce-locator")]).toEqual([
    '"Id"|"Name"\r\n',
    "0",
    "null",
  ]);
});

test("queryAll sees deleted records and query does not", async () => {
  const org = await startOrg();
  await fill(org, 2);
  const [record] = await org.query("SELECT Id FROM Contact WHERE Ext__c = 'K0'");
  await org.api("DELETE", `sobjects/Contact/${String(record?.["Id"])}`);
  expect(await org.bulkQuery("SELECT Ext__c FROM Contact")).toEqual([{ Ext__c: "K1" }]);
  const path = await startQuery(org, { operation: "queryAll", query: "SELECT Ext__c, IsDeleted FROM Contact" });
  const rows = parse((await org.api("GET", `${path}/results`)).text, { columns: true });
  expect(rows).toEqual([
    { Ext__c: "K0", IsDeleted: "true" },
    { Ext__c: "K1", IsDeleted: "false" },
  ]);
});

test("the answer is compressed when the client takes gzip, and only then", async () => {
  const org = await startOrg();
  await fill(org, 100);
  const path = await startQuery(org, { query: "SELECT LastName FROM Contact" });
  const encoding = async (accept: string) => {
    const response = await fetch(`${org.origin}/services/data/v66.0/${path}/results`, {
      headers: { authorization: `Bearer ${token}`, "accept-encoding": accept },
    });
    return [
      response.headers.get("content-encoding"),
      (parse(await response.text(), { columns: true }) as unknown[]).length,
    ];
  };
  expect(await encoding("gzip")).toEqual(["gzip", 100]);
  expect(await encoding("identity")).toEqual([null, 100]);
});

test("results are given to the API version that asked only", async () => {
  const org = await startOrg();
  const path = await startQuery(org, { query: "SELECT Id FROM Account" });
  expect((await org.api("GET", `/services/data/v65.0/${path}/results`)).status).toBe(409);
  expect((await org.api("GET", `/services/data/v66.0/${path}/results`)).status).toBe(200);
});

test("queries that bulk cannot run are refused when they are created", async () => {
  const org = await startOrg();
  const refusal = async (query: string) =>
    refusedWith(await org.api("POST", "jobs/query", { operation: "query", query }));
  expect(await refusal("SELECT COUNT(Id) FROM Contact")).toEqual([
    400,
    "API_ERROR",
    "Aggregate Relationships not supported in Bulk Query",
  ]);
  expect(await refusal("SELECT MailingAddress FROM Contact")).toEqual([
    400,
    "API_ERROR",
    "Selecting compound data not supported in Bulk Query",
  ]);
  expect((await refusal("SELECT Id FROM Contact OFFSET 5"))[1]).toBe("API_ERROR");
  expect((await refusal("SELECT Nope FROM Contact"))[1]).toBe("INVALID_FIELD");
  expect((await refusal("SELECT Id, (SELECT Id FROM Contacts) FROM Account"))[2]).toBe(
    "Aggregate Relationships not supported in Bulk Query",
  );
  expect((await refusal("SELECT TYPEOF What WHEN Account THEN Name END FROM Task"))[1]).toBe("API_ERROR");
});

test("columns come as they are selected, before version 50.0 sorted by name", async () => {
  const org = await startOrg({ seed: "demo" });
  const headerAt = async (version: string) => {
    const jobs = `/services/data/v${version}/jobs/query`;
    const query = "SELECT LastName, Account.Name, FirstName FROM Contact LIMIT 1";
    const { body } = await org.api("POST", jobs, { operation: "query", query });
    await org.finished(body["id"], "query");
    return (await org.api("GET", `${jobs}/${body["id"]}/results`)).text;
  };
  expect((await headerAt("50.0")).split("\n")[0]).toBe('"LastName","Account.Name","FirstName"');
  const [header, row] = (await headerAt("49.0")).split("\n");
  expect([header, row]).toEqual([
    '"Account.Name","FirstName","LastName"',
    '"Harbour Freight Cooperative","Annika","de Vries"',
  ]);
});

test("an ended query cannot be aborted, a deleted one is gone", async () => {
  const org = await startOrg();
  const path = await startQuery(org, { query: "SELECT Id FROM Account" });
  expect(refusedWith(await org.api("PATCH", path, { state: "Aborted" }))).toEqual([
    400,
    "INVALIDJOBSTATE",
    "Aborting already Completed Job not allowed",
  ]);
  expect((await org.api("DELETE", path)).status).toBe(204);
  expect((await org.api("GET", `${path}/results`)).status).toBe(404);
});

test("a query aborted under way stays aborted and has no results", async () => {
  const org = await startOrg();
  await fill(org, 30_000);
  const query =
    "SELECT Id, Name, LastName, Email, Phone, OwnerId, Owner.Name, CreatedDate, SystemModstamp FROM Contact";
  const { body: job } = await org.api("POST", "jobs/query", { operation: "query", query });
  const path = `jobs/query/${String(job["id"])}`;
  expect((await org.api("PATCH", path, { state: "Aborted" })).body).toMatchObject({ state: "Aborted" });
  expect(await org.query("SELECT COUNT(Id) n FROM Contact")).toMatchObject([{ n: 30_000 }]);
  expect((await org.api("GET", path)).body).toMatchObject({ state: "Aborted", numberRecordsProcessed: 0 });
  expect(refusedWith(await org.api("GET", `${path}/results`))[1]).toBe("INVALIDJOBSTATE");
});
