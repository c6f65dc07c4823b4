import { expect, test } from "vitest";
import { overLanes } from "../crash/lanes.ts";
import { type HubSpotMode, type Lane, openLoad, resume, runJob } from "../crash/load.ts";
import { isClean } from "../crash/oracle.ts";
import { builtProgram } from "../crash/program.ts";
import { crossAll, html, usualFaults } from "./grid.ts";

const objects = "/crm/objects/*/contacts";

const endpoints = {
  account: { mode: "hs-upsert", match: "GET /account-info/*/details" },
  properties: { mode: "hs-upsert", match: "GET /crm/properties/*/contacts" },
  read: { mode: "hs-upsert", match: `POST ${objects}/batch/read` },
  upsert: { mode: "hs-upsert", match: `POST ${objects}/batch/upsert` },
  update: { mode: "hs-upsert", match: `POST ${objects}/batch/update` },
  create: { mode: "hs-insert", match: `POST ${objects}/batch/create` },
  archive: { mode: "hs-delete", match: `POST ${objects}/batch/archive` },
  import: { mode: "hs-import", match: "POST /crm/imports/*" },
  imported: { mode: "hs-import", match: "GET /crm/imports/*/*" },
  errors: { mode: "hs-import", match: "GET /crm/imports/*/*/errors" },
} as const satisfies Record<string, { mode: HubSpotMode; match: string }>;

type Endpoint = keyof typeof endpoints;

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

interface Cell {
  endpoint: Endpoint;
  fault: Fault;
}

/** Tried where it matters most what became of the call; elsewhere of one class with 503. */
const likeServerError: Fault[] = ["500", "524", "477", "slow answer"];
const writes: Endpoint[] = ["upsert", "update", "create", "archive", "import"];

const cells = crossAll(endpoints, faults)
  .filter(({ endpoint, fault }) => !likeServerError.includes(fault) || writes.includes(endpoint))
  // An answer without a body can't be broken.
  .filter(({ endpoint, fault }) => fault !== "broken body" || endpoint !== "archive")
  // A locked record is waited for two seconds: once is enough.
  .filter(({ endpoint, fault }) => fault !== "423" || endpoint === "upsert");

const oneBatch = 100;

test.each(Object.keys(endpoints))(
  "a fault at HubSpot's first call of %s costs a few calls and nothing else",
  async (of) => {
    const met = cells.filter(({ endpoint }) => endpoint === of);
    const outcomes = await overLanes(builtProgram, 2, met, meet);
    expect(outcomes.length).toBeGreaterThan(0);
    const strange = outcomes.flatMap((outcome, index) => {
      if (outcome.code === 0 && isClean(outcome.verdict as never) && outcome.hit) return [];
      return [`${met[index]?.fault} at ${met[index]?.endpoint}: ${JSON.stringify(outcome)}`];
    });
    expect(strange).toEqual([]);
  },
);

async function meet(
  lane: Lane,
  { endpoint, fault }: Cell,
): Promise<{ code: number | null; verdict: unknown; hit: boolean }> {
  const { mode, match } = endpoints[endpoint];
  await using load = await openLoad(lane, mode, oneBatch);
  await lane.sandbox.setFaults([{ match, nth: [1], do: faults[fault] }]);
  let last = await load.run(runJob);
  if (last.code === 75) last = await load.run(resume);
  const told = last.code === 0 && last.stdout !== "" ? { last } : {};
  // A fault that no call met proves nothing; an import is not made again, but looked for.
  const events = load.project
    .runFolders()
    .map((folder) => load.project.read(`${folder.slice(load.project.folder.length + 1)}/events.jsonl`));
  const hit =
    endpoint === "account" ||
    endpoint === "import" ||
    fault === "slow answer" ||
    events.some((text) => text.includes('"retry"'));
  return { code: last.code, verdict: await load.judge({ replanned: false, ...told }), hit };
}
