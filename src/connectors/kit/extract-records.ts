// The records of a system as a source gives them. In: how the parts of an object are extracted. Out: `extract` of the
// contract. Must hold: a fault that ended it says what to do.

import type { ExtractedPart, ExtractRequest, Source } from "../../contract/source.ts";
import type { ObjectSource } from "../../job/job.ts";

interface Client {
  readonly name: string;
  /** Runs `act`; a fault that ended it becomes a failure that says what to do. */
  explain<T>(doing: string, act: () => Promise<T>): Promise<T>;
}

export function extractRecords(
  client: Client,
  extract: (request: ExtractRequest<ObjectSource>) => AsyncIterable<ExtractedPart>,
): Source["extract"] {
  return (request) => {
    const { source } = request;
    if (source.kind !== "object") throw new Error(`${client.name} holds objects, not files`);
    return explainEach(client, `extracting ${source.object}`, extract({ ...request, source }));
  };
}

async function* explainEach<Item>(client: Client, doing: string, items: AsyncIterable<Item>): AsyncGenerator<Item> {
  const fetched = items[Symbol.asyncIterator]();
  for (;;) {
    const next = await client.explain(doing, () => fetched.next());
    if (next.done === true) return;
    yield next.value;
  }
}
