// What a part is made of, by the format that the job says: the files in an archive, the columns of a file.

import { constants, copyFileSync, rmSync, statSync } from "node:fs";
import { extname, join } from "node:path";
import { Failure } from "../core/errors.ts";
import { exitCode } from "../core/exit-code.ts";
import { readCsvHeader } from "../extract/csv-header.ts";
import type { ExtractedPart, ListedFile } from "../extract/source.ts";
import type { FileFormat } from "../formats/format.ts";
import { nameInside, packingOf } from "../formats/packing.ts";
import { readRecordColumns } from "../formats/records.ts";
import type { TextFile } from "../formats/text.ts";
import { unpackFile } from "../formats/unpack.ts";
import type { Engine } from "../stage/engine.ts";
import { readParquetColumns } from "../stage/parquet-source.ts";

/** Measured: the engine's memory is enough for 1,000 columns, at 2,000 it is sometimes not, at 3,000 never. */
const columnsMax = 1000;

/** Parts as they come, archives as the files in them; numbered in that order. */
export async function* unpackParts(extracted: AsyncIterable<ExtractedPart>): AsyncGenerator<ExtractedPart> {
  let archived = 0;
  for await (const received of extracted) {
    let files = 0;
    for await (const part of unpackPart(received)) {
      yield { ...part, ordinal: received.ordinal + archived + files };
      files += 1;
    }
    archived += files - 1;
  }
}

/** The part itself, or the files in it: those lie beside the bytes as received. */
async function* unpackPart(part: ExtractedPart): AsyncGenerator<ExtractedPart> {
  if (!isArchive(part.path)) {
    yield part;
    return;
  }
  for await (const file of unpackFile(part, (index) => pathInside(part.path, index))) {
    yield { ...part, ...file, locator: `${part.locator} ${file.label}`, compressed: false };
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

/** Files that a source would take, where the engine can read them: archives and Parquet in a folder of their own. */
export async function* openListed(folder: string, listed: readonly ListedFile[]): AsyncGenerator<TextFile> {
  for (const [index, { path, label }] of listed.entries()) {
    const copy = join(folder, `listed-${index}`);
    if (isArchive(path)) {
      const archive = { path, label, bytes: statSync(path).size };
      for await (const file of unpackFile(archive, (nth) => pathInside(copy, nth))) {
        yield file;
        rmSync(file.path);
      }
    } else if (path.endsWith(".parquet")) {
      copyFileSync(path, copy, constants.COPYFILE_FICLONE);
      yield { path: copy, label };
      rmSync(copy);
    } else yield { path, label };
  }
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
