// Work spread over lanes: each item runs in whichever lane is free, results come in the order of the items.

import { type Lane, openLane } from "./load.ts";
import type { Program } from "./program.ts";

/** The rig ends a child after four minutes; a sandbox is renewed well before. */
const sandboxMsMax = 90_000;

export async function overLanes<Item, Result>(
  program: Program,
  lanes: number,
  items: readonly Item[],
  act: (lane: Lane, item: Item) => Promise<Result>,
): Promise<Result[]> {
  const results: Result[] = [];
  const waiting = [...items.entries()];
  const work = async () => {
    while (waiting.length > 0) {
      await using lane = await openLane(program);
      const opened = performance.now();
      while (performance.now() - opened < sandboxMsMax) {
        const next = waiting.shift();
        if (next === undefined) return;
        results[next[0]] = await act(lane, next[1]);
      }
    }
  };
  await Promise.all(Array.from({ length: Math.min(lanes, items.length) }, work));
  return results;
}
