// Exports: what is in the file, how its link lives and dies, how many there may be. Time is the test's own.

import { inflateRawSync } from "node:zlib";
import { parse } from "csv-parse/sync";
import { beforeEach, expect, test } from "vitest";
import * as clock from "../../src/core/clock.ts";
import { replace } from "../support/replaced.ts";
import { type Account, startAccount } from "./hubspot-account-support.ts";
import { temporaryFolder } from "./support.ts";

const time = { at: 0 };

replace(clock, { now: () => new Date(time.at) });

beforeEach(() => {
  time.at = Date.parse("2026-11-21T12:00:00Z");
});

const schema = {
  hubspot: {
    contacts: {
      properties: {
        tier: { type: "enumeration", label: "Customer tier", options: ["gold", "silver"] },
        seen: { type: "datetime", label: "Last seen" },
      },
    },
  },
  hubspotLimits: { tenSecondly: 1_000_000, searchPerSecond: 1_000_000 },
};

const request = {
  exportType: "VIEW",
  exportName: "All contacts",
  format: "CSV",
  language: "EN",
  objectType: "CONTACT",
  objectProperties: ["email", "firstname", "tier", "seen", "hubspot_owner_id"],
};

async function createContacts(account: Account, count: number, properties: (index: number) => object) {
  for (let from = 0; from < count; from += 100) {
    const inputs = Array.from({ length: Math.min(100, count - from) }, (_, index) => ({
      properties: { email: `u${from + index}@example.com`, ...properties(from + index) },
    }));
    expect((await account.call("POST", "/crm/v3/objects/contacts/batch/create", { inputs })).status).toBe(201);
  }
}

async function startExport(account: Account, more: object = {}): Promise<string> {
  const started = await account.call("POST", "/crm/v3/exports/export/async", { ...request, ...more });
  expect([started.status, started.body]).toEqual([202, expect.objectContaining({ id: expect.any(String) })]);
  return String(started.body["id"]);
}

async function finished(account: Account, id: string): Promise<Record<string, unknown>> {
  for (;;) {
    const { body } = await account.call("GET", `/crm/v3/exports/export/async/tasks/${id}/status`);
    if (body["status"] === "COMPLETE") return body;
  }
}

async function download(status: Record<string, unknown>): Promise<{ type: string | null; content: Buffer }> {
  const response = await fetch(String(status["result"]));
  expect(response.status).toBe(200);
  return { type: response.headers.get("content-type"), content: Buffer.from(await response.arrayBuffer()) };
}

const people = (index: number) => ({
  firstname: index === 0 ? 'Ada, "the first"' : `N${index}`,
  tier: "gold",
  seen: "2026-01-02T03:04:05Z",
  hubspot_owner_id: "700101",
});

test("an export has the labels that people read, or the names and values of the API", async () => {
  const account = await startAccount({ schema });
  await createContacts(account, 2, people);
  const readable = await download(await finished(account, await startExport(account)));
  expect(readable.type).toBe("text/csv");
  const [header, ada] = parse(readable.content) as string[][];
  expect(header).toEqual(["Record ID", "Email", "First Name", "Customer tier", "Last seen", expect.any(String)]);
  expect(ada?.slice(1)).toEqual(["u0@example.com", 'Ada, "the first"', "gold", "2026-01-01 22:04", "Ada Brown"]);
  const internal = await download(
    await finished(account, await startExport(account, { exportInternalValuesOptions: ["NAMES", "VALUES"] })),
  );
  const records = parse(internal.content, { columns: true }) as Record<string, string>[];
  expect(records[1]).toMatchObject({
    email: "u1@example.com",
    seen: "2026-01-02T03:04:05.000Z",
    hubspot_owner_id: "700101",
  });
});

test("filters are those of the search, and linked records come by their ids", async () => {
  const account = await startAccount({ schema });
  const company = await account.call("POST", "/crm/v3/objects/companies", { properties: { name: "Acme" } });
  await createContacts(account, 3, (index) => ({ tier: index === 1 ? "silver" : "gold" }));
  const [, linked] = await account.dump("contacts");
  const link = `/crm/v4/objects/contacts/${linked?.id}/associations/default/companies/${String(company.body["id"])}`;
  await account.call("PUT", link);
  const id = await startExport(account, {
    associatedObjectType: "COMPANY",
    includePrimaryDisplayPropertyForAssociatedObjects: true,
    exportInternalValuesOptions: ["NAMES"],
    publicCrmSearchRequest: { filters: [{ propertyName: "tier", operator: "EQ", value: "silver" }] },
  });
  const { content } = await download(await finished(account, id));
  const rows = parse(content, { columns: true }) as Record<string, string>[];
  expect(rows).toEqual([
    expect.objectContaining({
      email: "u1@example.com",
      "Associated Company IDs": company.body["id"],
      "Associated Company": "Acme",
    }),
  ]);
  const details = await account.call("GET", `/crm/exports/2026-03/export/${id}`);
  expect(details.body).toMatchObject({ exportState: "DONE", recordCount: 1, exportName: "All contacts" });
});

