// Every fault at every endpoint of HubSpot that a load calls.

import type { HubSpotMode } from "../crash/load.ts";
import { crossAll, type Grid, html, usualFaults } from "./grid.ts";

const objects = "/crm/objects/*/*";

const endpoints = {
  account: "GET /account-info/*/details",
  properties: "GET /crm/properties/*/*",
  read: `POST ${objects}/batch/read`,
  upsert: `POST ${objects}/batch/upsert`,
  update: `POST ${objects}/batch/update`,
  create: `POST ${objects}/batch/create`,
  archive: `POST ${objects}/batch/archive`,
  import: "POST /crm/imports/*",
  imported: "GET /crm/imports/*/*",
  errors: "GET /crm/imports/*/*/errors",
} as const;

type Endpoint = keyof typeof endpoints;

const modes: Readonly<Partial<Record<Endpoint, HubSpotMode>>> = {
  create: "hs-insert",
  archive: "hs-delete",
  import: "hs-import",
  imported: "hs-import",
  errors: "hs-import",
};

const tenSecondly = {
  status: "error",
  message: "You have reached your ten_secondly_rolling limit.",
  errorType: "RATE_LIMIT",
  policyName: "TEN_SECONDLY_ROLLING",
};

const faults = {
  "429 of the burst limit": { status: 429, body: tenSecondly, headers: { "Retry-After": "0" } },
  "423": { status: 423 },
  "477": { status: 477, headers: { "Retry-After": "1" } },
  "524": { status: 524, body: html, headers: { "Content-Type": "text/html" } },
  ...usualFaults,
} as const;

type Fault = keyof typeof faults;

/** Tried where it matters most what became of the call; elsewhere of one class with 503. */
const likeServerError: Fault[] = ["500", "524", "477", "slow answer"];
const writes: Endpoint[] = ["upsert", "update", "create", "archive", "import"];

const cells = crossAll(endpoints, faults)
  .filter(({ endpoint, fault }) => !likeServerError.includes(fault) || writes.includes(endpoint))
  // An answer without a body can't be broken.
  .filter(({ endpoint, fault }) => fault !== "broken body" || endpoint !== "archive")
  // A locked record is waited for two seconds: once is enough.
  .filter(({ endpoint, fault }) => fault !== "423" || endpoint === "upsert");

export const hubspotGrid: Grid = {
  cells: cells.map((cell) => ({ mode: modes[cell.endpoint] ?? "hs-upsert", ...cell })),
  endpoints,
  faults,
  batchRows: { "hs-insert": 10, "hs-delete": 10, "hs-import": 10 },
  codesOf: () => [0],
};
