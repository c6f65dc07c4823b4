// Local files as a source. A file is copied into the run folder (reflinked where the file system can), so that what was
// staged can be staged again after a crash, whatever becomes of the original.

import { createHash } from "node:crypto";
import { constants, copyFileSync, createReadStream, globSync, type Stats, statSync } from "node:fs";
import { open } from "node:fs/promises";
import { join, relative } from "node:path";
import { pipeline } from "node:stream/promises";
import { createGunzip } from "node:zlib";
import { Failure, usageFailure } from "../../core/errors.ts";
import { exitCode } from "../../core/exit-code.ts";
import { syncFile } from "../../core/files.ts";
import type { ExtractedPart, ExtractRequest, Source } from "../../extract/source.ts";
import { DoubtfulTextSearch } from "../../formats/doubtful-text.ts";
import { explainDamage, Growth, isPadded, packingOf } from "../../formats/packing.ts";
import { isPlainText } from "../../formats/text.ts";
import type { FileConnection, FileFormat, FileSource } from "../../job/job.ts";

const chunkBytes = 1 << 20;

export function openFileSource(connection: FileConnection): Source {
  return {
    orgId: connection.path,
    list: (source) =>
      findFiles(connection, source.files).map((path) => ({
        path,
        label: relative(connection.path, path),
        compressed: path.endsWith(".gz"),
      })),
    extract: (request) => copyFiles(connection, request),
  };
}

async function* copyFiles(connection: FileConnection, request: ExtractRequest): AsyncGenerator<ExtractedPart> {
  const { source } = request;
  if (source.kind !== "files") throw new Error("a folder holds files, not objects");
  const paths = listFiles(connection, source);
  const totalBytes = paths.reduce((sum, path) => sum + statSync(path).size, 0);
  let bytesBefore = 0;
  for (const [index, path] of paths.entries()) {
    request.signal.throwIfAborted();
    const before = statSync(path);
    const label = relative(connection.path, path);
    const compressed = path.endsWith(".gz");
    const target = join(request.folder, namePart(index + 1, source.format.type, path));
    const cloned = cloneFile(path, target);
    const { sha256, suspect } = await readOnce({
      path: cloned ? target : path,
      label,
      compressed,
      format: source.format,
      ...(cloned ? {} : { copy: target }),
      onBytes: (bytes) => request.onProgress(bytesBefore + bytes, totalBytes),
    });
    refuseChanged(path, label, before, statSync(path));
    syncFile(target);
    bytesBefore += before.size;
    yield {
      ordinal: index + 1,
      path: target,
      label,
      locator: `${path} ${before.size} ${before.mtimeMs}`,
      bytes: before.size,
      sha256,
      compressed,
      suspect,
      rows: null,
    };
  }
}

const packed = { none: "", gzip: ".gz", zstd: ".zst", zip: ".zip" } as const;

function namePart(ordinal: number, type: string, path: string): string {
  return `part-${String(ordinal).padStart(5, "0")}.${type}${packed[packingOf(path)]}`;
}

function listFiles(connection: FileConnection, { files, place }: FileSource): string[] {
  const paths = findFiles(connection, files);
  if (paths.length === 0) {
    throw new Failure(exitCode.failed, `no file matches "${files}" in ${connection.path}`, {
      where: place,
      next: "check `files` and whether the feed has arrived",
    });
  }
  return paths;
}

/** Absolute paths in the order of their names. */
function findFiles(connection: FileConnection, glob: string): string[] {
  if (statSync(connection.path, { throwIfNoEntry: false })?.isDirectory() !== true) {
    throw usageFailure(`connection ${connection.name}: there is no folder ${connection.path}`, {
      where: connection.place,
      next: "make the folder or correct `path`",
    });
  }
  return globSync(glob, { cwd: connection.path })
    .map((name) => join(connection.path, name))
    .filter((path) => statSync(path).isFile())
    .sort();
}

function refuseChanged(path: string, label: string, before: Stats, after: Stats): void {
  if (before.size === after.size && before.mtimeMs === after.mtimeMs && before.ino === after.ino) return;
  throw new Failure(exitCode.failed, "the file changed while it was read", {
    where: { file: label },
    why: `${before.size} bytes before, ${after.size} bytes after: ${path} is still being written`,
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
  compressed: boolean;
  format: FileFormat;
  /** Where the bytes that were hashed go, if they are not there yet. */
  copy?: string;
  onBytes(bytes: number): void;
}

/** One pass over a file: hashes it, copies it where asked, and looks once at all of its text. */
async function readOnce(reading: Reading): Promise<{ sha256: string; suspect: boolean }> {
  const hash = createHash("sha256");
  const search = searchOf(reading);
  const copy = reading.copy === undefined ? undefined : await open(reading.copy, "w", 0o600);
  let bytes = 0;
  const counted = async function* (chunks: AsyncIterable<Buffer>) {
    // Each write runs beside the hash and the search, on another thread.
    let written: Promise<void> | undefined;
    try {
      for await (const chunk of chunks) {
        await written;
        written = copy?.writeFile(chunk);
        hash.update(chunk);
        bytes += chunk.length;
        reading.onBytes(bytes);
        yield chunk;
      }
    } finally {
      await written;
    }
  };
  const look = async (chunks: AsyncIterable<Buffer>) => {
    for await (const chunk of chunks) search?.feed(chunk);
  };
  const file = createReadStream(reading.path, { highWaterMark: chunkBytes });
  const unpacking = reading.compressed && search !== undefined ? createGunzip({ chunkSize: chunkBytes }) : undefined;
  let padded = false;
  try {
    if (unpacking === undefined) await pipeline(file, counted, look);
    else {
      const growth = new Growth(reading.label, statSync(reading.path).size);
      await pipeline(file, counted, unpacking, (chunks) => growth.watch(chunks), look);
      padded = await isPadded(reading.path, unpacking.bytesWritten, bytes);
    }
  } catch (error) {
    throw unpacking === undefined ? error : explainDamage(reading.label, error);
  } finally {
    await copy?.close();
  }
  // The engine takes the padding for a member that is damaged.
  return { sha256: hash.digest("hex"), suspect: padded || search?.found === true };
}

/** Only of text that the engine may read where it lies. */
function searchOf({ format, path }: Reading): DoubtfulTextSearch | undefined {
  const packing = packingOf(path);
  const readInPlace = format.type === "csv" && isPlainText(format) && (packing === "none" || packing === "gzip");
  return readInPlace ? new DoubtfulTextSearch(format) : undefined;
}
