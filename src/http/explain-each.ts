// Items that are fetched one after the other, where fetching any of them can fail.

interface Client {
  /** Runs `act`; a fault that ended it becomes a failure that says what to do. */
  explain<T>(doing: string, act: () => Promise<T>): Promise<T>;
}

/** The same items; a fault that ended the fetching becomes a failure that says what to do. */
export async function* explainEach<Item>(
  client: Client,
  doing: string,
  items: AsyncIterable<Item>,
): AsyncGenerator<Item> {
  const fetched = items[Symbol.asyncIterator]();
  for (;;) {
    const next = await client.explain(doing, () => fetched.next());
    if (next.done === true) return;
    yield next.value;
  }
}
