// A file of rows that a person has mended, perhaps in a spreadsheet. In: the file, and what the run left. Out: its rows, by
// their ids. What must hold: a row is one of the run's; each column of the source is there; what a spreadsheet does to
// values by itself is refused by name, for nobody meant it, unless the row says so.

import { createReadStream } from "node:fs";
import { parse } from "csv-parse";
import { type Failure, showPath, usageFailure } from "../../core/errors.ts";
import { suggest } from "../../core/suggest.ts";
import { locate, type RawRecord } from "../../stage/clean.ts";
import { fieldColumn, isOurs, rowIdColumn } from "../rows/unloaded-rows.ts";
import { changedByItself, withBreaksOf } from "./spreadsheet-changes.ts";

export interface MendedRow {
  /** What stands in the column of ids. */
  id: string;
  /** Of every column of the file. */
  values: ReadonlyMap<string, string>;
  /** That it begins in. */
  line: number;
}

/** What a spreadsheet may have saved it with, whatever it was exported with. */
const usualDelimiters = [",", ";", "\t", "|"];

/** `delimiters`: those that the job's sources have. */
export async function* readMended(file: string, delimiters: readonly string[]): AsyncGenerator<MendedRow> {
  await refuseOtherEncoding(file);
  const delimiter = await findDelimiter(file, [...new Set([...delimiters, ...usualDelimiters])]);
  let header: string[] | undefined;
  for await (const { record, line } of readRecords(file, delimiter)) {
    if (header === undefined) {
      header = record;
      refuseTwice(file, header);
      continue;
    }
    // Spreadsheets save empty lines as such.
    if (record.every((cell) => cell === "")) continue;
    const values = new Map(header.map((name, index) => [name, record[index] ?? ""]));
    yield { id: values.get(rowIdColumn) ?? "", values, line };
  }
}

/** `first`: none but the header, whatever is wrong further down: where the parser fails, it gives no record that it has read. */
async function* readRecords(
  file: string,
  delimiter: string,
  first: { to?: 1 } = {},
): AsyncGenerator<{ record: string[]; line: number }> {
  const options = { bom: true, columns: false, raw: true, skip_empty_lines: true, delimiter, ...first } as const;
  const records = createReadStream(file).pipe(parse(options));
  const progress = { nextLine: 1 };
  try {
    for await (const record of records as AsyncIterable<RawRecord>) yield locate(record, progress);
  } catch (error) {
    throw unreadable(file, error instanceof Error ? error.message : String(error));
  }
}

/** In any other, only the first line would be ours. */
async function refuseOtherEncoding(file: string): Promise<void> {
  const decoder = new TextDecoder("utf-8", { fatal: true });
  try {
    for await (const chunk of createReadStream(file)) decoder.decode(chunk as Buffer, { stream: true });
    decoder.decode();
  } catch (error) {
    if (!(error instanceof TypeError)) throw unreadable(file, error instanceof Error ? error.message : String(error));
    throw usageFailure(`${showPath(file)} is not in UTF-8`, {
      where: { file },
      why: "it was exported in UTF-8, and what saved it has chosen another encoding",
      next: 'save it as "CSV UTF-8"',
    });
  }
}

/** The one by which a column has the name of ours. */
async function findDelimiter(file: string, delimiters: readonly string[]): Promise<string> {
  for (const delimiter of delimiters) {
    try {
      for await (const { record } of readRecords(file, delimiter, { to: 1 }))
        if (record.includes(rowIdColumn)) return delimiter;
    } catch {
      // Read by another delimiter, its quotes may make no sense.
    }
  }
  throw usageFailure(`${showPath(file)} has no column ${rowIdColumn}`, {
    where: { file },
    why: "by it each row is known, and can't go in twice",
    next: "take a file that loadline rejects --export wrote",
  });
}

function refuseTwice(file: string, header: readonly string[]): void {
  const twice = header.find((name, index) => name !== "" && header.indexOf(name) !== index);
  if (twice === undefined) return;
  throw usageFailure(`${showPath(file)} has two columns ${twice}`, { where: { file, line: 1 }, next: "remove one" });
}

function unreadable(file: string, why: string): Failure {
  return usageFailure(`${showPath(file)} can't be read as CSV`, {
    where: { file },
    why,
    next: "save it as CSV, with a cell for each column of the header in every line",
  });
}

/** Throws a Failure where a column of the source is not there; gives those that are none of it. */
export function refuseMissing(file: string, { values }: MendedRow, columns: readonly string[]): string[] {
  const others = [...values.keys()].filter((name) => !columns.includes(name) && !isOurs(name));
  const missing = columns.find((name) => !values.has(name) && !isOurs(name));
  if (missing === undefined) return others;
  const meant = suggest(missing, others);
  throw usageFailure(`${showPath(file)} has no column ${missing}`, {
    where: { file, line: 1 },
    why: `the rows had one${meant === undefined ? "" : `; ${meant} may be it`}: what lacks is not taken for blank`,
    next: "put it back as it was exported",
  });
}

/**
 * In the column of fields: all of the row is meant as it stands, also what looks like a spreadsheet's work. No field is
 * called so: the column came out with the field of the reject.
 */
export const meantMark = "!meant";

export function isMeantAsItStands(values: MendedRow["values"]): boolean {
  return values.get(fieldColumn)?.trim().toLowerCase() === meantMark;
}

/**
 * The cells of a row. Throws a Failure for one that a spreadsheet has changed by itself, unless the row says that it is meant. What the source calls as ours is not
 * in an export, and stays.
 */
export function takeCells(
  file: string,
  { values, line }: MendedRow,
  original: ReadonlyMap<string, string>,
  columns: readonly string[],
): ReadonlyMap<string, string> {
  const cells = new Map<string, string>();
  const isMeant = isMeantAsItStands(values);
  for (const name of columns) {
    const before = original.get(name) ?? "";
    const after = isOurs(name) ? before : withBreaksOf(before, values.get(name) ?? "");
    cells.set(name, after);
    const why = isMeant ? undefined : changedByItself(before, after);
    if (why === undefined) continue;
    throw usageFailure(`column ${name} is not as it was exported: ${why}`, {
      where: { file, line },
      why: "spreadsheets do that by themselves when they open a CSV file",
      next: `import the exported file with all columns as text, or mend it in a text editor; where all of this row is meant as it stands, write ${meantMark} into its ${fieldColumn}`,
    });
  }
  return cells;
}
