// Bytes of a remote file in their order, with many reads under way: over a long line one read at a time would wait for
// every answer. In: an open file, a range. Out: blocks. What must hold: at most so many blocks wait in memory.

import { readAt } from "./remote.ts";
import type { Session } from "./session.ts";

/** What every server has to answer in one piece (draft-ietf-secsh-filexfer-02, 3). */
const chunkBytes = 32 * 1024;
/** One buffer for many chunks: measured, a fifth of the time went into collecting buffers of single ones. */
const blockBytes = 1 << 20;
/** So that 2 MiB are on their way while a third block is being filled up. */
const blocksAhead = 3;

export async function* readAhead(session: Session, handle: Buffer, from: number, to: number): AsyncGenerator<Buffer> {
  const ahead: Promise<Buffer>[] = [];
  let asked = from;
  for (let at = from; ; ) {
    while (ahead.length < blocksAhead && asked < to) {
      const block = readBlock(session, handle, asked, Math.min(blockBytes, to - asked));
      // It is waited for in its turn; until then its failure is nobody's surprise.
      block.catch(() => undefined);
      ahead.push(block);
      asked += blockBytes;
    }
    const next = ahead.shift();
    if (next === undefined) return;
    const block = await next;
    if (block.length > 0) yield block;
    // The file is shorter than it was: the caller counts.
    if (block.length < Math.min(blockBytes, to - at)) return;
    at += block.length;
  }
}

/** Shorter only at the end of the file. */
async function readBlock(session: Session, handle: Buffer, from: number, bytes: number): Promise<Buffer> {
  const block = Buffer.allocUnsafeSlow(bytes);
  const reads: Promise<number>[] = [];
  for (let at = 0; at < bytes; at += chunkBytes) {
    reads.push(readAt(session, handle, block.subarray(at, at + chunkBytes), from + at));
  }
  const read = await Promise.all(reads);
  const short = read.findIndex((length, index) => length < Math.min(chunkBytes, bytes - index * chunkBytes));
  return short < 0 ? block : block.subarray(0, short * chunkBytes + (read[short] ?? 0));
}
