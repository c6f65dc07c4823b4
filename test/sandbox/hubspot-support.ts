// A sandbox's HubSpot portal for one test, and the few calls that most tests make.

import { onTestFinished } from "vitest";
import { type SandboxOptions, startSandbox } from "../../src/sandbox/sandbox.ts";
import { writeSchema } from "./support.ts";

export const token = "pat-sandbox-loadline";

/** A test asks more of a portal in a second than any limit allows; what the limits do has tests of its own. */
export const noLimits = { tenSecondly: 1_000_000, searchPerSecond: 1_000_000, daily: 1_000_000_000 };

export const schema = {
  hubspotLimits: noLimits,
  hubspot: {
    contacts: {
      properties: {
        sf_contact_id: { type: "string", fieldType: "text", hasUniqueValue: true },
        score: { type: "number" },
        born: { type: "date" },
        seen: { type: "datetime" },
        active: { type: "bool" },
        tier: { type: "enumeration", options: ["Gold", "Silver"] },
        tags: { type: "enumeration", fieldType: "checkbox", options: ["a", "b", "c"] },
      },
    },
    companies: {
      requiredProperties: ["city"],
      properties: { sf_account_id: { type: "string", hasUniqueValue: true } },
    },
    offices: {
      custom: true,
      primaryDisplayProperty: "office_name",
      requiredProperties: ["office_name"],
      properties: { office_name: { type: "string" }, office_key: { type: "string", hasUniqueValue: true } },
    },
  },
};

/** A record or an error as the API sends it; tests know what to expect. */
export interface Body {
  id: string;
  status: string;
  message: string;
  category: string;
  correlationId: string;
  subCategory?: string;
  context: Record<string, string[]>;
  properties: Record<string, string | null>;
  results: Body[];
  errors: (Body & { code: string })[];
  numErrors: number;
  total: number;
  new: boolean;
  archived: boolean;
  objectWriteTraceId: string;
  paging?: { next: { after: string; link?: string } };
  [more: string]: unknown;
}

interface Answered {
  status: number;
  headers: Headers;
  body: Body;
}

export interface Portal {
  origin: string;
  api(method: string, path: string, body?: unknown, headers?: Record<string, string>): Promise<Answered>;
  /** A batch call on contacts. */
  batch(operation: string, inputs: unknown[], version?: "v3" | "2026-03" | "2026-09"): Promise<Answered>;
  /** Makes a record and gives its id. */
  make(type: string, properties: Record<string, unknown>): Promise<string>;
  search(body: unknown, type?: string): Promise<Answered>;
  dump(type: string): Promise<{ id: string; properties: Record<string, string>; archived: boolean }[]>;
  control(path: string, body: unknown): Promise<Answered>;
}

/** Starts a sandbox that is closed when the test ends. */
export async function startPortal(options: Partial<SandboxOptions> & { schema?: unknown } = {}): Promise<Portal> {
  const { schema: content, ...rest } = options;
  const schemaFile = writeSchema(content ?? schema);
  const sandbox = await startSandbox({
    salesforcePort: 0,
    hubspotPort: 0,
    seed: "empty",
    faultSeed: 1,
    schemaFile,
    ...rest,
  });
  onTestFinished(() => sandbox.close());
  return connectPortal(sandbox.hubspot);
}

/** The same calls to a sandbox that runs elsewhere. */
export function connectPortal(origin: string): Portal {
  const api: Portal["api"] = async (method, path, body, headers = {}) => {
    const response = await fetch(origin + path, {
      method,
      headers: { authorization: `Bearer ${token}`, "content-type": "application/json", ...headers },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    });
    const text = await response.text();
    return { status: response.status, headers: response.headers, body: parseJson(text) };
  };
  return {
    origin,
    api,
    batch: (operation, inputs, version = "v3") =>
      api("POST", `${version === "v3" ? "/crm/v3/objects" : `/crm/objects/${version}`}/contacts/batch/${operation}`, {
        inputs,
      }),
    async make(type, properties) {
      const { status, body } = await api("POST", `/crm/v3/objects/${type}`, { properties });
      if (status !== 201) throw new Error(JSON.stringify(body));
      return body.id;
    },
    search: (body, type = "contacts") => api("POST", `/crm/v3/objects/${type}/search`, body),
    async dump(type) {
      const response = await fetch(`${origin}/__sandbox/hubspot/${type}`);
      return (await response.text())
        .split("\n")
        .filter(Boolean)
        .map((line) => JSON.parse(line));
    },
    control: (path, body) => api("POST", `/__sandbox/${path}`, body),
  };
}

function parseJson(text: string): Body {
  try {
    return JSON.parse(text);
  } catch {
    return {} as Body;
  }
}
