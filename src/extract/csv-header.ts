// Reads the header of a CSV part with csv-parse, because a column that is missing, doubled or nameless must be known
// before anything is staged.

import { createReadStream } from "node:fs";
import { createGunzip } from "node:zlib";
import { parse } from "csv-parse";
import { Failure } from "../core/errors.ts";
import { exitCode } from "../core/exit-code.ts";
import type { CsvFormat } from "../job/job.ts";

const headerBytesMax = 1 << 20;

/** What bytes that are no UTF-8 become. A control character is no part of a name either, white space aside. */
const notText = /\uFFFD|(?!\s)\p{Cc}/u;

/** The column names of a CSV file. Throws a Failure for an empty file and for doubled or nameless columns. */
export async function readCsvHeader(
  part: { path: string; label: string; compressed: boolean },
  format: CsvFormat,
): Promise<string[]> {
  const columns = await readFirstRecord(part, format);
  if (columns === undefined) {
    throw new Failure(exitCode.failed, "the file is empty: it has no header", {
      where: { file: part.label },
      next: "a feed without rows must still carry its header line; ask the sender or remove the file",
    });
  }
  if (columns.some((column) => notText.test(column))) {
    throw new Failure(exitCode.failed, "the file does not begin with a header in UTF-8 text", {
      where: { file: part.label, line: 1 },
      next: "check that this is the right file, and that it is CSV in UTF-8",
    });
  }
  refuseUnusableNames(part.label, columns);
  return columns;
}

async function readFirstRecord(
  part: { path: string; label: string; compressed: boolean },
  format: CsvFormat,
): Promise<string[] | undefined> {
  const parser = parse({
    delimiter: format.delimiter,
    quote: format.quote,
    escape: format.quote,
    bom: true,
    skip_empty_lines: true,
    relax_quotes: true,
    to: 1,
    max_record_size: headerBytesMax,
  });
  const file = createReadStream(part.path);
  const gunzip = part.compressed ? createGunzip() : undefined;
  const fail = (error: Error) => parser.destroy(error);
  file.on("error", fail);
  if (gunzip === undefined) file.pipe(parser);
  else file.pipe(gunzip).on("error", fail).pipe(parser);
  try {
    for await (const record of parser) return record as string[];
    return undefined;
  } catch (error) {
    const why = error instanceof Error ? error.message : String(error);
    throw new Failure(exitCode.failed, "the header can't be read", { where: { file: part.label, line: 1 }, why });
  } finally {
    file.destroy();
    gunzip?.destroy();
  }
}

function refuseUnusableNames(label: string, columns: string[]): void {
  const seen = new Map<string, number>();
  for (const [index, column] of columns.entries()) {
    const position = index + 1;
    if (column.trim() === "") {
      throw new Failure(exitCode.failed, `column ${position} of the header has no name`, {
        where: { file: label, line: 1 },
        next: "name the column in the file",
      });
    }
    const folded = column.toLowerCase();
    const earlier = seen.get(folded);
    if (earlier !== undefined) {
      throw new Failure(exitCode.failed, `the header names "${column}" twice: columns ${earlier} and ${position}`, {
        where: { file: label, line: 1 },
        next: "rename one of them in the file: which one is meant can't be guessed",
      });
    }
    seen.set(folded, position);
  }
}
