// Work spread over lanes: each item runs in whichever lane is free, results come in the order of the items.

import { type Lane, openLane } from "./load.ts";
import type { Program } from "./program.ts";

export async function overLanes<Item, Result>(
  program: Program,
  lanes: number,
  items: readonly Item[],
  act: (lane: Lane, item: Item) => Promise<Result>,
): Promise<Result[]> {
  const results: Result[] = [];
  const waiting = [...items.entries()];
  const work = async () => {
    await using lane = await openLane(program);
    for (let next = waiting.shift(); next !== undefined; next = waiting.shift()) {
      const [index, item] = next;
      results[index] = await act(lane, item);
    }
  };
  await Promise.all(Array.from({ length: Math.min(lanes, items.length) }, work));
  return results;
}
