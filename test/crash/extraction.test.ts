import { expect, test } from "vitest";
import { seededFraction } from "../../src/core/random.ts";
import { extractUnderFire, killExtraction, openExtractionOrg } from "./extraction.ts";
import { builtProgram } from "./program.ts";

/** In the order of the way; each of five pages is a part. What is handed on in batches is killed at by sweep.test.ts. */
const kills = [
  ...["query-opened:1", "extracted:1", "extracted:3", "staged:1", "uploaded:1", "committed:1", "checkpointed:1"],
];
const passed = [
  "diffed",
  "planned",
  "intent",
  "opened",
  "handle",
  "abandoned",
  "closed",
  "inspected",
  "ended",
  "loaded",
];
/** By `run` all that is before the plan is taken anew. */
const decisions = ["extracted:2", "uploaded:1"];

test.each([
  ["resume", kills],
  ["run", decisions],
] as const)(
  "an extraction that is killed at step after step, each time taken up by %s, loses and doubles nothing",
  async (continuation, failpoints) => {
    await using org = await openExtractionOrg(builtProgram);
    const { hits, ...result } = await killExtraction(org, failpoints, continuation);
    expect(result).toEqual({ kills: failpoints.length, lost: 0, doubled: 0 });
    // No step is unknown here.
    expect(new Set(hits)).toEqual(new Set([...kills.map((step) => step.split(":")[0]), ...passed]));
  },
);

test("an extraction that is killed at random while the org drops answers loses and doubles nothing", async () => {
  await using org = await openExtractionOrg(builtProgram);
  const { kills, ...rest } = await extractUnderFire(org, seededFraction(20_261_121));
  expect(rest).toEqual({ lost: 0, doubled: 0 });
  expect(kills).toBeGreaterThan(0);
});
