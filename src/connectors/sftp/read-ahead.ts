// Bytes of a remote file in their order, with many reads under way: over a long line one read at a time would wait for
// every answer. In: an open file, a range. Out: chunks. What must hold: at most so many bytes wait in memory.

import { readAt } from "./remote.ts";
import type { Session } from "./session.ts";

/** What every server has to answer in one piece (draft-ietf-secsh-filexfer-02, 3). */
const chunkBytes = 32 * 1024;
const chunksAhead = 64;

export async function* readAhead(session: Session, handle: Buffer, from: number, to: number): AsyncGenerator<Buffer> {
  const ahead: Promise<Buffer>[] = [];
  let asked = from;
  const ask = () => {
    const buffer = Buffer.allocUnsafeSlow(Math.min(chunkBytes, to - asked));
    const read = readAt(session, handle, buffer, asked).then((bytes) => buffer.subarray(0, bytes));
    // It is waited for in its turn; until then its failure is nobody's surprise.
    read.catch(() => undefined);
    ahead.push(read);
    asked += buffer.length;
  };
  for (;;) {
    while (ahead.length < chunksAhead && asked < to) ask();
    const next = ahead.shift();
    if (next === undefined) return;
    const chunk = await next;
    // The file is shorter than it was: the caller counts.
    if (chunk.length === 0) return;
    yield chunk;
  }
}
