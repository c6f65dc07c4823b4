// Files that the engine can't read where they are (zip, zstd), unpacked beside the bytes as received: one file for each
// entry. In: an archive and where its files go. Out: plain files, hashed and on disk. What must hold: no name of an
// archive becomes a path; what is encrypted, damaged or grows beyond measure is refused before anything of it is taken.

import { createHash } from "node:crypto";
import { open } from "node:fs/promises";
import { crc32 } from "node:zlib";
import type { Entry, ZipFile } from "yauzl";
import { Failure } from "../core/errors.ts";
import { exitCode } from "../core/exit-code.ts";
import { syncFile } from "../core/files.ts";
import { explainDamage, Growth, nameInside, packingOf, readUnpacked, refuseFilling } from "./packing.ts";
import { foreignFailure, recogniseZip } from "./recognise.ts";
import { refuseUnlisted } from "./zip-layout.ts";

export interface UnpackedFile {
  path: string;
  label: string;
  bytes: number;
  sha256: string;
}

/** The files of an archive, by their names. `pathOf` says where the nth goes, from 0. */
export async function* unpackFile(
  archive: { path: string; label: string; bytes: number },
  pathOf: (index: number) => string,
): AsyncGenerator<UnpackedFile> {
  const { path, label } = archive;
  if (packingOf(path) === "zip") {
    yield* unpackZip(archive, pathOf);
    return;
  }
  yield await writeUnpacked(readUnpacked(path, label), pathOf(0), nameInside(label));
}

async function* unpackZip(
  archive: { path: string; label: string; bytes: number },
  pathOf: (index: number) => string,
): AsyncGenerator<UnpackedFile> {
  const { path, label } = archive;
  let zip: ZipFile | undefined;
  try {
    const yauzl = await import("yauzl");
    zip = await yauzl.openPromise(path, { autoClose: false });
    const entries = await listEntries(zip, archive);
    for (const [index, entry] of entries.entries()) {
      yield await writeUnpacked(readEntry(zip, entry), pathOf(index), `${label}/${entry.fileName}`);
    }
  } catch (error) {
    const name =
      error instanceof Error
        ? /^(?:invalid relative path|absolute path|invalid characters in fileName): (.*)$/.exec(error.message)?.[1]
        : undefined;
    if (name !== undefined) throw refuseEntry(label, name, "a name in a zip must stay in its folder");
    throw explainDamage(label, error);
  } finally {
    zip?.close();
  }
}

/** All names and sizes are looked at before anything is unpacked. */
async function listEntries(zip: ZipFile, archive: { path: string; label: string; bytes: number }): Promise<Entry[]> {
  const { label } = archive;
  const growth = new Growth(label, archive.bytes);
  const entries: Entry[] = [];
  const listed: Entry[] = [];
  let bytes = 0;
  for await (const entry of zip.eachEntry()) {
    listed.push(entry);
    // Folders, and what macOS adds about each file.
    if (entry.fileName.endsWith("/") || entry.fileName.startsWith("__MACOSX/")) continue;
    if (entry.isEncrypted()) throw refuseEntry(label, entry.fileName, "it is encrypted");
    if (!entry.canDecodeFileData()) {
      throw refuseEntry(label, entry.fileName, `its compression (method ${entry.compressionMethod}) is not known`);
    }
    if (packingOf(entry.fileName) !== "none") throw refuseEntry(label, entry.fileName, "it is packed once more");
    if (entries.some(({ fileName }) => fileName === entry.fileName)) {
      throw refuseEntry(label, entry.fileName, "the name stands in the zip twice");
    }
    growth.add(entry.uncompressedSize);
    bytes += entry.uncompressedSize;
    entries.push(entry);
  }
  if (entries.length === 0) {
    throw new Failure(exitCode.failed, "the zip holds no file", {
      where: { file: label },
      next: "ask the sender for another one, or remove it",
    });
  }
  const document = recogniseZip(entries.map(({ fileName }) => fileName));
  if (document !== undefined) throw foreignFailure(label, document, "not a zip of files of records");
  await refuseUnlisted(archive.path, archive.bytes, listed);
  refuseFilling(archive.path, bytes, label);
  return entries.sort((left, right) => (left.fileName < right.fileName ? -1 : 1));
}

function refuseEntry(label: string, name: string, why: string): Failure {
  return new Failure(exitCode.failed, `the zip holds "${name}", which can't be taken`, {
    where: { file: label },
    why,
    next: "ask the sender for a zip of plain files, or unpack it by hand",
  });
}

/**
 * yauzl compares the size with the directory's, and leaves the checksum to its caller. The stream is opened by who reads
 * it: one that fails while nobody listens ends the process.
 */
async function* readEntry(zip: ZipFile, entry: Entry): AsyncGenerator<Buffer> {
  let sum = 0;
  for await (const chunk of await zip.openReadStreamPromise(entry)) {
    sum = crc32(chunk as Buffer, sum);
    yield chunk as Buffer;
  }
  if (sum !== entry.crc32) throw new Error(`the checksum of ${entry.fileName} is another one`);
}

/** A file that is hashed and on disk. */
export async function writeUnpacked(chunks: AsyncIterable<Buffer>, path: string, label: string): Promise<UnpackedFile> {
  const hash = createHash("sha256");
  let bytes = 0;
  const file = await open(path, "w", 0o600);
  try {
    for await (const chunk of chunks) {
      hash.update(chunk);
      refuseFilling(path, chunk.length, label);
      bytes += chunk.length;
      await file.writeFile(chunk);
    }
  } finally {
    await file.close();
  }
  syncFile(path);
  return { path, label, bytes, sha256: hash.digest("hex") };
}
