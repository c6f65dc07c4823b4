// Bytes of a remote file in their order, with many reads under way: over a long line one read at a time would wait for
// every answer. In: an open file, a range. Out: blocks. What must hold: at most so many blocks are in memory; a block is
// filled anew once the one after the next is asked for, so who takes it has to be done with it by then.

import { readAt } from "./remote.ts";
import type { Session } from "./session.ts";

/** One buffer for many pieces: measured, a fifth of the time went into collecting buffers of single ones. */
const blockBytesMin = 1000 * 1024;
/** So that 2 MiB are on their way while a third block is being filled up. */
const blocksAhead = 3;
/** One more is with who takes it, and its place is needed when the next but one is asked for. */
const places = blocksAhead + 1;

/**
 * To the end of the file, whatever size is stated: what lies behind it is asked for together with the last block. A file
 * that ends before is short; the caller counts.
 */
export async function* readToEnd(
  session: Session,
  handle: Buffer,
  from: number,
  stated: number,
): AsyncGenerator<Buffer> {
  let at = Math.max(from, stated);
  const behind = Buffer.allocUnsafeSlow(session.readBytesMax);
  let asked: Promise<Buffer> | undefined;
  const askBehind = () => {
    asked ??= readBlock(session, handle, at, behind);
    asked.catch(() => undefined);
  };
  let left = at - from;
  if (left <= blockBytesMin) askBehind();
  for await (const block of readAhead(session, handle, from, at)) {
    left -= block.length;
    if (left <= blockBytesMin) askBehind();
    yield block;
  }
  if (left > 0) return;
  askBehind();
  let block = (await asked) ?? behind.subarray(0, 0);
  for (let wanted = behind.length; block.length > 0; wanted = blockBytesMin) {
    yield block;
    at += block.length;
    if (block.length < wanted) return;
    block = await readBlock(session, handle, at, Buffer.allocUnsafeSlow(blockBytesMin));
  }
}

/** Whether nothing is there any more from a position on. */
export async function isEnd(session: Session, handle: Buffer, position: number): Promise<boolean> {
  return (await readAt(session, handle, Buffer.alloc(1), position)) === 0;
}

export async function* readAhead(session: Session, handle: Buffer, from: number, to: number): AsyncGenerator<Buffer> {
  const blockBytes = session.readBytesMax * Math.ceil(blockBytesMin / session.readBytesMax);
  const buffers: Buffer[] = [];
  const ahead: Promise<Buffer>[] = [];
  let asked = from;
  for (let at = from; ; ) {
    while (ahead.length < blocksAhead && asked < to) {
      const place = Math.round((asked - from) / blockBytes) % places;
      const buffer = buffers[place] ?? Buffer.allocUnsafeSlow(Math.min(blockBytes, to - from));
      buffers[place] = buffer;
      const block = readBlock(session, handle, asked, buffer.subarray(0, Math.min(blockBytes, to - asked)));
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
async function readBlock(session: Session, handle: Buffer, from: number, block: Buffer): Promise<Buffer> {
  const pieceBytes = session.readBytesMax;
  const reads: Promise<number>[] = [];
  for (let at = 0; at < block.length; at += pieceBytes) {
    reads.push(readAt(session, handle, block.subarray(at, at + pieceBytes), from + at));
  }
  const read = await Promise.all(reads);
  const short = read.findIndex((length, index) => length < Math.min(pieceBytes, block.length - index * pieceBytes));
  return short < 0 ? block : block.subarray(0, short * pieceBytes + (read[short] ?? 0));
}
