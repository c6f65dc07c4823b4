// Limits on rows that stay away: which stop a run before it loads, which a load is no success for, and what is said.

import { describe, expect, test } from "vitest";
import { noCounts, type StreamCounts } from "../../src/core/model.ts";
import { checkArrived, checkGuards } from "../../src/diff/guards.ts";
import type { Threshold } from "../../src/job/job.ts";

function counts(some: Partial<StreamCounts>): StreamCounts {
  return { ...noCounts(), ...some };
}

function stopsOf(some: Partial<StreamCounts>, rejectsMax?: Threshold): string[] {
  return checkGuards({ stream: "s", mode: "upsert", counts: counts(some), cascaded: 0, guards: {}, rejectsMax });
}

describe("before a load", () => {
  test.each([
    [{ extracted: 100, rejected: 5 }, undefined, []],
    [{ extracted: 100, rejected: 6 }, undefined, ["s: 6 rows rejected, at most 5 % of 100 (rejects.max)"]],
    // The load is done, and ends with exit code 3.
    [{ extracted: 100, conflicts: 50 }, undefined, []],
    [{ extracted: 3, conflicts: 1 }, { count: 0 }, ["s: 1 row in conflict, at most 0 (rejects.max)"]],
    [
      { extracted: 100, rejected: 1, conflicts: 2 },
      { percent: 2 },
      ["s: 3 rows did not arrive (1 rejected, 2 in conflict), at most 2 % of 100 (rejects.max)"],
    ],
    // Of the rows that the run took: those that were not are no measure.
    [{ extracted: 1000, filtered: 990, rejected: 1 }, { percent: 10 }, []],
    [
      { extracted: 1000, filtered: 990, rejected: 2 },
      { percent: 10 },
      ["s: 2 rows rejected, at most 10 % of 10 (rejects.max)"],
    ],
    [{ extracted: 0 }, { percent: 0 }, []],
  ])("%j with rejects.max %j is stopped by %j", (some, rejectsMax, stops) => {
    expect(stopsOf(some, rejectsMax)).toEqual(stops);
  });
});

test("all records are no limit to changes, though mirror deletes more than there are rows", () => {
  const input = { stream: "s", mode: "mirror" as const, cascaded: 0, rejectsMax: undefined };
  const some = counts({ extracted: 2, updates: 1, creates: 1, mirrorDeletes: 9 });
  const stops = (percent: number) =>
    checkGuards({ ...input, counts: some, guards: { deletes: { count: 9 }, changed: { percent } } });
  expect(stops(100)).toEqual([]);
  expect(stops(99)).toEqual(["s: 11 records to change, at most 99 % of 2 (guards.changed)"]);
});

describe("after a load", () => {
  test.each([
    [{ extracted: 10, creates: 10, loaded: 10 }, undefined, undefined],
    [
      { extracted: 10, rejected: 1, loaded: 9 },
      undefined,
      "s: 1 row rejected, the job has no rejects.max that allows any",
    ],
    [
      { extracted: 10, conflicts: 1, loaded: 9 },
      undefined,
      "s: 1 row in conflict, the job has no rejects.max that allows any",
    ],
    [{ extracted: 10, failed: 1, loaded: 9 }, { count: 1 }, undefined],
    [
      { extracted: 10, rejected: 1, failed: 1 },
      { count: 1 },
      "s: 2 rows did not arrive (1 rejected, 1 refused by the target), at most 1 (rejects.max)",
    ],
    [
      { extracted: 1000, filtered: 990, failed: 10 },
      { percent: 5 },
      "s: 10 rows refused by the target, at most 5 % of 10 (rejects.max)",
    ],
    [{ extracted: 10, failed: 10 }, { percent: 100 }, undefined],
  ])("%j with rejects.max %j is %j", (some, rejectsMax, sentence) => {
    expect(checkArrived("s", counts(some), rejectsMax)).toBe(sentence);
  });
});
