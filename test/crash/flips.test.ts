import { expect, test } from "vitest";
import { flipBits } from "./flips.ts";
import { builtProgram } from "./program.ts";

test("no bit that flips in a file of an interrupted run is silent", async () => {
  const { flips, told, harmless, silent } = await flipBits(builtProgram, ["insert", "upsert", "hs-delete"], 24, 2);
  expect(silent).toEqual([]);
  expect(told + harmless).toBe(flips);
  // What is changed is told nearly always: where nothing stands a bit may change without effect.
  expect(told).toBeGreaterThan(flips * 0.8);
});
