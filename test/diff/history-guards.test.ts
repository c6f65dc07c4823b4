// What earlier runs teach: what is usual for a feed stops nothing, what is not is told with what it was learned from.

import { describe, expect, test } from "vitest";
import { noCounts, type StreamCounts } from "../../src/core/model.ts";
import { checkHistory, type EarlierRun, type Extent, type HistoryInput } from "../../src/diff/history-guards.ts";

const extentOf = (some: Partial<Extent>): Extent => ({ rows: null, files: 0, spanMs: null, ...some });

/** Of a whole source: runs with the counts of each, the newest first. */
function runs(...all: (Partial<StreamCounts> & Partial<Extent>)[]): EarlierRun[] {
  return all.map(({ rows, files, spanMs, ...some }, index) => ({
    run: `r${all.length - index}`,
    counts: { ...noCounts(), ...some },
    ...extentOf({ rows: rows ?? some.extracted ?? 0, files: files ?? 1, spanMs: spanMs ?? null }),
  }));
}

function stopsOf(
  earlier: EarlierRun[],
  some: Partial<StreamCounts>,
  more: Partial<Omit<HistoryInput, "extent">> & { extent?: Partial<Extent> } = {},
): string[] {
  const counts = { ...noCounts(), ...some };
  const extent = extentOf({ rows: counts.extracted, files: 1, ...more.extent });
  return checkHistory({ stream: "s", mode: "upsert", guards: {}, earlier, counts, ...more, extent });
}

/** A full feed: all rows created once, then found as they are. */
const full = (rows: number, times: number) =>
  runs(...Array.from({ length: times }, () => ({ extracted: rows, unchanged: rows })), {
    extracted: rows,
    creates: rows,
  });

describe("rows of a whole source", () => {
  test.each<[string, EarlierRun[], Partial<StreamCounts>, Parameters<typeof stopsOf>[2], string | undefined]>([
    ["a first load", [], { extracted: 3 }, {}, undefined],
    ["half", full(100, 0), { extracted: 50, unchanged: 50 }, {}, undefined],
    [
      "less than half",
      full(100, 0),
      { extracted: 49, unchanged: 49 },
      {},
      "s: 49 rows in the source, at least 50 % of 100, the median of run r1 (guards.source_rows_min_vs_last)",
    ],
    [
      "none",
      full(100, 2),
      { extracted: 0 },
      {},
      "s: no rows in the source, at least 50 % of 100, the median of the last 3 runs (r1 to r3) (guards.source_rows_min_vs_last)",
    ],
    ["a handful that became two", full(9, 3), { extracted: 2, unchanged: 2 }, {}, undefined],
    ["what changed since, after all", full(5000, 0), { extracted: 12, updates: 7, creates: 5 }, {}, undefined],
    [
      "all that a mirror has",
      full(5000, 0),
      { extracted: 12, updates: 7, creates: 5 },
      { mode: "mirror" },
      "s: 12 rows in the source, at least 50 % of 5,000, the median of run r1 (guards.source_rows_min_vs_last)",
    ],
    ["events", full(5000, 0), { extracted: 12, creates: 12 }, { mode: "insert" }, undefined],
    [
      "nothing new in a feed of changes",
      runs(...[9, 30, 4, 12].map((rows) => ({ extracted: rows, creates: rows }))),
      { extracted: 0 },
      {},
      undefined,
    ],
    ["not all of the source", full(100, 4), { extracted: 2, unchanged: 2 }, { extent: { rows: null } }, undefined],
    [
      "another limit",
      full(100, 2),
      { extracted: 61, unchanged: 61 },
      { guards: { sourceRowsMinVsLast: 60 } },
      undefined,
    ],
    [
      "a limit of the job, of a handful",
      full(5, 1),
      { extracted: 1, updates: 1 },
      { guards: { sourceRowsMinVsLast: 60 } },
      "s: 1 row in the source, at least 60 % of 5, the median of the last 2 runs (r1 to r2) (guards.source_rows_min_vs_last)",
    ],
    ["off", full(100, 2), { extracted: 0 }, { guards: { sourceRowsMinVsLast: 0 } }, undefined],
    // Somebody has let it pass: it is as small from then on.
    ["as small as the last", runs({ extracted: 40 }, ...full(100, 3)), { extracted: 38, unchanged: 38 }, {}, undefined],
    [
      "smaller than the smallest",
      runs({ extracted: 40 }, ...full(100, 3).map(({ counts }) => counts)),
      { extracted: 19, unchanged: 19 },
      {},
      "s: 19 rows in the source, at least 50 % of 40, the least of the last 5 runs (r1 to r5) (guards.source_rows_min_vs_last)",
    ],
  ])("%s", (_, earlier, some, more, stop) => {
    expect(stopsOf(earlier, some, more)).toEqual(stop === undefined ? [] : [stop]);
  });
});

