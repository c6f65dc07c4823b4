import { expect, test } from "vitest";
import { seededFraction } from "../../src/core/random.ts";
import { overLanes } from "./lanes.ts";
import { hubspotModes, type LoadMode, salesforceModes } from "./load.ts";
import { isClean } from "./oracle.ts";
import { builtProgram } from "./program.ts";
import { loadUnderFire } from "./random-load.ts";

const seed = Number(process.env["LOADLINE_PROPERTY_SEED"] ?? 20_261_121);

/** One of each system, another by another seed; `npm run crash:random` takes them all. */
const modes = [salesforceModes, hubspotModes].map((every): LoadMode => every[(seed + 1) % every.length] ?? "insert");

/** Half as many as the script has. */
const killsMax = 4;

test("loads that are killed at random while the org drops answers lose and double nothing", async () => {
  const results = await overLanes(builtProgram, 2, [...modes.entries()], (lane, [index, mode]) =>
    loadUnderFire(lane, mode, seededFraction(seed + index), "run", killsMax),
  );
  expect(results.filter(({ verdict, problem }) => problem !== undefined || !isClean(verdict))).toEqual([]);
  expect(results.reduce((sum, { kills }) => sum + kills, 0)).toBeGreaterThanOrEqual(modes.length);
});
