// The protocol of a whole file, written anew by each run: a job whose handle is a temporary name. In: one batch, the whole
// file, and a store. Out: the file under its name, and beside it, where the job wants them, a manifest and then a done
// file. What must hold: readers see the old file or the new one, never a part of one; a run that is killed leaves the old
// one, or the new one.

import { createHash } from "node:crypto";
import { statSync, writeFileSync } from "node:fs";
import { posix } from "node:path";
import { stringify } from "csv-stringify/sync";
import type { FileStore, LocalFile } from "../contract/files.ts";
import type { Batch, BatchState, JobWrites } from "../contract/write.ts";
import { countOf } from "../core/counted.ts";
import { Failure } from "../core/errors.ts";
import { exitCode } from "../core/exit-code.ts";

/** For the load of one batch. */
export function wholeFileJobs(store: FileStore): JobWrites {
  /** Handles of which every file was seen under its name by this process. */
  const placed = new Set<string>();
  return {
    handlesKeptDays: Number.POSITIVE_INFINITY,
    open: async (batch) => temporaryName(batch.object, idOf(batch), 1),
    upload: (_handle, batch, onBytes, signal) => writeTemporaries(store, batch, onBytes, signal),
    commit: async (handle, batch) => {
      await putInPlace(store, handle, batch);
      placed.add(handle);
    },
    // What is there already is gone on with: the next attempt has the same name.
    abandon: async () => true,
    inspect: (handle, batch) => inspectPlaces(store, batch, placed.has(handle)),
    fetchResults: async () => undefined,
  };
}

/** The same for every attempt at a batch, and for no other one. */
function idOf({ path }: Batch): string {
  return createHash("sha256").update(path).digest("hex").slice(0, 12);
}

/** `number` is the order in which they get their names: the file first, what says that it is complete last. */
function temporaryName(name: string, id: string, number: number): string {
  return `.${name}.${id}-${number}.tmp`;
}

interface Written extends LocalFile {
  /** The name that it is written under first. */
  temporary: string;
  name: string;
}

/** What a batch writes, in the order in which it gets its names. Names are made, not listed: not every server lists them. */
function listWritten(batch: Batch): Written[] {
  const { manifest, doneFile } = batch.beside ?? {};
  const written = [{ name: batch.object, number: 1, path: batch.path, bytes: batch.bytes }];
  for (const [pattern, number] of [[manifest, 2] as const, [doneFile, 3] as const]) {
    if (pattern === undefined) continue;
    const path = `${batch.path}.beside-${number}`;
    const text = number === 2 ? manifestOf(batch, pattern) : "";
    writeFileSync(path, text, { mode: 0o600 });
    written.push({ name: nameBeside(pattern, batch.object), number, path, bytes: statSync(path).size });
  }
  const id = idOf(batch);
  return written.map(({ number, ...file }) => ({ ...file, temporary: temporaryName(file.name, id, number) }));
}

async function writeTemporaries(
  store: FileStore,
  batch: Batch,
  onBytes: (bytes: number) => void,
  signal: AbortSignal,
): Promise<void> {
  const [file, ...besides] = listWritten(batch);
  for (const { temporary, path, bytes } of besides) {
    await store.write(temporary, { path, bytes, onBytes: () => undefined }, signal);
  }
  if (file !== undefined) await store.write(file.temporary, { path: file.path, bytes: file.bytes, onBytes }, signal);
}

/** What was renamed is looked at: a server may say that it was, and have nothing of that name, or the old file. */
async function putInPlace(store: FileStore, handle: string, batch: Batch): Promise<void> {
  if (handle !== temporaryName(batch.object, idOf(batch), 1)) throw new Error(`${handle} is not of this batch`);
  for (const file of listWritten(batch)) {
    const { temporary, name } = file;
    const isThere = await store.has(temporary);
    if (isThere) await store.rename(temporary, name);
    // Its name is gone: an attempt whose answer was lost has renamed it, or somebody has taken it away.
    if (isThere && (await store.has(temporary))) throw notInPlace(store, name, `it still is ${temporary}`);
    if (!(await store.holds(name, file, isThere ? "size" : "bytes"))) {
      throw notInPlace(store, name, `there is none of that name that has its ${countOf(file.bytes, "byte")}`);
    }
  }
}

function notInPlace({ orgId }: FileStore, name: string, why: string): Failure {
  return new Failure(exitCode.failed, `${name} was written to ${orgId} and is not there under its name`, {
    why,
    next: "look in the folder, or ask its owner, then loadline resume: nothing counts as loaded",
  });
}

/** Open as long as one of the files has not got its name. */
async function inspectPlaces(store: FileStore, batch: Batch, isPlaced: boolean): Promise<BatchState> {
  const written = listWritten(batch);
  for (const { temporary } of written) if (await store.has(temporary)) return { state: "open" };
  if (isPlaced) return { state: "complete", processed: 0, failed: 0 };
  for (const file of written) {
    if (await store.holds(file.name, file, "bytes")) continue;
    const message = `${file.name} is not in ${store.orgId} as it was written: somebody has taken it away or replaced it, or it never got there`;
    return { state: "gone", message };
  }
  return { state: "complete", processed: 0, failed: 0 };
}

function nameBeside(pattern: string, name: string): string {
  return pattern.replaceAll("{name}", name).replaceAll("{stem}", name.replace(/(?<=.)\..*$/, ""));
}

function manifestOf({ object: name, rows, bytes, sha256 }: Batch, pattern: string): string {
  const entry = { name, rows, bytes, sha256 };
  return posix.extname(pattern) === ".json"
    ? `${JSON.stringify({ files: [entry] })}\n`
    : stringify([entry], { header: true });
}
