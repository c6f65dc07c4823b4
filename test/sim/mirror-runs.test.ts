import fc from "fast-check";
import { expect, test } from "vitest";
import { rehearse } from "../run/support.ts";
import { expectLeft, mirrorRuns, runMirrors, schema } from "./mirror-runs.ts";

/** Of four scenarios from this seed, all faults, a kill, another order and a stopped run each keep or spare a record. */
const seed = Number(process.env["LOADLINE_PROPERTY_SEED"] ?? 210);
/** More are for a person who has the time. */
const numRuns = Number(process.env["LOADLINE_SCENARIOS"] ?? 4);

test("two mirrors end with what a person would leave, whatever is wrong with their files and wherever they are killed", async () => {
  await using place = await rehearse("", {}, schema);
  for (const [index, scenario] of fc.sample(mirrorRuns, { seed, numRuns }).entries()) {
    const left = await runMirrors(place, scenario, `s${index}`);
    expect({ index, scenario, left }).toEqual({ index, scenario, left: expectLeft(scenario) });
  }
});
