// How files are written, below the steps: bytes to text (packing.ts, encoding.ts, text.ts) and text to records.
// In: a file and its format. Out: a stream of UTF-8, or records with their place. What must hold: nothing is altered
// silently: a byte that is not valid, a record that can't be read and a file that ends too early are told with their
// line; memory does not grow with the file.

import { Failure } from "../core/errors.ts";
import { exitCode } from "../core/exit-code.ts";

export type FileFormat = CsvFormat | JsonFormat | JsonLinesFormat | XmlFormat | ParquetFormat;

export interface CsvFormat {
  type: "csv";
  delimiter: string;
  /** Empty where values have none. */
  quote: string;
  /** Makes the next quote a part of the value. The quote itself by default. */
  escape?: string;
  /** A line that starts with it is none of the records. */
  comment?: string;
  /** Names, where the file has no header. */
  columns?: string[];
  /** Lines before the header. */
  skipLines?: number;
  /** Lines after the last record. */
  footerLines?: number;
  /** `utf-8`, or a name that iconv-lite knows. */
  encoding: string;
  /** All values stand in quotes, so that a cell without any is NULL, and an empty text is none. */
  tellsNull?: true;
}

export interface JsonFormat {
  type: "json";
  /** Names that lead to the array of records; none where it is the whole file. */
  records: string[];
  encoding: string;
}

/** One object a line. */
export interface JsonLinesFormat {
  type: "jsonl";
  encoding: string;
}

export interface XmlFormat {
  type: "xml";
  /** Names of the elements that lead to a record, its own last. */
  records: string[];
  /** What the file itself says, where not given. */
  encoding?: string;
}

interface ParquetFormat {
  type: "parquet";
}

/** How a file is written; always in UTF-8, every value as text. */
export type WrittenFormat = WrittenCsv | { type: "jsonl" } | { type: "parquet" };

export interface WrittenCsv {
  type: "csv";
  delimiter: string;
  quote: string;
  /** For people who open it in a spreadsheet: a cell that would be a formula begins with an apostrophe. */
  neutraliseFormulas: boolean;
}

/** UTF-8, comma, double quotes, LF: what loadline writes itself and what the vendors' bulk endpoints speak. */
export const plainCsv: CsvFormat = { type: "csv", delimiter: ",", quote: '"', encoding: "utf-8" };

/** What a database copies out: NULL stands apart from an empty text. */
export const copiedCsv: CsvFormat = { ...plainCsv, tellsNull: true };

/**
 * A record of more bytes is taken for a quote or a bracket that is not closed. A cell of Salesforce holds at most
 * 131,072 characters and a record 400,000; ours may be ten times that.
 */
export const recordBytesMax = 4 << 20;

export function tooLong(label: string, line: number): Failure {
  return new Failure(exitCode.failed, `the record that starts here is longer than ${recordBytesMax >> 20} MB`, {
    where: { file: label, line },
    why: "most likely something is not closed",
    next: "correct the file, or check `format`",
  });
}

/** A record, or what could not be read as one. */
export interface SourceRecord {
  /** 1-based, of its first character. */
  line: number;
  /** Column to text as it is written; null where the file says that there is no value. */
  cells: ReadonlyMap<string, string | null>;
  /** Columns whose text is JSON, of what is nested or stands several times. */
  nested?: ReadonlySet<string>;
  /** Why it is none; `cells` is empty then. */
  broken?: { reason: string; text: string };
}
