// Load order: a stream comes after the streams whose records it refers to; otherwise the order of the file holds. Of
// streams that go round in a circle one comes after those that are before it in the file: what it names of a later one is
// set by a second pass.

export interface Dependent {
  name: string;
  /** Names of the streams that must be loaded before, itself perhaps among them. */
  parents: readonly string[];
}

/** The streams in load order. */
export function sortByParents<T extends Dependent>(streams: readonly T[]): T[] {
  const reached = new Map(streams.map((stream) => [stream.name, reach(stream, streams)]));
  const isReached = (from: string, to: string) => reached.get(from)?.has(to) === true;
  const place = new Map(streams.map(({ name }, index) => [name, index]));
  const placeOf = (name: string) => place.get(name) ?? -1;
  const isLater = (name: string, parent: string) => isReached(parent, name) && placeOf(parent) >= placeOf(name);
  const order = new Set<T>();
  const visit = (stream: T) => {
    if (order.has(stream)) return;
    for (const parent of streams) {
      if (stream.parents.includes(parent.name) && !isLater(stream.name, parent.name)) visit(parent);
    }
    order.add(stream);
  };
  for (const stream of streams) visit(stream);
  return [...order];
}

/** Names of all streams that a stream refers to, over others too. */
function reach<T extends Dependent>(start: T, streams: readonly T[]): Set<string> {
  const found = new Set<string>();
  const open = [...start.parents];
  for (let name = open.pop(); name !== undefined; name = open.pop()) {
    if (found.has(name)) continue;
    found.add(name);
    open.push(...(streams.find((stream) => stream.name === name)?.parents ?? []));
  }
  return found;
}

/** The names from one stream to another, each of which refers to the next; undefined where there is no such way. */
export function findWay<T extends Dependent>(streams: readonly T[], from: string, to: string): string[] | undefined {
  const ways = [[from]];
  const seen = new Set<string>();
  for (let way = ways.shift(); way !== undefined; way = ways.shift()) {
    const last = way.at(-1) ?? from;
    if (last === to) return way;
    if (seen.has(last)) continue;
    seen.add(last);
    const next = streams.find(({ name }) => name === last)?.parents ?? [];
    ways.push(...next.map((name) => [...way, name]));
  }
  return undefined;
}
