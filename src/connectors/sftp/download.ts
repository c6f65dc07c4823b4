// One remote file into the run folder. In: the file as it was chosen. Out: its bytes under their final name, with their
// SHA-256. What must hold: a file is read to its end, whatever size the server states; one that ends before its stated
// size or changes while it is read is refused; what was received is kept across a broken connection and a killed run, and
// gone on with only if it is on the disk and the remote file is still the same.

import { createHash, type Hash } from "node:crypto";
import { createReadStream, existsSync, readFileSync, renameSync, rmSync, statSync } from "node:fs";
import { type FileHandle, open as openLocal } from "node:fs/promises";
import { countOf, showCount } from "../../core/counted.ts";
import { Failure } from "../../core/errors.ts";
import { exitCode } from "../../core/exit-code.ts";
import { failpoint } from "../../core/failpoint.ts";
import { syncEntry, writeDurably } from "../../core/files.ts";
import type { DoubtfulTextSearch } from "../../formats/doubtful-text.ts";
import { packingOf } from "../../formats/packing.ts";
import { searchOf, searchReceived } from "../../formats/received.ts";
import { CallFault } from "../../http/outcome.ts";
import type { FileFormat } from "../../job/job.ts";
import type { Link } from "./link.ts";
import { isEnd, readToEnd } from "./read-ahead.ts";
import { look, type RemoteFile, withFile } from "./remote.ts";
import type { Session } from "./session.ts";
import { SyncBeside } from "./sync-beside.ts";

/** Read from the disk at once. */
const blockBytes = 1 << 20;
/** After so many bytes they are brought to the disk, so that a run that is killed here can go on from there. */
const durableBytes = 16 << 20;

export interface Download {
  link: Link;
  /** On the server. */
  remote: string;
  label: string;
  /** As it was chosen: as the server states it; 0 where it does not. */
  bytes: number;
  modifiedMs: number;
  /** Where it goes. */
  target: string;
  format: FileFormat;
  signal: AbortSignal;
  onBytes(bytes: number): void;
  onDoubt(text: string): void;
}

/** What has arrived so far. */
interface Received {
  file: FileHandle;
  hash: Hash;
  /** Of text as it arrives; what is packed is looked at once it is whole. */
  search: DoubtfulTextSearch | undefined;
  bytes: number;
  syncing: SyncBeside;
}

export interface Downloaded {
  bytes: number;
  sha256: string;
  suspect: boolean;
}

export async function download(request: Download): Promise<Downloaded> {
  const { link, label, target, format } = request;
  const received = await openReceived(request);
  try {
    for (let isWhole = false; !isWhole; ) {
      isWhole = await link.repeat(`read ${label}`, (session) => receive(session, request, received));
    }
    await received.syncing.ended();
    await received.file.datasync();
  } finally {
    await received.syncing.ended().catch(() => undefined);
    await received.file.close();
  }
  renameSync(partialOf(target), target);
  await syncEntry(target);
  rmSync(markOf(target), { force: true });
  const { hash, search, bytes } = received;
  tellDoubts(request, bytes);
  const suspect =
    packingOf(label) === "gzip"
      ? await searchReceived(createReadStream(target), { path: target, label }, searchOf(format, label))
      : search?.found === true;
  return { bytes, sha256: hash.digest("hex"), suspect };
}

function tellDoubts({ link, label, bytes: stated, modifiedMs, onDoubt }: Download, bytes: number): void {
  if (bytes !== stated) {
    const size = `the server states ${countOf(stated, "byte")} of ${label} and gave ${showCount(bytes)}, all that it has`;
    link.tellOnce("size", `${size}: files are read to their end, whatever size is stated`, onDoubt);
  }
  if (modifiedMs === 0) {
    const times = `the server states no time of change of ${label}`;
    link.tellOnce("time", `${times}: that a file has changed is told by its size alone`, onDoubt);
  }
}

function partialOf(target: string): string {
  return `${target}.partial`;
}

/** Says how much of the partial file is on the disk, and of which remote file. */
function markOf(target: string): string {
  return `${target}.mark`;
}

