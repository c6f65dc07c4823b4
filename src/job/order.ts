// Load order: a stream comes after the streams whose records it refers to; otherwise the order of the file holds.

export interface Dependent {
  name: string;
  /** Names of the streams that must be loaded before. */
  parents: readonly string[];
}

/** The streams in load order, or the names along one circle of parents, the first repeated at the end. */
export function sortByParents<T extends Dependent>(streams: readonly T[]): { order: T[] } | { circle: string[] } {
  const byName = new Map(streams.map((stream) => [stream.name, stream]));
  const order = new Set<T>();
  for (const stream of streams) {
    const circle = visit(stream, byName, order, []);
    if (circle !== undefined) return { circle };
  }
  return { order: [...order] };
}

function visit<T extends Dependent>(
  stream: T,
  byName: ReadonlyMap<string, T>,
  order: Set<T>,
  path: readonly string[],
): string[] | undefined {
  if (order.has(stream)) return undefined;
  if (path.includes(stream.name)) return [...path.slice(path.indexOf(stream.name)), stream.name];
  for (const name of stream.parents) {
    const parent = byName.get(name);
    const circle = parent && visit(parent, byName, order, [...path, stream.name]);
    if (circle !== undefined) return circle;
  }
  order.add(stream);
  return undefined;
}
