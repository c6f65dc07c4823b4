// Every failpoint in a fraction of the cases: each name at its first, a middle and its last hit, and those that are met
// only on the way back. In: the names that an undisturbed command hits, in their order. Out: cases for `crashAndGoOn`.

import type { Continuation, CrashCase, CrashResult } from "./kill-points.ts";

type Scenario = Pick<CrashCase, "mode" | "verb">;

/** A case at one place of a name's hits; `turn` 0 of the first hits, 1 of the last, 2 of those in the middle. */
export interface CoverCase {
  turn: number;
  case: CrashCase;
}

/** Taken up by `resume` and by `run` by turns; a name that is hit once, by both. */
export function coverOf(scenario: Scenario, hits: readonly string[]): CoverCase[] {
  return [...countNames(hits)].flatMap(([name, count], index) => {
    const places = count === 1 ? [1, 1] : [...new Set([1, count, Math.ceil(count / 2)])];
    return places.map((hit, turn) => ({
      turn,
      case: { ...scenario, failpoint: `${name}:${hit}`, continuation: continuationOf(index + turn) },
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