describe("records that are changed", () => {
  const nights = (...updates: number[]) =>
    runs(...updates.map((count) => ({ extracted: 1000, updates: count, unchanged: 1000 - count })));
  const tonight = (updates: number): Partial<StreamCounts> => ({
    extracted: 1000,
    updates,
    unchanged: 1000 - updates,
  });

  test.each<[string, EarlierRun[], Partial<StreamCounts>, Parameters<typeof stopsOf>[2], string | undefined]>([
    ["four runs teach nothing", nights(9, 9, 9, 9), tonight(1000), {}, undefined],
    ["three times the most", nights(2, 20, 9, 9, 9), tonight(60), {}, undefined],
    [
      "more",
      nights(2, 20, 9, 9, 9),
      tonight(61),
      {},
      "s: 61 records to change, at most 60, three times the most of the last 5 runs (r1 to r5), 20 by r4 (guards.changed)",
    ],
    ["one percent after nights without a change", nights(0, 0, 0, 0, 0), tonight(10), {}, undefined],
    [
      "more than that",
      nights(0, 0, 1, 0, 0),
      tonight(11),
      {},
      "s: 11 records to change, at most 10, which is more than three times the most of the last 5 runs (r1 to r5), 1 by r3 (guards.changed)",
    ],
    [
      "a handful",
      nights(0, 0, 0, 0, 0),
      { extracted: 20, updates: 5, unchanged: 15 },
      { extent: { rows: null } },
      undefined,
    ],
    ["a limit of the job", nights(2, 2, 2, 2, 2), tonight(900), { guards: { changed: { percent: 100 } } }, undefined],
    ["a file is given all", nights(2, 2, 2, 2, 2), tonight(900), { mode: "replace" }, undefined],
    [
      "nights without rows teach nothing",
      runs(...[0, 0, 0, 0, 5].map((creates) => ({ extracted: creates, creates }))),
      { extracted: 900, creates: 900 },
      {},
      undefined,
    ],
    [
      "creates are counted by themselves, and as changes",
      runs(...[3, 3, 3, 3, 3].map((creates) => ({ extracted: 9, creates, unchanged: 9 - creates }))),
      { extracted: 30, creates: 12, updates: 18 },
      { guards: { changed: { count: 50 } } },
      "s: 12 records to create, at most 9, three times the most of the last 5 runs (r1 to r5), 3 by r5 (guards.creates)",
    ],
    // A weekend without a run: more files, a longer window.
    ["three files at once", nights(20, 20, 20, 20, 20), tonight(180), { extent: { files: 3 } }, undefined],
    [
      "more than three files have",
      nights(20, 20, 20, 20, 20),
      tonight(181),
      { extent: { files: 3 } },
      "s: 181 records to change, at most 180, three times the most of the last 5 runs (r1 to r5), 20 by r5, for 3 files in place of 1 (guards.changed)",
    ],
    [
      "more than a longer window has",
      runs(...[1, 2, 1, 1, 1].map((hours) => ({ extracted: 20, updates: 20, spanMs: hours * 3_600_000 }))),
      { extracted: 1501, updates: 1501 },
      { extent: { rows: null, spanMs: 50 * 3_600_000 } },
      "s: 1,501 records to change, at most 1,500, three times the most of the last 5 runs (r1 to r5), 20 by r5, for a window 25 times as long (guards.changed)",
    ],
  ])("%s", (_, earlier, some, more, stop) => {
    expect(stopsOf(earlier, some, more)).toEqual(stop === undefined ? [] : [stop]);
  });
});

describe("keys that find nothing", () => {
  const all = { extracted: 20, creates: 20 };

  test("after runs whose keys found records, all rows would be created", () => {
    expect(stopsOf(full(20, 2), all)).toEqual([
      "s: the keys of all 20 rows find no record, all of them would be created; in the median of the last 3 runs (r1 to r3) 100 % found one: has the key another form, or are the records not to be seen any more? (guards.creates)",
    ]);
  });

  test.each<[string, EarlierRun[], Partial<StreamCounts>, Partial<HistoryInput>]>([
    ["a second file of new records", full(20, 0), all, {}],
    ["one is found", full(20, 2), { extracted: 20, creates: 19, unchanged: 1 }, {}],
    ["few rows", full(20, 2), { extracted: 9, creates: 9 }, { guards: { sourceRowsMinVsLast: 0 } }],
    ["the job says how many may be created", full(20, 2), all, { guards: { creates: { percent: 100 } } }],
    ["events", full(20, 2), all, { mode: "insert" }],
  ])("%s", (_, earlier, some, more) => {
    expect(stopsOf(earlier, some, more)).toEqual([]);
  });
});
