// Work that waits for answers most of the time, several at a time; and work that several ask for, one at a time.

/** Runs `act` over items, so many at a time; results come as they are done. Ends all with the first failure. */
export async function* inParallel<Item, Result>(
  items: Iterable<Item> | AsyncIterable<Item>,
  lanes: number,
  act: (item: Item) => Promise<Result>,
): AsyncGenerator<Result> {
  const running = new Set<Promise<{ done: Promise<unknown>; result: Result }>>();
  const takeOne = async () => {
    const { done, result } = await Promise.race(running);
    running.delete(done as never);
    return result;
  };
  try {
    for await (const item of items) {
      const task: Promise<{ done: Promise<unknown>; result: Result }> = act(item).then((result) => ({
        done: task,
        result,
      }));
      running.add(task);
      if (running.size >= lanes) yield await takeOne();
    }
    while (running.size > 0) yield await takeOne();
  } finally {
    await Promise.allSettled(running);
  }
}

export type OneAtATime = <T>(act: () => Promise<T>) => Promise<T>;

/** A queue: each act begins when the one before has ended, however it ended. */
export function oneAtATime(): OneAtATime {
  let last: Promise<unknown> = Promise.resolve();
  return (act) => {
    const next = last.then(act, act);
    last = next.catch(() => undefined);
    return next;
  };
}