test("a large export is a ZIP with every record, in the order that was asked for", async () => {
  const account = await startAccount({ schema });
  const padding = "x".repeat(1_000);
  await createContacts(account, 2_500, (index) => ({ firstname: `${String(index).padStart(5, "0")}${padding}` }));
  const sorts = [{ propertyName: "firstname", direction: "DESCENDING" }];
  const id = await startExport(account, { publicCrmSearchRequest: { sorts } });
  const { type, content } = await download(await finished(account, id));
  expect(type).toBe("application/zip");
  const rows = parse(unzip(content), { columns: true }) as Record<string, string>[];
  expect(rows.map((row) => Number(row["First Name"]?.slice(0, 5)))).toEqual(
    Array.from({ length: 2_500 }, (_, index) => 2_499 - index),
  );
});

test("a link dies five minutes after it was made; asking again gives another", async () => {
  const account = await startAccount({ schema });
  const id = await startExport(account);
  const first = await finished(account, id);
  time.at += 5 * 60_000 - 1;
  expect((await fetch(String(first["result"]))).status).toBe(200);
  expect((await finished(account, id))["result"]).toBe(first["result"]);
  time.at += 1;
  expect((await fetch(String(first["result"]))).status).toBe(403);
  const second = await finished(account, id);
  expect(second["result"]).not.toBe(first["result"]);
  expect((await fetch(String(second["result"]))).status).toBe(200);
});

test("thirty exports in 24 hours, one after the other", async () => {
  const account = await startAccount({ schema });
  const ids = [];
  for (let started = 0; started < 30; started += 1) ids.push(await startExport(account));
  const refused = await account.call("POST", "/crm/v3/exports/export/async", request);
  expect(refused.status).toBe(429);
  for (const id of ids) expect(await finished(account, id)).toHaveProperty("result");
  time.at += 24 * 3_600_000;
  await startExport(account);
});

test.each([
  ["an unknown property", { objectProperties: ["nothing"] }],
  ["an unknown object type", { objectType: "7-7" }],
  ["a list", { exportType: "LIST", listId: 1 }],
  ["a spreadsheet", { format: "XLSX" }],
  ["no properties", { objectProperties: [] }],
  ["five associated types", { associatedObjectType: ["0-1", "0-2", "0-3", "0-5", "0-7"] }],
])("refused: %s", async (_what, more) => {
  const account = await startAccount({ schema });
  const answer = await account.call("POST", "/crm/v3/exports/export/async", { ...request, ...more });
  expect([answer.status, answer.body]).toEqual([400, expect.objectContaining({ category: "VALIDATION_ERROR" })]);
});

test("an export that waits is written after a restart", async () => {
  const dataFolder = temporaryFolder();
  const before = await startAccount({ schema, dataFolder });
  await createContacts(before, 3, people);
  const id = await startExport(before);
  await before.close();
  const account = await startAccount({ schema, dataFolder });
  const { content } = await download(await finished(account, id));
  expect(parse(content)).toHaveLength(4);
});

test("the official client starts an export by a plain request and watches it", async () => {
  const account = await startAccount({ schema });
  const client = account.client();
  const started = await client.apiRequest({ method: "POST", path: "/crm/v3/exports/export/async", body: request });
  expect(started.status).toBe(202);
  const { id } = (await started.json()) as { id: string };
  const { publicExportsApi } = client.crm.exports;
  let status = await publicExportsApi.getStatus(Number(id));
  while (status.status !== "COMPLETE") status = await publicExportsApi.getStatus(Number(id));
  expect(status.result).toContain(account.origin);
});

/** The one file of an archive. */
function unzip(archive: Buffer): Buffer {
  expect(archive.readUInt32LE(0)).toBe(0x04034b50);
  const start = 30 + archive.readUInt16LE(26) + archive.readUInt16LE(28);
  return inflateRawSync(archive.subarray(start, start + archive.readUInt32LE(18)));
}
