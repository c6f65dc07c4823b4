import { beforeAll, expect, test } from "vitest";
import { overLanes } from "../crash/lanes.ts";
import { type Lane, type LoadMode, openLoad, resume, runJob } from "../crash/load.ts";
import { isClean } from "../crash/oracle.ts";
import { builtProgram } from "../crash/program.ts";
import { crossAll, html, usualFaults } from "./grid.ts";

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

interface Cell {
  mode: LoadMode;
  endpoint: Endpoint;
  fault: Fault;
}

interface Outcome {
  codes: (number | null)[];
  verdict: unknown;
  calls: number;
}

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

/** An upsert makes a job of its creates, and updates by a call. */
const modeOf = (endpoint: Endpoint): LoadMode => (endpoint === "upsert" ? "collections" : "upsert");

const cells = crossAll(endpoints, faults)
  .map((cell): Cell => ({ mode: modeOf(cell.endpoint), ...cell }))
  .filter(({ endpoint, fault }) => !likeServerError.includes(fault) || writes.includes(endpoint))
  .filter(({ endpoint, fault }) => !likeSuccesses.includes(endpoint) || answers.includes(fault))
  .concat(deleting);

/** One batch an action: a fault's path is then the only thing that differs. */
const oneBatch = 100;
/** A new job for an upload in doubt takes three calls, a wait at most three polls, and a second command seven to begin. */
const callsMore = 12;

/** Calls that a disturbed load may take at most. */
let callsMax = 0;

beforeAll(async () => {
  const modes: LoadMode[] = ["upsert", "collections", "delete"];
  const undisturbed = await overLanes(builtProgram, 2, modes, (lane, mode) => meet(lane, { mode }));
  callsMax = Math.max(...undisturbed.map(({ calls }) => calls)) + callsMore;
});

test.each(Object.keys(endpoints))("a fault at the first call of %s costs a few calls and nothing else", async (of) => {
  const met = cells.filter(({ endpoint }) => endpoint === of);
  const outcomes = await overLanes(builtProgram, 2, met, meet);
  expect(outcomes.length).toBeGreaterThan(0);
  const strange = outcomes.flatMap((outcome, index) => {
    const cell = met[index];
    if (cell === undefined) return ["no cell"];
    const isExpected = String(outcome.codes) === String(expectedCodes(cell));
    if (isExpected && isClean(outcome.verdict as never) && outcome.calls <= callsMax) return [];
    return [`${cell.mode}, ${cell.fault} at ${cell.endpoint}: ${JSON.stringify(outcome)} (calls at most ${callsMax})`];
  });
  expect(strange).toEqual([]);
});

/** Exit codes of `run` and, where it had to stop, of `resume`. */
function expectedCodes({ endpoint, fault }: Cell): number[] {
  // The sign-in itself has no session that could be renewed: whoever answers 401 there means the credentials.
  return endpoint === "token" && fault === "401 of an expired session" ? [8, 0] : [0];
}

async function meet(lane: Lane, cell: Cell | Pick<Cell, "mode">): Promise<Outcome> {
  await using load = await openLoad(lane, cell.mode, oneBatch);
  const disturbs = "endpoint" in cell;
  await lane.sandbox.setFaults(disturbs ? [{ match: endpoints[cell.endpoint], nth: [1], do: faults[cell.fault] }] : []);
  const before = await callsOf(lane);
  let last = await load.run(runJob);
  const codes = [last.code];
  if (last.code !== 0) {
    last = await load.run(resume);
    codes.push(last.code);
  }
  const told = last.code === 0 && last.stdout !== "" ? { last } : {};
  return { codes, verdict: await load.judge({ replanned: false, ...told }), calls: (await callsOf(lane)) - before };
}

async function callsOf(lane: Lane): Promise<number> {
  return Object.values(await lane.sandbox.calls()).reduce((sum, count) => sum + count, 0);
}
