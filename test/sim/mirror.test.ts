import { test } from "vitest";
import { Rig } from "../stage/rig.ts";
import { casesOf } from "../support/cases.ts";
import { tryScenarios } from "./mirror.ts";

test("mirror deletes what is gone from a whole source, and nothing else, whatever is wrong with its files", async () => {
  using rig = await Rig.open();
  await tryScenarios(rig, { numRuns: casesOf(80) });
});
