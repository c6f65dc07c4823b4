// Every failpoint in a fraction of the cases: each name at its first, a middle and its last hit, and those that are met
// only on the way back. In: the names that an undisturbed command hits, in their order. Out: cases for `crashAndGoOn`.

import type { Continuation, CrashCase, CrashResult } from "./kill-points.ts";

type Scenario = Pick<CrashCase, "mode" | "verb">;

/** Taken up by `resume` and by `run` by turns; a name that is hit once, by both. */
export function coverOf(scenario: Scenario, hits: readonly string[]): CrashCase[] {
  return [...countNames(hits)].flatMap(([name, count], index) => {
    const chosen = [...new Set([1, Math.ceil(count / 2), count])];
    const places = chosen.length === 1 ? [1, 1] : chosen;
    return places.map((hit, place) => ({
      ...scenario,
      failpoint: `${name}:${hit}`,
      continuation: continuationOf(index + place),
    }));
  });
}

/** Names that only the way back of one of the cases has met: the same case is killed a second time there. */
export function coverOfReturns(hits: readonly string[], results: readonly CrashResult[]): CrashCase[] {
  const known = new Set(hits);
  const cases: CrashCase[] = [];
  for (const { case: first, returnHits } of results) {
    const names = countNames(returnHits.filter((name) => !known.has(name)));
    for (const [name, count] of names) {
      known.add(name);
      for (const hit of new Set([1, count])) cases.push({ ...first, second: `${name}:${hit}` });
    }
  }
  return cases;
}

function countNames(hits: readonly string[]): Map<string, number> {
  const counts = new Map<string, number>();
  for (const name of hits) counts.set(name, (counts.get(name) ?? 0) + 1);
  return counts;
}

function continuationOf(turn: number): Continuation {
  return turn % 2 === 0 ? "resume" : "run";
}
