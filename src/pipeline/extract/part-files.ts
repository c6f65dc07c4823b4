// What a part is made of, by the format that the job says: the files in an archive, the columns of a file.

import { constants, copyFileSync, createReadStream, rmSync, statSync } from "node:fs";
import { basename, extname, join } from "node:path";
import type { FileCatalog, ListedFile } from "../../contract/files.ts";
import type { ExtractedPart } from "../../contract/source.ts";
import { countOf, showCount } from "../../core/counted.ts";
import { Failure } from "../../core/errors.ts";
import { exitCode } from "../../core/exit-code.ts";
import { readCsvHeader } from "../../extract/csv-header.ts";
import type { FileFormat } from "../../formats/format.ts";
import { endingOf, nameInside, packingOf } from "../../formats/packing.ts";
import { decryptFile, withoutEncryption } from "../../formats/pgp.ts";
import type { DecryptionKeys } from "../../formats/pgp-keys.ts";
import { searchOf, searchReceived } from "../../formats/received.ts";
import { refuseForeign } from "../../formats/recognise.ts";
import { readRecordColumns } from "../../formats/records.ts";
import type { TextFile } from "../../formats/text.ts";
import { unpackFile } from "../../formats/unpack.ts";
import type { Engine } from "../../stage/engine.ts";
import { readParquetColumns } from "../../stage/parquet-source.ts";

/** Measured: the engine's memory is enough for 1,000 columns, at 2,000 it is sometimes not, at 3,000 never. */
const columnsMax = 1000;
/** Of a file that is fetched for its header. */
const headBytes = 1 << 20;

/** How the files of a stream are opened. */
export interface Opening {
  format: FileFormat;
  keys: DecryptionKeys | undefined;
  /** For what was encrypted: disposable, and readable by the engine. */
  clearFolder: string;
}

/** The part itself, or the files in it: those lie beside the bytes as received, and are numbered from `ordinal` on. */
export async function* unpackPart(
  received: ExtractedPart,
  ordinal: number,
  opening: Opening,
): AsyncGenerator<ExtractedPart> {
  const cameIn = { ordinal: received.ordinal, sha256: received.sha256 };
  const part = await openEncrypted(received, opening);
  if (!isArchive(part.path)) {
    yield part === received && part.ordinal === ordinal ? part : { ...part, ordinal, cameIn };
    return;
  }
  let next = ordinal;
  for await (const file of unpackFile(part, (index) => pathInside(part.path, index))) {
    const suspect = await lookAt(file, opening.format);
    const locator = `${part.locator} ${file.label}`;
    yield { ...part, ...file, ordinal: next, locator, compressed: false, suspect, cameIn };
    next += 1;
  }
}

/** The part as its sender encrypted it. */
async function openEncrypted(part: ExtractedPart, { format, keys, clearFolder }: Opening): Promise<ExtractedPart> {
  const used = keysFor(part.label, keys);
  if (used === undefined) return part;
  const file = await decryptFile(part, used, join(clearFolder, withoutEncryption(basename(part.path))));
  const suspect = await lookAt(file, format);
  const locator = `${part.locator} ${file.label}`;
  return { ...part, ...file, locator, compressed: packingOf(file.label) === "gzip", suspect };
}

/** What was packed or encrypted is looked at once it is not, as a source looks at what came plain. */
function lookAt(file: TextFile, format: FileFormat): Promise<boolean> {
  return searchReceived(createReadStream(file.path), file, searchOf(format, file.label));
}

/** Undefined where the file is to be read as it is. What only looks right must not get around the keys of a job. */
function keysFor(label: string, keys: DecryptionKeys | undefined): DecryptionKeys | undefined {
  const isEncrypted = packingOf(label) === "pgp";
  if (isEncrypted === (keys !== undefined)) return keys;
  const message = isEncrypted ? "the file is encrypted, and the job has no key" : "the file is not encrypted";
  const next = isEncrypted
    ? "set format.pgp.private_key_file; a file that is none of OpenPGP wants another name"
    : "the job has format.pgp, so it takes .pgp, .gpg and .asc only: narrow `files`, or have the file encrypted";
  throw new Failure(exitCode.failed, message, { where: { file: label }, next });
}

/** Where the nth file of an archive goes, from 0. */
function pathInside(path: string, index: number): string {
  const inside = nameInside(path);
  const extension = extname(inside);
  return `${inside.slice(0, inside.length - extension.length)}-${String(index + 1).padStart(3, "0")}${extension}`;
}

/** The engine reads gzip by itself. */
function isArchive(path: string): boolean {
  const packing = packingOf(path);
  return packing === "zip" || packing === "zstd";
}

/** Files that a source would take, as much of each as tells its columns, one at a time. */
export async function* fetchListed(
  catalog: FileCatalog | undefined,
  listed: readonly ListedFile[],
  opening: Opening,
): AsyncGenerator<TextFile> {
  const { format, clearFolder: folder } = opening;
  for (const { label, bytes } of listed) {
    const isReadFromStart = format.type === "csv" && ["none", "gzip"].includes(packingOf(label));
    const wanted = isReadFromStart ? Math.min(bytes, headBytes) : bytes;
    const path = await catalog?.fetchHead(label, wanted, folder);
    if (path !== undefined) yield* openListed(folder, { path, label }, { format, keys: opening.keys });
  }
}

/** A file where the engine can read it: what is encrypted or in an archive, and Parquet, in a folder of its own. */
export async function* openListed(
  folder: string,
  { path, label }: TextFile,
  { format, keys }: { format?: FileFormat | undefined; keys?: DecryptionKeys | undefined } = {},
): AsyncGenerator<TextFile> {
  const copy = join(folder, "listed");
  const used = keysFor(label, keys);
  if (used !== undefined) {
    const encrypted = { path, label, bytes: statSync(path).size };
    const clear = await decryptFile(encrypted, used, join(folder, `clear${endingOf(withoutEncryption(path))}`));
    yield* isArchive(clear.path) ? openListed(folder, clear, { format }) : [clear];
    rmSync(clear.path);
  } else if (isArchive(path)) {
    const archive = { path, label, bytes: statSync(path).size };
    for await (const file of unpackFile(archive, (nth) => pathInside(copy, nth))) {
      yield file;
      rmSync(file.path);
    }
  } else if (path.endsWith(".parquet") || format?.type === "parquet") {
    copyFileSync(path, copy, constants.COPYFILE_FICLONE);
    yield { path: copy, label };
    rmSync(copy);
  } else yield { path, label };
}

/** The column names of a file. Throws a Failure where it is not what the format says. */
export async function readPartColumns(engine: Engine, file: TextFile, format: FileFormat): Promise<string[]> {
  await refuseForeign(file, format);
  const columns = await readColumns(engine, file, format);
  if (columns.length <= columnsMax) return columns;
  throw new Failure(
    exitCode.failed,
    `the file has ${countOf(columns.length, "column")}; ${showCount(columnsMax)} are the most`,
    {
      where: { file: file.label, line: 1 },
      next: "check `format`, or have the file cut to the columns that are mapped",
    },
  );
}

async function readColumns(engine: Engine, file: TextFile, format: FileFormat): Promise<string[]> {
  if (format.type === "csv") return readCsvHeader(file, format);
  return format.type === "parquet" ? readParquetColumns(engine, file) : readRecordColumns(file, format);
}
