// Every fault at every endpoint of Salesforce that a load calls.

import type { LoadMode } from "../crash/load.ts";
import { type Cell, crossAll, type Grid, html, usualFaults } from "./grid.ts";

const data = "/services/data/*";
const job = `${data}/jobs/ingest/*`;

const endpoints = {
  token: "POST /services/oauth2/token",
  limits: `GET ${data}/limits`,
  describe: `GET ${data}/sobjects/*/describe`,
  query: `GET ${data}/query`,
  create: `POST ${data}/jobs/ingest`,
  upload: `PUT ${job}/batches`,
  close: `PATCH ${job}`,
  poll: `GET ${job}`,
  successful: `GET ${job}/successfulResults`,
  failed: `GET ${job}/failedResults`,
  unprocessed: `GET ${job}/unprocessedrecords`,
  update: `PATCH ${data}/composite/sobjects`,
  upsert: `PATCH ${data}/composite/sobjects/*/*`,
} as const;

type Endpoint = keyof typeof endpoints;

const expired = [{ errorCode: "INVALID_SESSION_ID", message: "Session expired or invalid" }];

const faults = {
  "429 with Retry-After": { status: 429, headers: { "Retry-After": "1" } },
  "503 with Retry-After": { status: 503, headers: { "Retry-After": "0" } },
  "502": { status: 502, body: html, headers: { "Content-Type": "text/html" } },
  "504": { status: 504 },
  "401 of an expired session": { status: 401, body: expired },
  ...usualFaults,
} as const;

type Fault = keyof typeof faults;

/** Of one class with 500: tried where it matters most what became of the call. */
const likeServerError: Fault[] = ["502", "504"];
const writes: Endpoint[] = ["create", "upload", "close", "update", "upsert"];

/** Fetched by the code that fetches the successes. */
const likeSuccesses: Endpoint[] = ["failed", "unprocessed"];
const answers: Fault[] = ["500", "reset after", "broken body", "200 with a page"];

/** A job that deletes goes the same ways: tried where it matters most. */
const deleting: Cell[] = (["create", "upload", "close", "poll", "successful"] as const).flatMap((endpoint) =>
  answers.map((fault): Cell => ({ mode: "delete", endpoint, fault })),
);

/** An upsert makes a job of its creates, none of which the org refuses, and updates by a call. */
function modeOf(endpoint: Endpoint): LoadMode {
  if (likeSuccesses.includes(endpoint)) return "insert";
  return endpoint === "upsert" ? "collections" : "upsert";
}

const cells = crossAll(endpoints, faults)
  .map((cell): Cell & { endpoint: Endpoint; fault: Fault } => ({ mode: modeOf(cell.endpoint), ...cell }))
  .filter(({ endpoint, fault }) => !likeServerError.includes(fault) || writes.includes(endpoint))
  .filter(({ endpoint, fault }) => !likeSuccesses.includes(endpoint) || answers.includes(fault));

export const salesforceGrid: Grid = {
  cells: [...cells, ...deleting],
  endpoints,
  faults,
  batchRows: { collections: 10, delete: 10 },
  codesOf(met) {
    // The sign-in itself has no session that could be renewed: whoever answers 401 there means the credentials.
    const isRefused = met.some((cell) => cell.endpoint === "token" && cell.fault === "401 of an expired session");
    return isRefused ? [8, 0] : [0];
  },
};
