import { expect, test } from "vitest";
import { seededFraction } from "../../src/core/random.ts";
import { overLanes } from "./lanes.ts";
import { hubspotModes, type LoadMode, salesforceModes } from "./load.ts";
import { isClean } from "./oracle.ts";
import { builtProgram } from "./program.ts";
import { loadUnderFire } from "./random-load.ts";

const seed = Number(process.env["LOADLINE_PROPERTY_SEED"] ?? 20_261_121);

/** Two of each system, others by another seed. */
const modes = [salesforceModes, hubspotModes].flatMap((every) =>
  [1, 3].map((place): LoadMode => every[(seed + place) % every.length] ?? "insert"),
);

test("loads that are killed at random while the org drops answers lose and double nothing", async () => {
  const results = await overLanes(builtProgram, 2, [...modes.entries()], (lane, [index, mode]) =>
    loadUnderFire(lane, mode, seededFraction(seed + index)),
  );
  expect(results.filter(({ verdict, problem }) => problem !== undefined || !isClean(verdict))).toEqual([]);
  expect(results.reduce((sum, { kills }) => sum + kills, 0)).toBeGreaterThanOrEqual(modes.length);
});
