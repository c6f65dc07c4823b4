import { expect, test } from "vitest";
import { type ChainResult, type CrashChain, crashInTurn } from "./kill-points.ts";
import { openLane } from "./load.ts";
import { isClean } from "./oracle.ts";
import { builtProgram } from "./program.ts";

/**
 * Six batches; `npm run crash:sweep` takes a dozen and more, and in each mode every hit of every step, each in a load of its
 * own. Here a step is killed at where it is another piece of code: what comes before and after a load is one for all modes
 * (insert), the protocol of jobs one for both systems, that of calls likewise.
 */
const batchRows = 10;

/** Steps of a run before it loads, and after; of a batch; and of a batch that has a handle, in the order of the way. */
const planSteps = ["chosen", "extracted", "staged", "diffed", "planned"];
const endSteps = ["loaded", "checkpointed"];
const callSteps = ["intent", "committed", "answered", "fetched", "stored", "settled"];
const jobSteps = "intent opened handle uploaded committed closed inspected ended fetched stored settled".split(" ");
/** Only where a run is taken up. */
const recoverySteps = ["abandoned", "rechecked"];

/** Where what is sent may have landed and nobody has heard of it: each other way of writing decides there by itself. */
const decision = ["committed:1"];

/** One load by jobs and one by calls are killed at every step of a batch, each other way of writing where it decides. */
const chains: (Omit<CrashChain, "batchRows"> & { steps: string[] })[] = [
  {
    mode: "insert",
    continuation: "resume",
    steps: jobSteps,
    // In the middle of the batches, too, and while it is taken up.
    failpoints: [
      ...["chosen:1", "planned:1", "intent:2", "opened:1", "handle:3", "abandoned:1", "uploaded:3"],
      ...["committed:4", "closed:1", "inspected:1", "ended:1", "fetched:1", "stored:1", "settled:1"],
      "loaded:1",
    ],
  },
  { mode: "upsert", continuation: "run", steps: ["answered", ...jobSteps], failpoints: decision },
  { mode: "collections", continuation: "resume", steps: callSteps, failpoints: decision },
  { mode: "delete", continuation: "run", steps: jobSteps, failpoints: decision },
  { mode: "hs-insert", continuation: "run", steps: callSteps, failpoints: firstOf(callSteps) },
  { mode: "hs-upsert", continuation: "resume", steps: callSteps, failpoints: decision },
  {
    mode: "hs-import",
    continuation: "run",
    steps: ["answered", ...jobSteps],
    failpoints: firstOf(["handle", "committed", "fetched"]),
  },
  { mode: "hs-delete", continuation: "resume", steps: callSteps, failpoints: decision },
];

/** A plan of another machine, whose records others have changed since, and rows that were rejected before. */
const verbChains: Omit<CrashChain, "batchRows">[] = [
  {
    verb: "apply",
    mode: "upsert",
    continuation: "run",
    failpoints: firstOf(["rechecked", "claimed", "stored", "loaded"]),
  },
  {
    verb: "retry",
    mode: "hs-insert",
    continuation: "resume",
    failpoints: firstOf(["planned", "committed", "loaded"]),
  },
  {
    verb: "rollback",
    mode: "upsert",
    continuation: "resume",
    failpoints: firstOf(["planned", "committed", "loaded"]),
  },
  { verb: "repair", mode: "collections", continuation: "run", failpoints: firstOf(["diffed", "planned", "committed"]) },
  // Imports tell no ids.
  { verb: "rollback", mode: "hs-import", continuation: "run", failpoints: firstOf(["diffed", "stored"]) },
];

test.each(verbChains)("$verb ($mode) that is killed at step after step loses and doubles nothing", async (chain) => {
  const result = await crash({ ...chain, batchRows });
  expect(complaint(result)).toBeUndefined();
  expect(result.killedAt).toEqual(chain.failpoints);
});

test.each(chains)(
  "a load ($mode) that is killed at step after step, each time taken up by $continuation, loses and doubles nothing",
  async ({ steps, ...chain }) => {
    const result = await crash({ ...chain, batchRows });
    expect(complaint(result)).toBeUndefined();
    expect(result.killedAt).toEqual(chain.failpoints);
    const hits = new Set(result.hits.filter((name) => !recoverySteps.includes(name)));
    expect([...hits].sort()).toEqual([...planSteps, ...steps, ...endSteps].sort());
  },
);

function firstOf(steps: readonly string[]): string[] {
  return steps.map((name) => `${name}:1`);
}

async function crash(chain: CrashChain): Promise<ChainResult> {
  await using lane = await openLane(builtProgram);
  return await crashInTurn(lane, chain);
}

function complaint({ problem, verdict, killedAt }: ChainResult): string | undefined {
  if (problem === undefined && isClean(verdict)) return undefined;
  return `killed at ${killedAt.join(", ")}: ${JSON.stringify(verdict)} ${problem ?? ""}`;
}
