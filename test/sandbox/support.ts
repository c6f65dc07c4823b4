// A sandbox for one test file, and the few calls that most tests make. Jobs are awaited by asking for their state.

import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { parse } from "csv-parse/sync";
import { onTestFinished } from "vitest";
import { type SandboxOptions, startSandbox } from "../../src/sandbox/sandbox.ts";
import { placeKeys } from "../support/sandbox-keys.ts";

export const token = "00Dsandbox0000001!loadline";

export const schema = {
  salesforce: {
    Account: { fields: { Vendor_Account_Id__c: { type: "string", length: 20, externalId: true, unique: true } } },
    Contact: {
      fields: {
        Ext__c: { type: "string", length: 20, externalId: true, unique: true },
        Loose__c: { type: "string", length: 20, externalId: true },
        Case__c: { type: "string", length: 20, externalId: true, unique: true, caseSensitive: true },
        Score__c: { type: "double", precision: 18, scale: 2 },
        Count__c: { type: "int" },
        Share__c: { type: "percent", precision: 5, scale: 2 },
        Active__c: { type: "boolean" },
        Seen__c: { type: "datetime" },
        Tier__c: { type: "picklist", values: ["Gold", "Silver"], restricted: true },
        Tags__c: { type: "multipicklist", values: ["a", "b", "c"] },
      },
    },
    Office__c: {
      custom: true,
      fields: {
        Contact__c: { type: "reference", to: "Contact" },
        Key__c: { type: "string", length: 20, externalId: true },
      },
    },
  },
};

export interface Answered {
  status: number;
  headers: Headers;
  text: string;
  /** The parsed body; tests know what to expect of it. */
  body: Record<string, unknown> & unknown[];
}

export interface Org {
  origin: string;
  api(method: string, path: string, body?: unknown, headers?: Record<string, string>): Promise<Answered>;
  query(soql: string): Promise<Record<string, unknown>[]>;
  /** Creates, uploads and closes an ingest job, and gives its state once it has ended. */
  ingest(job: Record<string, unknown>, csv: string): Promise<Record<string, unknown>>;
  finished(id: unknown, kind?: "ingest" | "query"): Promise<Record<string, unknown>>;
  results(id: unknown, kind: "successfulResults" | "failedResults"): Promise<Record<string, string>[]>;
  /** Runs a bulk query and gives its first page. */
  bulkQuery(soql: string): Promise<Record<string, string>[]>;
  dump(object: string): Promise<Record<string, unknown>[]>;
  faults(list: unknown): Promise<Answered>;
  close(): Promise<void>;
}

/** A temporary folder that goes with the test. */
export function temporaryFolder(): string {
  const folder = mkdtempSync(join(tmpdir(), "loadline-test-"));
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
  return folder;
}

/** A folder for a sandbox's data, in which it need not make its keys. */
export function dataFolder(): string {
  const folder = temporaryFolder();
  placeKeys(folder);
  return folder;
}

export function writeSchema(content: unknown): string {
  const path = join(temporaryFolder(), "sandbox.json");
  writeFileSync(path, JSON.stringify(content));
  return path;
}

/** Starts a sandbox that is closed when the test ends. */
export async function startOrg(options: Partial<SandboxOptions> & { schema?: unknown } = {}): Promise<Org> {
  const { schema: content, ...rest } = options;
  const sandbox = await startSandbox({
    salesforcePort: 0,
    hubspotPort: 0,
    seed: "empty",
    faultSeed: 1,
    schemaFile: writeSchema(content ?? schema),
    dataFolder: rest.dataFolder ?? dataFolder(),
    ...rest,
  });
  const org = connect(sandbox.salesforce, sandbox.close);
  onTestFinished(() => sandbox.close());
  return org;
}

/** The same calls to a sandbox that runs elsewhere. */
export function connect(origin: string, close: () => Promise<void>): Org {
  const api: Org["api"] = async (method, path, body, headers = {}) => {
    const url = path.startsWith("/") ? `${origin}${path}` : `${origin}/services/data/v66.0/${path}`;
    const response = await fetch(url, {
      method,
      headers: {
        authorization: `Bearer ${token}`,
        "content-type": typeof body === "string" ? "text/csv" : "application/json",
        ...headers,
      },
      ...(body === undefined ? {} : { body: typeof body === "string" ? body : JSON.stringify(body) }),
    });
    const text = await response.text();
    return { status: response.status, headers: response.headers, text, body: parseJson(text) };
  };
  const finished: Org["finished"] = async (id, kind = "ingest") => {
    for (;;) {
      const { body } = await api("GET", `jobs/${kind}/${String(id)}`);
      if (["JobComplete", "Failed", "Aborted"].includes(String(body["state"]))) return body;
    }
  };
  return {
    origin,
    api,
    finished,
    async query(soql) {
      const { body, text, status } = await api("GET", `query?q=${encodeURIComponent(soql)}`);
      if (status !== 200) throw new Error(text);
      return body["records"] as Record<string, unknown>[];
    },
    async ingest(job, csv) {
      const created = await api("POST", "jobs/ingest", job);
      if (created.status !== 200) throw new Error(created.text);
      await api("PUT", `jobs/ingest/${String(created.body["id"])}/batches`, csv);
      await api("PATCH", `jobs/ingest/${String(created.body["id"])}`, { state: "UploadComplete" });
      return finished(created.body["id"]);
    },
    async results(id, kind) {
      return parse((await api("GET", `jobs/ingest/${String(id)}/${kind}/`)).text, { columns: true });
    },
    async bulkQuery(soql) {
      const { body, text, status } = await api("POST", "jobs/query", { operation: "query", query: soql });
      if (status !== 200) throw new Error(text);
      await finished(body["id"], "query");
      return parse((await api("GET", `jobs/query/${String(body["id"])}/results`)).text, { columns: true });
    },
    async dump(object) {
      const { text } = await api("GET", `/__sandbox/salesforce/${object}`);
      return text
        .split("\n")
        .filter(Boolean)
        .map((line) => JSON.parse(line));
    },
    faults: (list) => api("POST", "/__sandbox/faults", list),
    close,
  };
}

function parseJson(text: string): Answered["body"] {
  try {
    return JSON.parse(text);
  } catch {
    return [] as unknown as Answered["body"];
  }
}
