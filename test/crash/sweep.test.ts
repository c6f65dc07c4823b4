import { expect, test } from "vitest";
import { type CrashCase, complaint, countFailpoints, crashAndGoOn } from "./kill-points.ts";
import { overLanes } from "./lanes.ts";
import { openLane } from "./load.ts";
import { builtProgram } from "./program.ts";

const lanes = 2;
/** Six batches; `npm run crash:sweep` takes a dozen and more, and every hit of every step. */
const batchRows = 10;

/** Steps of a run, whatever it loads; of a batch; and of a batch that has a handle. */
const runSteps = "chosen extracted staged diffed planned settled loaded checkpointed".split(" ");
const batchSteps = "intent committed fetched stored".split(" ");
const handleSteps = "opened handle uploaded closed inspected ended".split(" ");
const callSteps = [...runSteps, ...batchSteps];
const jobSteps = [...callSteps, ...handleSteps];

/** Of each way of writing one load is killed at every step, the others at those of their batches. */
test.each([
  ["insert", jobSteps, jobSteps],
  ["upsert", jobSteps, [...batchSteps, ...handleSteps]],
  ["collections", callSteps, callSteps],
  ["delete", jobSteps, [...batchSteps, ...handleSteps]],
  ["hs-insert", callSteps, callSteps],
  ["hs-upsert", callSteps, batchSteps],
  ["hs-import", jobSteps, [...batchSteps, ...handleSteps]],
  ["hs-delete", callSteps, batchSteps],
] as const)(
  "a load (%s) that is killed at a step loses and doubles nothing, taken up by resume or by run",
  async (mode, stepsOfMode, killedAt) => {
    const hits = await hitsOf(mode);
    expect([...new Set(hits)].sort()).toEqual([...stepsOfMode].sort());
    const cases = killedAt.map((name, index): CrashCase => {
      const count = hits.filter((hit) => hit === name).length;
      const failpoint = `${name}:${Math.ceil(count / 2)}`;
      return { mode, failpoint, batchRows, continuation: (index + mode.length) % 2 === 0 ? "resume" : "run" };
    });
    const results = await overLanes(builtProgram, lanes, cases, crashAndGoOn);
    expect(results.map(complaint).filter((text) => text !== undefined)).toEqual([]);
    expect(results.map(({ kills }) => kills)).toEqual(cases.map(() => 1));
  },
);

test("a run that is killed again while it is taken up loses and doubles nothing", async () => {
  const pairs = [
    ["handle:3", "abandoned:1"],
    ["handle:3", "opened:1"],
    ["uploaded:3", "abandoned:1"],
    ["committed:4", "closed:1"],
    ["fetched:2", "stored:1"],
    ["loaded:1", "checkpointed:1"],
  ] as const;
  const cases = pairs.map(
    ([failpoint, second]): CrashCase => ({ mode: "insert", failpoint, second, continuation: "resume" }),
  );
  const results = await overLanes(builtProgram, lanes, cases, crashAndGoOn);
  expect(results.map(complaint).filter((text) => text !== undefined)).toEqual([]);
  expect(results.map(({ kills }) => kills)).toEqual(cases.map(() => 2));
});

async function hitsOf(mode: CrashCase["mode"]): Promise<string[]> {
  await using lane = await openLane(builtProgram);
  return await countFailpoints(lane, mode, batchRows);
}
