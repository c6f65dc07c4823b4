// A part as the engine reads it. Plain CSV in UTF-8 is read where it lies; other text gets a copy in UTF-8; JSON and XML
// get a copy of their records; Parquet is read where it lies, as text. Copies are made again whenever they are wanted.

import { createWriteStream } from "node:fs";
import { pipeline } from "node:stream/promises";
import { isKeptPart, type Part } from "../core/model.ts";
import { DoubtfulTextSearch } from "../formats/doubtful-text.ts";
import type { CsvFormat, FileFormat } from "../formats/format.ts";
import { isPlainText, readCsvText } from "../formats/text.ts";
import { cleanPart, type TextPart } from "./clean.ts";
import { scanOwnCopy } from "./csv-scan.ts";
import type { Engine } from "./engine.ts";
import { readParquetText } from "./parquet-source.ts";
import { type BrokenRecord, type CleanPart, copyRecords, lineColumn } from "./record-copy.ts";

const lineFeed = 10;
const carriageReturn = 13;

/** Rows with their lines in `lineColumn`, and what is none. */
export interface LinedPart {
  scan: string;
  broken: BrokenRecord[];
  /** Columns that are not all that one would think (text in some records, JSON in others), with words for people. */
  remarks: ReadonlyMap<string, string>;
}

export type OpenPart = { text: TextPart } | { lined: LinedPart };

export async function openPart(engine: Engine, part: Part, format: FileFormat, copyPath: string): Promise<OpenPart> {
  if (isKeptPart(part)) return { lined: await readParquetText(engine, part) };
  if (format.type === "csv") return { text: await openText(part, format, copyPath) };
  if (format.type === "parquet") return { lined: await readParquetText(engine, part) };
  return { lined: scanCopy(await copyRecords(part, format, copyPath), part) };
}

/** Reads a CSV part record by record. */
export async function readCarefully(text: TextPart, copyPath: string): Promise<LinedPart> {
  return scanCopy(await cleanPart(text, copyPath), text.part);
}

function scanCopy({ path, broken, remarks }: CleanPart, part: Part): LinedPart {
  return { scan: scanOwnCopy(path, [lineColumn, ...part.columns]), broken, remarks };
}

async function openText(part: Part, format: CsvFormat, copyPath: string): Promise<TextPart> {
  // The engine and csv-parse differ in what an escape of its own makes of other characters than a quote.
  const suspect = part.suspect || format.escape !== undefined;
  if (isPlainText(format)) return { part: { ...part, suspect }, format, firstLine: 1 };
  const search = new DoubtfulTextSearch(format);
  const text = new TextFromFirstRecord();
  await pipeline(
    text.read(readCsvText(part, format)),
    async function* (chunks: AsyncIterable<Buffer>) {
      for await (const chunk of chunks) {
        search.feed(chunk);
        yield chunk;
      }
    },
    createWriteStream(copyPath, { mode: 0o600 }),
  );
  const copy = { ...part, path: copyPath, compressed: false, suspect: suspect || search.found };
  return { part: copy, format, firstLine: text.firstLine };
}

/** The engine takes a blank line before the header for the header. */
class TextFromFirstRecord {
  firstLine = 1;

  async *read(chunks: AsyncIterable<Buffer>): AsyncGenerator<Buffer> {
    let started = false;
    let afterReturn = false;
    for await (const chunk of chunks) {
      let start = 0;
      while (!started && start < chunk.length) {
        const isReturn = chunk[start] === carriageReturn;
        if (!isReturn && chunk[start] !== lineFeed) started = true;
        else {
          if (isReturn || !afterReturn) this.firstLine += 1;
          start += 1;
        }
        afterReturn = isReturn;
      }
      if (started) yield chunk.subarray(start);
    }
  }
}
