// Reads the header of a CSV part with csv-parse, because a column that is missing, doubled or nameless must be known
// before anything is staged.

import { pipeline } from "node:stream/promises";
import { parse } from "csv-parse";
import { countOf } from "../core/counted.ts";
import { Failure } from "../core/errors.ts";
import { exitCode } from "../core/exit-code.ts";
import type { CsvFormat } from "../formats/format.ts";
import { breaksSeen, countBreaks } from "../formats/long-cells.ts";
import { readCsvText, type TextFile } from "../formats/text.ts";

const headerBytesMax = 1 << 20;

/** What bytes that are no UTF-8 become. A control character is no part of a name either, white space aside. */
const notText = /\uFFFD|(?!\s)\p{Cc}/u;

/**
 * The column names of a CSV file. Throws a Failure for an empty file and for doubled or nameless columns. Where the job
 * names the columns the first record is only looked at, and a file without one has no rows.
 */
export async function readCsvHeader(part: TextFile, format: CsvFormat): Promise<string[]> {
  const columns = await readFirstRecord(part, format);
  const line = 1 + (format.skipLines ?? 0);
  if (columns?.some((column) => notText.test(column)) === true) {
    const what = format.columns === undefined ? "header" : "record";
    throw new Failure(exitCode.failed, `the file does not begin with a ${what} in ${nameOf(format.encoding)} text`, {
      where: { file: part.label, line },
      next: `check that this is the right file, that it is CSV, and that format.encoding is right`,
    });
  }
  if (columns?.[0]?.startsWith("\ufeff") === true) {
    throw new Failure(exitCode.failed, "the file begins with two byte order marks", {
      where: { file: part.label, line },
      why: "the second one would be a part of the first name, which nobody sees",
      next: "take it away, or ask the sender to; most likely a file with a mark was written into another one",
    });
  }
  refuseSepLine(part.label, line, columns ?? [], format);
  if (format.columns !== undefined) {
    refuseHeaderRecord(part.label, line, columns ?? [], format.columns);
    return format.columns;
  }
  if (columns === undefined) {
    throw noHeader(part.label, format);
  }
  refuseUnusableNames(part.label, line, columns);
  return columns;
}

function noHeader(label: string, { skipLines = 0, footerLines = 0 }: CsvFormat): Failure {
  const leftOut = countOf(skipLines + footerLines, "line");
  const what =
    leftOut === "0 lines"
      ? "the file is empty: it has no header"
      : `the file has no header beside the ${leftOut} that skip_lines and footer_lines leave out`;
  return new Failure(exitCode.failed, what, {
    where: { file: label },
    next: "a feed without rows must still carry its header line; ask the sender or remove the file",
  });
}

function nameOf(encoding: string): string {
  return encoding === "utf-8" ? "UTF-8" : encoding;
}

async function readFirstRecord(part: TextFile, format: CsvFormat): Promise<string[] | undefined> {
  const parser = parse({
    delimiter: format.delimiter,
    quote: format.quote === "" ? null : format.quote,
    escape: format.escape ?? (format.quote === "" ? null : format.quote),
    record_delimiter: ["\r\n", "\n", "\r"],
    skip_empty_lines: true,
    relax_quotes: true,
    to: 1,
    max_record_size: headerBytesMax,
  });
  const feeding = pipeline(readCsvText(part, format), parser);
  // A failure reaches the reader through the parser.
  feeding.catch(() => undefined);
  try {
    for await (const record of parser) return record as string[];
    return undefined;
  } catch (error) {
    if (error instanceof Failure) throw error;
    const why = error instanceof Error ? error.message : String(error);
    throw new Failure(exitCode.failed, "the header can't be read", { where: { file: part.label, line: 1 }, why });
  }
}

/** Excel's own first line: which delimiter follows. It is an instruction, not a header. */
function refuseSepLine(label: string, line: number, [first = "", ...others]: string[], format: CsvFormat): void {
  const written = /^"?sep=(.?)"?$/iu.exec(first)?.[1];
  if (written === undefined || others.some((cell) => cell !== "")) return;
  const delimiter = written === "" ? format.delimiter : written;
  throw new Failure(
    exitCode.failed,
    `the line "sep=${delimiter}" says to a spreadsheet which delimiter follows; it is no header`,
    {
      where: { file: label, line },
      next: `set format.skip_lines: ${line} and format.delimiter: ${JSON.stringify(delimiter)}`,
    },
  );
}

/** A header that nobody expected would be loaded as a record. A single value, or nearly the names, may be one. */
function refuseHeaderRecord(label: string, line: number, record: string[], columns: string[]): void {
  if (columns.length < 2 || record.length !== columns.length) return;
  if (record.some((cell, index) => cell !== columns[index])) return;
  throw new Failure(exitCode.failed, "the first record holds the names of format.columns: it is a header", {
    where: { file: label, line },
    next: `take format.columns out of the job, or set format.skip_lines: ${line}`,
  });
}

function refuseUnusableNames(label: string, line: number, columns: string[]): void {
  const seen = new Map<string, number>();
  for (const [index, column] of columns.entries()) {
    const position = index + 1;
    if (countBreaks(column) > breaksSeen) {
      const last = line + countBreaks(columns.slice(0, position).join(""));
      throw new Failure(exitCode.failed, `a quote in the header closes in line ${last}: all between is one name`, {
        where: { file: label, line },
        next: "correct the header, or set `format.quote`: to the quote of the file, or to none if it has none",
      });
    }
    if (column.trim() === "") {
      throw new Failure(exitCode.failed, `column ${position} of the header has no name`, {
        where: { file: label, line },
        next: "name the column in the file",
      });
    }
    const folded = column.toLowerCase();
    const earlier = seen.get(folded);
    if (earlier !== undefined) {
      throw new Failure(exitCode.failed, `the header names "${column}" twice: columns ${earlier} and ${position}`, {
        where: { file: label, line },
        next: "rename one of them in the file: which one is meant can't be guessed",
      });
    }
    seen.set(folded, position);
  }
}