async function openReceived(request: Download): Promise<Received> {
  const { target, label, format } = request;
  const partial = partialOf(target);
  const durable = existsSync(partial) ? readMark(target, request) : 0;
  const file = await openLocal(partial, durable > 0 ? "r+" : "w", 0o600);
  if (durable > 0) await file.truncate(durable);
  const search = packingOf(label) === "none" ? searchOf(format, label) : undefined;
  const syncing = new SyncBeside(durableBytes, durable, (there) => makeDurable(request, file, there));
  const received = { file, hash: createHash("sha256"), search, bytes: durable, syncing };
  if (durable === 0) return received;
  for await (const chunk of createReadStream(partial, { highWaterMark: blockBytes })) {
    received.hash.update(chunk as Buffer);
    search?.feed(chunk as Buffer);
  }
  return received;
}

function readMark(target: string, identity: { bytes: number; modifiedMs: number }): number {
  if (!existsSync(markOf(target))) return 0;
  const mark = JSON.parse(readFileSync(markOf(target), "utf8")) as {
    durable: number;
    bytes: number;
    modifiedMs: number;
  };
  // Without a time, another file of that size could have taken its place since.
  const isSame = mark.bytes === identity.bytes && mark.modifiedMs === identity.modifiedMs && mark.modifiedMs !== 0;
  return isSame && statSync(partialOf(target)).size >= mark.durable ? mark.durable : 0;
}

/** True once the file is whole; false where the connection broke off after some of it had arrived. */
async function receive(session: Session, request: Download, received: Received): Promise<boolean> {
  const before = received.bytes;
  try {
    await receiveRest(session, request, received);
    return true;
  } catch (error) {
    if (error instanceof CallFault && received.bytes > before) return false;
    throw error;
  }
}

function receiveRest(session: Session, request: Download, received: Received): Promise<void> {
  const { remote, bytes: stated, signal } = request;
  return withFile(session, remote, "r", async (handle) => {
    refuseOther(request, await look(session, remote, handle));
    // A block is written while the next one arrives.
    let written: Promise<void> = Promise.resolve();
    try {
      for await (const block of readToEnd(session, handle, received.bytes, stated)) {
        signal.throwIfAborted();
        await written;
        written = keep(request, received, block);
        written.catch(() => undefined);
      }
    } finally {
      await written;
    }
    if (received.bytes < stated) throw endedEarly(request, received.bytes);
    refuseOther(request, await look(session, remote, handle));
    // More than is stated: either that is wrong, or the file is growing and its size is told late.
    if (received.bytes !== stated && !(await isEnd(session, handle, received.bytes))) refuseOther(request, undefined);
  });
}

async function keep(request: Download, received: Received, block: Buffer): Promise<void> {
  const { file, hash, search } = received;
  const writing = writeAll(file, block, received.bytes);
  writing.catch(() => undefined);
  hash.update(block);
  search?.feed(block);
  await writing;
  received.bytes += block.length;
  request.onBytes(received.bytes);
  failpoint("received");
  await received.syncing.reach(received.bytes);
}

/** Has what was received on the disk, and says so beside it. */
async function makeDurable({ bytes, modifiedMs, target }: Download, file: FileHandle, durable: number): Promise<void> {
  await file.datasync();
  writeDurably(markOf(target), JSON.stringify({ durable, bytes, modifiedMs }));
  failpoint("marked");
}

async function writeAll(file: FileHandle, block: Buffer, position: number): Promise<void> {
  for (let at = 0; at < block.length; ) {
    at += (await file.write(block, at, block.length - at, position + at)).bytesWritten;
  }
}

/** What has the file's name by now. What the server does not state can't be compared. */
function refuseOther({ label, bytes, modifiedMs }: Download, now: RemoteFile | undefined): void {
  if (now?.bytes === bytes && now.modifiedMs === modifiedMs) return;
  throw new Failure(exitCode.failed, "the file changed while it was read", {
    where: { file: label },
    why:
      now === undefined
        ? "it became longer, or is gone"
        : `${stateOf({ bytes, modifiedMs })} before, ${stateOf(now)} after`,
    next: "run again when the file is complete; source.ready tells loadline when that is",
  });
}

function stateOf({ bytes, modifiedMs }: { bytes: number; modifiedMs: number }): string {
  return `${countOf(bytes, "byte")}${modifiedMs === 0 ? "" : ` of ${new Date(modifiedMs).toISOString()}`}`;
}

function endedEarly({ label, bytes }: Download, received: number): Failure {
  return new Failure(exitCode.failed, "the file ends before the size that the server states", {
    where: { file: label },
    why: `it states ${countOf(bytes, "byte")} and gave ${showCount(received)}: a part of a file is never taken for all of it`,
    next: "run again when the file is complete; if it happens again, ask the owner of the server",
  });
}
