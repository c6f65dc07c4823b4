import { expect, test } from "vitest";
import { seededFraction } from "../../src/core/random.ts";
import { countExtractionSteps, extractUnderFire, killExtraction, openExtractionOrg } from "./extraction.ts";
import { builtProgram } from "./program.ts";

test("an extraction that is killed at any step loses and doubles nothing, taken up by resume or by run", async () => {
  await using org = await openExtractionOrg(builtProgram);
  const steps = await countExtractionSteps(org);
  expect(steps.filter((name) => name === "extracted").length).toBeGreaterThanOrEqual(5);
  const strange: unknown[] = [];
  for (const [index, step] of steps.entries()) {
    const continuation = index % 2 === 0 ? "resume" : "run";
    const result = await killExtraction(org, `*:${index + 1}`, continuation);
    const isFine = result.kills === 1 && result.lost === 0 && result.doubled === 0 && result.problem === undefined;
    if (!isFine) strange.push({ step, continuation, ...result });
  }
  expect(strange).toEqual([]);
});

test("extractions that are killed at random while the org drops answers lose and double nothing", async () => {
  await using org = await openExtractionOrg(builtProgram);
  let all = 0;
  for (let seed = 0; seed < 3; seed += 1) {
    const { kills, ...rest } = await extractUnderFire(org, seededFraction(20_261_121 + seed));
    expect(rest).toEqual({ lost: 0, doubled: 0 });
    all += kills;
  }
  expect(all).toBeGreaterThan(3);
});
