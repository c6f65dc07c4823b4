// One local file to a server. In: a file, the name that it gets. Out: all of its bytes there, on the server's disk where
// the server can say so. What must hold: an upload goes on with what is there only after it was read back and compared:
// a server that lost its power may have kept a file's length without its bytes.

import { type FileHandle, open as openLocal } from "node:fs/promises";
import type { LocalFile } from "../../contract/files.ts";
import { countOf, showCount } from "../../core/counted.ts";
import { Failure } from "../../core/errors.ts";
import { exitCode } from "../../core/exit-code.ts";
import { failpoint } from "../../core/failpoint.ts";
import { CallFault } from "../../http/outcome.ts";
import type { Link } from "./link.ts";
import { readAhead, readToEnd } from "./read-ahead.ts";
import { look, syncToDisk, withFile, writeAt } from "./remote.ts";
import type { Session } from "./session.ts";
import { SyncBeside } from "./sync-beside.ts";

const blockBytes = 1 << 20;
const blocksAhead = 3;
/** After so many bytes the server is asked to bring them to its disk; from there an upload goes on unseen. */
const durableBytes = 64 << 20;

export interface Upload {
  link: Link;
  /** On this machine. */
  path: string;
  bytes: number;
  /** On the server. */
  remote: string;
  signal: AbortSignal;
  onBytes(bytes: number): void;
}

/** Bytes that the server has: surely on its disk, or as far as it has said. */
interface Sent {
  durable: number;
  bytes: number;
}

export async function upload(request: Upload): Promise<void> {
  const sent: Sent = { durable: 0, bytes: 0 };
  for (let isWhole = false; !isWhole; ) {
    isWhole = await request.link.repeat(`write ${request.remote}`, (session) => send(session, request, sent));
  }
}

/** True once all is there; false where the connection broke off after some of it. */
async function send(session: Session, request: Upload, sent: Sent): Promise<boolean> {
  const before = sent.bytes;
  try {
    await sendRest(session, request, sent);
    return true;
  } catch (error) {
    if (error instanceof CallFault && sent.bytes > before) return false;
    throw error;
  }
}

async function sendRest(session: Session, request: Upload, sent: Sent): Promise<void> {
  const { remote, bytes, path } = request;
  const there = (await look(session, remote))?.bytes ?? 0;
  // What is longer than the file was no beginning of it.
  const goesOn = there > 0 && there <= bytes;
  await withFile(session, remote, goesOn ? "r+" : "w", async (handle) => {
    sent.bytes = goesOn ? await compareStart(session, handle, request, sent, there) : 0;
    sent.durable = Math.min(sent.durable, sent.bytes);
    await sendFrom(session, handle, request, sent);
    await syncToDisk(session, handle);
  });
  const arrived = (await look(session, remote))?.bytes;
  // A size that is wrong or not stated proves nothing: the bytes do then.
  if (arrived === bytes || (arrived !== undefined && (await hasBytes(session, remote, { path, bytes })))) return;
  throw new Failure(exitCode.failed, `${remote} is not on the server as it was sent`, {
    why: `${countOf(bytes, "byte")} sent, ${arrived === undefined ? "nothing is there" : `${showCount(arrived)} are there`}`,
    next: "loadline resume; if it happens again, ask the owner of the server",
  });
}

/** How much of what is there is what was to be sent. */
async function compareStart(
  session: Session,
  handle: Buffer,
  { path, signal }: Upload,
  { durable }: Sent,
  there: number,
): Promise<number> {
  if (there <= durable) return there;
  const local = await openLocal(path);
  try {
    let same = durable;
    for await (const chunk of readAhead(session, handle, durable, there)) {
      signal.throwIfAborted();
      const ours = Buffer.alloc(chunk.length);
      await local.read(ours, 0, chunk.length, same);
      if (!ours.equals(chunk)) return same;
      same += chunk.length;
    }
    return same;
  } finally {
    await local.close();
  }
}

/** Whether a file on the server is this one to the last byte. */
export function hasBytes(session: Session, path: string, { path: local, bytes }: LocalFile): Promise<boolean> {
  return withFile(session, path, "r", async (handle) => {
    const ours = await openLocal(local);
    try {
      let same = 0;
      for await (const block of readToEnd(session, handle, 0, bytes)) {
        const expected = Buffer.alloc(block.length);
        await ours.read(expected, 0, block.length, same);
        same += block.length;
        if (same > bytes || !expected.equals(block)) return false;
      }
      return same === bytes;
    } finally {
      await ours.close();
    }
  });
}

async function sendFrom(session: Session, handle: Buffer, request: Upload, sent: Sent): Promise<void> {
  const { path, bytes, signal, onBytes } = request;
  const ahead: Promise<number>[] = [];
  const syncing = new SyncBeside(durableBytes, sent.bytes, async (there) => {
    if (await syncToDisk(session, handle)) sent.durable = there;
  });
  const settleOne = async () => {
    sent.bytes += (await ahead.shift()) ?? 0;
    onBytes(sent.bytes);
    failpoint("sent");
  };
  const local = await openLocal(path);
  try {
    for await (const { block, position } of readBlocks(local, sent.bytes, bytes)) {
      signal.throwIfAborted();
      const writing = writeBlock(session, handle, block, position);
      writing.catch(() => undefined);
      ahead.push(writing);
      if (ahead.length >= blocksAhead) await settleOne();
      await syncing.reach(sent.bytes);
    }
    while (ahead.length > 0) await settleOne();
    await syncing.ended();
  } finally {
    await Promise.allSettled([...ahead, syncing.ended()]);
    await local.close();
  }
}

interface Block {
  block: Buffer;
  position: number;
}

/** A block is filled anew when `blocksAhead` more have been asked for: blocks of its own for each were half of all garbage. */
async function* readBlocks(local: FileHandle, from: number, to: number): AsyncGenerator<Block> {
  const buffers = Array.from({ length: blocksAhead }, () => Buffer.allocUnsafeSlow(Math.min(blockBytes, to - from)));
  for (let position = from, turn = 0; position < to; turn += 1) {
    const buffer = buffers[turn % blocksAhead] as Buffer;
    const { bytesRead } = await local.read(buffer, 0, Math.min(buffer.length, to - position), position);
    // The file is shorter than it was: what has arrived is counted at the end.
    if (bytesRead === 0) return;
    yield { block: buffer.subarray(0, bytesRead), position };
    position += bytesRead;
  }
}

async function writeBlock(session: Session, handle: Buffer, block: Buffer, position: number): Promise<number> {
  const writes: Promise<void>[] = [];
  const { writeBytesMax } = session;
  for (let at = 0; at < block.length; at += writeBytesMax) {
    writes.push(writeAt(session, handle, block.subarray(at, at + writeBytesMax), position + at));
  }
  await Promise.all(writes);
  return block.length;
}
