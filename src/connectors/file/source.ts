// Local files as a source. A file is copied into the run folder (reflinked where the file system can), so that what was
// staged can be staged again after a crash, whatever becomes of the original.

import { createHash } from "node:crypto";
import { constants, copyFileSync, type Stats, statSync } from "node:fs";
import { open } from "node:fs/promises";
import { join } from "node:path";
import type { ExtractedPart, ExtractRequest, Source } from "../../contract/source.ts";
import { countOf } from "../../core/counted.ts";
import { Failure } from "../../core/errors.ts";
import { exitCode } from "../../core/exit-code.ts";
import { readPieces, syncFile } from "../../core/files.ts";
import { packingOf } from "../../formats/packing.ts";
import { nameReceived, searchOf, searchReceived } from "../../formats/received.ts";
import type { FileFormat } from "../../job/job.ts";
import type { Folder } from "./connection.ts";
import { pathInside } from "./fence.ts";
import { openFolder } from "./folder.ts";

export function openFileSource(connection: Folder): Source {
  return {
    orgId: connection.path,
    files: openFolder(connection),
    extract: (request) => copyFiles(connection, request),
  };
}

async function* copyFiles(connection: Folder, request: ExtractRequest): AsyncGenerator<ExtractedPart> {
  const { source } = request;
  if (source.kind !== "files") throw new Error("a folder holds files, not objects");
  const known = new Set(request.known.map(({ ordinal }) => ordinal));
  const totalBytes = request.files.reduce((sum, { bytes }) => sum + bytes, 0);
  let bytesBefore = 0;
  for (const { ordinal, label, rows, ...chosen } of request.files) {
    request.signal.throwIfAborted();
    const path = pathInside(connection.path, label);
    const before = lookAtFile(path, label);
    refuseOther(label, chosen, before);
    bytesBefore += before.size;
    if (known.has(ordinal)) continue;
    const target = join(request.folder, nameReceived(ordinal, source.format, label));
    const cloned = cloneFile(path, target);
    const { sha256, suspect, bytes } = await readOnce({
      path: cloned ? target : path,
      label,
      format: source.format,
      ...(cloned ? {} : { copy: target }),
      onBytes: (bytes) => request.onProgress(bytesBefore - before.size + bytes, totalBytes),
    });
    refuseChanged(path, label, before, lookAtFile(path, label));
    refuseOther(label, { bytes, modifiedMs: before.mtimeMs }, before);
    syncFile(target);
    yield {
      ordinal,
      path: target,
      label,
      locator: `${path} ${before.size} ${before.mtimeMs}`,
      bytes: before.size,
      sha256,
      compressed: packingOf(label) === "gzip",
      suspect,
      rows,
    };
  }
}

function lookAtFile(path: string, label: string): Stats {
  const stats = statSync(path, { throwIfNoEntry: false });
  if (stats !== undefined) return stats;
  throw new Failure(exitCode.failed, "the file is gone", {
    where: { file: label },
    next: "put it back, or start anew: nothing was written yet",
  });
}

/** Between the choice and the reading, or, of a resumed run, since the run began. */
function refuseOther(label: string, chosen: { bytes: number; modifiedMs: number }, now: Stats): void {
  if (chosen.bytes === now.size && chosen.modifiedMs === now.mtimeMs) return;
  throw new Failure(exitCode.failed, "the input changed since this run began", {
    where: { file: label },
    why: `${countOf(chosen.bytes, "byte")} then, ${countOf(now.size, "byte")} now: a run goes on with the same bytes or not at all`,
    next: "nothing was written yet: start anew when the file is complete",
  });
}

function refuseChanged(path: string, label: string, before: Stats, after: Stats): void {
  if (before.size === after.size && before.mtimeMs === after.mtimeMs && before.ino === after.ino) return;
  throw new Failure(exitCode.failed, "the file changed while it was read", {
    where: { file: label },
    why: `${countOf(before.size, "byte")} before, ${countOf(after.size, "byte")} after: ${path} is still being written`,
    next: "run again when the file is complete",
  });
}

/** True where the file system made the copy without moving bytes. */
function cloneFile(path: string, target: string): boolean {
  try {
    copyFileSync(path, target, constants.COPYFILE_FICLONE_FORCE);
    return true;
  } catch {
    return false;
  }
}

interface Reading {
  path: string;
  label: string;
  format: FileFormat;
  /** Where the bytes that were hashed go, if they are not there yet. */
  copy?: string;
  onBytes(bytes: number): void;
}

/** One pass over a file: hashes it, copies it where asked, and looks once at all of its text. */
async function readOnce(reading: Reading): Promise<{ sha256: string; suspect: boolean; bytes: number }> {
  const hash = createHash("sha256");
  const copy = reading.copy === undefined ? undefined : await open(reading.copy, "w", 0o600);
  let bytes = 0;
  const counted = async function* () {
    // Each write runs beside the hash and the search, on another thread.
    let written: Promise<void> | undefined;
    try {
      for await (const chunk of readPieces(reading.path)) {
        await written;
        written = copy?.writeFile(chunk as Buffer);
        hash.update(chunk as Buffer);
        bytes += (chunk as Buffer).length;
        reading.onBytes(bytes);
        yield chunk as Buffer;
      }
    } finally {
      await written;
    }
  };
  try {
    const suspect = await searchReceived(counted(), reading, searchOf(reading.format, reading.label));
    return { sha256: hash.digest("hex"), suspect, bytes };
  } finally {
    await copy?.close();
  }
}
