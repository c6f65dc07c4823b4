// A portal with its real limits, for the tests of what surrounds the records: sign-in, limits, imports, exports.

import { Client } from "@hubspot/api-client";
import { onTestFinished } from "vitest";
import { startSandbox } from "../../src/sandbox/sandbox.ts";
import { dataFolder, writeSchema } from "./support.ts";

export const token = "pat-sandbox-loadline";

interface Answered {
  status: number;
  headers: Headers;
  text: string;
  body: Record<string, unknown> & { results: Record<string, unknown>[] };
}

export interface Account {
  origin: string;
  call(method: string, path: string, body?: unknown, bearer?: string): Promise<Answered>;
  /** A form without a token, as OAuth takes it. */
  form(path: string, fields: Record<string, string>): Promise<Answered>;
  /** Calls the sandbox's own endpoints. */
  control(path: string, body?: unknown): Promise<Answered>;
  dump(type: string): Promise<{ id: string; properties: Record<string, string>; archived: boolean }[]>;
  /** The official client. */
  client(accessToken?: string): Client;
  close(): Promise<void>;
}

export interface AccountOptions {
  schema?: Record<string, unknown>;
  dataFolder?: string;
}

export async function startAccount(options: AccountOptions = {}): Promise<Account> {
  const { schema = {}, ...rest } = options;
  const schemaFile = writeSchema(schema);
  const sandbox = await startSandbox({
    salesforcePort: 0,
    hubspotPort: 0,
    seed: "empty",
    faultSeed: 1,
    schemaFile,
    dataFolder: rest.dataFolder ?? dataFolder(),
    ...rest,
  });
  onTestFinished(() => sandbox.close());
  return connect(sandbox.hubspot, () => sandbox.close());
}

/** The same calls to a sandbox that runs elsewhere. */
export function connect(origin: string, close: () => Promise<void>): Account {
  const send = async (method: string, path: string, headers: Record<string, string>, body?: string | FormData) => {
    const response = await fetch(`${origin}${path}`, { method, headers, ...(body === undefined ? {} : { body }) });
    const text = await response.text();
    return { status: response.status, headers: response.headers, text, body: parseJson(text) };
  };
  return {
    origin,
    close,
    call: (method, path, body, bearer = token) =>
      body instanceof FormData
        ? send(method, path, { authorization: `Bearer ${bearer}` }, body)
        : send(
            method,
            path,
            { authorization: `Bearer ${bearer}`, "content-type": "application/json" },
            body === undefined ? undefined : JSON.stringify(body),
          ),
    form: (path, fields) =>
      send(
        "POST",
        path,
        { "content-type": "application/x-www-form-urlencoded" },
        new URLSearchParams(fields).toString(),
      ),
    control: (path, body) => send("POST", `/__sandbox/${path}`, {}, JSON.stringify(body ?? {})),
    async dump(type) {
      const { text } = await send("GET", `/__sandbox/hubspot/${type}`, {});
      return text
        .split("\n")
        .filter(Boolean)
        .map((line) => JSON.parse(line));
    },
    client: (accessToken = token) => new Client({ accessToken, basePath: origin }),
  };
}

function parseJson(text: string): Answered["body"] {
  try {
    return JSON.parse(text);
  } catch {
    return { results: [] };
  }
}
