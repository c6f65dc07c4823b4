// A file as UTF-8 text, whatever it is packed in and written as.

import { transcode } from "./encoding.ts";
import type { CsvFormat } from "./format.ts";
import { blankLines } from "./lines.ts";
import { readUnpacked } from "./packing.ts";

export interface TextFile {
  path: string;
  label: string;
}

/** UTF-8 without a byte order mark. A byte that means nothing in the encoding is 0xFF. */
export function readText(file: TextFile, encoding: string): AsyncGenerator<Buffer> {
  return transcode(readUnpacked(file.path, file.label), encoding, file.label);
}

/** UTF-8 of a CSV file: lines that are no records are blank, so that the others keep their numbers. */
export function readCsvText(file: TextFile, format: CsvFormat): AsyncGenerator<Buffer> {
  const { skipLines = 0, footerLines = 0, comment } = format;
  const text = readText(file, format.encoding);
  return skipLines === 0 && footerLines === 0 && comment === undefined ? text : blankLines(text, format);
}

/** Whether the engine can read the file as it lies there, headers and all. */
export function isPlainText(format: CsvFormat): boolean {
  const { encoding, skipLines = 0, footerLines = 0, comment } = format;
  return encoding === "utf-8" && skipLines === 0 && footerLines === 0 && comment === undefined;
}
