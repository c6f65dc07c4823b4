// What a part is made of, by the format that the job says: the files in an archive, the columns of a file.

import { constants, copyFileSync, rmSync, statSync } from "node:fs";
import { extname, join } from "node:path";
import { Failure } from "../core/errors.ts";
import { exitCode } from "../core/exit-code.ts";
import { readCsvHeader } from "../extract/csv-header.ts";
import type { ExtractedPart, FileCatalog, ListedFile } from "../extract/source.ts";
import type { FileFormat } from "../formats/format.ts";
import { nameInside, packingOf } from "../formats/packing.ts";
import { readRecordColumns } from "../formats/records.ts";
import type { TextFile } from "../formats/text.ts";
import { unpackFile } from "../formats/unpack.ts";
import type { Engine } from "../stage/engine.ts";
import { readParquetColumns } from "../stage/parquet-source.ts";

/** Measured: the engine's memory is enough for 1,000 columns, at 2,000 it is sometimes not, at 3,000 never. */
const columnsMax = 1000;
/** Of a file that is fetched for its header. */
const headBytes = 1 << 20;

/** The part itself, or the files in it: those lie beside the bytes as received, and are numbered from `ordinal` on. */
export async function* unpackPart(part: ExtractedPart, ordinal: number): AsyncGenerator<ExtractedPart> {
  const cameIn = { ordinal: part.ordinal, sha256: part.sha256 };
  if (!isArchive(part.path)) {
    yield part.ordinal === ordinal ? part : { ...part, ordinal, cameIn };
    return;
  }
  let next = ordinal;
  for await (const file of unpackFile(part, (index) => pathInside(part.path, index))) {
    yield { ...part, ...file, ordinal: next, locator: `${part.locator} ${file.label}`, compressed: false, cameIn };
    next += 1;
  }
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
  format: FileFormat,
  folder: string,
): AsyncGenerator<TextFile> {
  for (const { label, bytes } of listed) {
    const wanted = format.type === "csv" && !isArchive(label) ? Math.min(bytes, headBytes) : bytes;
    const path = await catalog?.fetchHead(label, wanted, folder);
    if (path !== undefined) yield* openListed(folder, { path, label }, format);
  }
}

/** A file where the engine can read it: what is in an archive, and Parquet, in a folder of its own. */
export async function* openListed(
  folder: string,
  { path, label }: TextFile,
  format?: FileFormat,
): AsyncGenerator<TextFile> {
  const copy = join(folder, "listed");
  if (isArchive(path)) {
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
  const columns = await readColumns(engine, file, format);
  if (columns.length <= columnsMax) return columns;
  throw new Failure(exitCode.failed, `the file has ${columns.length} columns; ${columnsMax} are the most`, {
    where: { file: file.label, line: 1 },
    next: "check `format`, or have the file cut to the columns that are mapped",
  });
}

async function readColumns(engine: Engine, file: TextFile, format: FileFormat): Promise<string[]> {
  if (format.type === "csv") return readCsvHeader(file, format);
  return format.type === "parquet" ? readParquetColumns(engine, file) : readRecordColumns(file, format);
}
