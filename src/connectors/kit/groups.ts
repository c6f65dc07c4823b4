// Items cut into groups, as large as one call takes, and looked up group by group. Must hold: each item is in one group,
// in order; what a list holds twice is asked for once.

import { inParallel } from "../../core/in-parallel.ts";

export interface GroupLimits<Item> {
  /** Items of a group. */
  items: number;
  /** And what they may be long together. A longer item has a group of its own. */
  length?: { max: number; of(item: Item): number };
}

type Items<Item> = Iterable<Item> | AsyncIterable<Item>;

/** Groups as large as the limits let them be. */
export async function* inGroups<Item>(items: Items<Item>, limits: number | GroupLimits<Item>): AsyncGenerator<Item[]> {
  const { items: max, length }: GroupLimits<Item> = typeof limits === "number" ? { items: limits } : limits;
  let group: Item[] = [];
  let total = 0;
  for await (const item of items) {
    const added = length?.of(item) ?? 0;
    const isFull = group.length === max || (length !== undefined && total + added > length.max);
    if (isFull && group.length > 0) {
      yield group;
      group = [];
      total = 0;
    }
    group.push(item);
    total += added;
  }
  if (group.length > 0) yield group;
}

/** What `read` finds for groups of keys, so many calls at a time; groups come as they are answered. */
export function lookUp<Key, Found>(
  keys: Items<Key>,
  { items, lanes }: { items: number; lanes: number },
  read: (keys: Key[]) => Promise<Found>,
): AsyncGenerator<Found> {
  return inParallel(inGroups(Symbol.iterator in keys ? new Set(keys) : keys, items), lanes, read);
}
