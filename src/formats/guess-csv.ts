// How a CSV file seems to be written. In: a sample of its text. Out: a format, and a sentence for each doubt. What must
// hold: the header is assumed to be one, no line of a footer becomes a record, and what could be otherwise is said.

import { parse } from "csv-parse/sync";
import { countOf } from "../core/counted.ts";
import { type CsvFormat, plainCsv } from "./format.ts";
import { lookAtCell } from "./long-cells.ts";
import { isTotal } from "./totals.ts";

const delimiters = [",", ";", "\t", "|", "\u0001", "^", "~", "\u001f"] as const;
const quotes = ['"', "'", ""] as const;

/** A delimiter stands in the first lines. */
const startLength = 1 << 14;

export interface Sample {
  text: string;
  encoding: string;
  /** The end of a file of which `text` is not all. */
  tail: string | undefined;
}

export interface GuessedCsv {
  format: CsvFormat;
  doubts: string[];
}

interface Dialect {
  delimiter: string;
  quote: string;
  /** Those of as many cells as most: the header, and the records behind it. */
  table: string[][];
  /** Lines before and behind them, blank ones behind not counted. */
  linesBefore: number;
  linesBehind: number;
  /** From the start of the text to the end of the header. */
  linesToHeader: number;
  score: number;
}

/** Undefined where no character parts its lines into cells. */
export function guessCsv(sample: Sample): GuessedCsv | undefined {
  const sep = /^"?sep=(.)"?[ ,;\t]*(?:\r\n|\n|\r)/iu.exec(sample.text);
  const text = sep === null ? sample.text : sample.text.slice(sep[0].length);
  const start = text.slice(0, startLength);
  const allowed = sep?.[1] === undefined ? delimiters.filter((one) => one === "," || start.includes(one)) : [sep[1]];
  const possible = quotes.filter((quote) => quote === '"' || text.includes(quote === "" ? '"' : quote));
  const dialects = allowed
    .flatMap((delimiter) => possible.map((quote) => tryDialect({ ...sample, text }, delimiter, quote)))
    .filter((dialect) => dialect !== undefined);
  // The header's own delimiter: a dialect that begins with the first line rules out those that leave it out.
  const fromFirstLine = dialects.filter((one) => one.linesBefore === 0 && isTable(one) && one.score > 1);
  const [best, ...others] = (fromFirstLine.length > 0 ? fromFirstLine : dialects).sort(
    (left, right) => right.score - left.score,
  );
  if (best === undefined) return undefined;
  const doubts: string[] = [];
  const second = others.find(({ delimiter }) => delimiter !== best.delimiter);
  if (second !== undefined && isTable(second) && second.score > best.score * 0.8) {
    doubts.push(`the delimiter may be ${show(second.delimiter)}: it parts the lines into as many cells each, too`);
  }
  if (best.quote !== '"')
    doubts.push(`values are taken to be ${best.quote === "" ? "without quotes" : `in quotes ${best.quote}`}`);
  return { format: describe(sample, best, sep === null ? 0 : 1, doubts), doubts };
}

function show(delimiter: string): string {
  return JSON.stringify(delimiter);
}

function isTable({ table }: Dialect): boolean {
  return (table[0]?.length ?? 0) > 1 && table.length > 1;
}

interface RawRecord {
  record: string[];
  raw: string;
}

/** The better, the more records have as many cells as most have, and the more cells that is. */
function tryDialect(sample: Sample, delimiter: string, quote: string): Dialect | undefined {
  const records = readRecords(sample, delimiter, quote);
  if (records === undefined || records.length === 0) return undefined;
  const width = usualWidth(records);
  const full = records.findIndex(({ record }) => record.length === width);
  const last = records.findLastIndex(({ record }) => record.length === width);
  const short = findShortHeader(records.slice(full - 1, last + 1), width);
  const first = short === undefined ? full : full - 1;
  const inside = records.slice(first, last + 1);
  const table = [...(short ?? []), ...inside.map(({ record }) => record).filter((record) => record.length === width)];
  if (table.some((record) => record.some((cell) => lookAtCell(cell, width, { delimiter })?.holdsRecords === true)))
    return undefined;
  const share = table.length / inside.length;
  const all = table.length / records.length;
  const quoted = quote !== "" && table.some((_, index) => inside[index]?.raw.includes(delimiter + quote) === true);
  // Amounts with a decimal comma below a name are no header.
  const isHeaded = first === 0 || table[0]?.every(isNumber) === false;
  const taste = (quote === '"' ? 0.02 : quote === "" ? -0.02 : 0) + (quoted ? 0.02 : 0);
  return {
    delimiter,
    quote,
    table,
    linesBefore: countLines(sample.text, records.slice(0, first)),
    linesBehind: countTexts(records.slice(last + 1)),
    linesToHeader: countLines(sample.text, records.slice(0, first + 1)),
    score: (isHeaded ? 1 : 0.05) * share * share * Math.sqrt(all) * (width === 1 ? 0.1 : width) + taste,
  };
}

/**
 * The header of records that all end in a delimiter, which it does not: its names, and none for what is always empty.
 * Without it the first record would be taken for the header.
 */
function findShortHeader([before, ...records]: readonly RawRecord[], width: number): [string[]] | undefined {
  const names = before?.record ?? [];
  const table = records.map(({ record }) => record).filter((record) => record.length === width);
  if (names.length >= width || table.length === 0) return undefined;
  const isEmptyBeyond = table.every((record) => record.slice(names.length).every((cell) => cell === ""));
  return isEmptyBeyond ? [[...names, ...Array.from({ length: width - names.length }, () => "")]] : undefined;
}

/** Undefined where it does not read at all: a quote is never closed. */
function readRecords(
  { text, tail }: Pick<Sample, "text" | "tail">,
  delimiter: string,
  quote: string,
): RawRecord[] | undefined {
  const records: RawRecord[] = [];
  const isQuoted = quote !== "";
  try {
    parse(text, {
      delimiter,
      quote: isQuoted ? quote : null,
      escape: isQuoted ? quote : null,
      record_delimiter: ["\r\n", "\n", "\r"],
      relax_quotes: true,
      relax_column_count: true,
      skip_empty_lines: true,
      raw: true,
      on_record: (parsed) => {
        records.push(parsed as unknown as RawRecord);
        return null;
      },
    });
    return records;
  } catch {
    // A sample may be cut inside of quotes.
    return tail === undefined || records.length < 10 ? undefined : records;
  }
}

/** Of several cells where several records have them: texts above and below a table have one. */
function usualWidth(records: readonly RawRecord[]): number {
  const counts = new Map<number, number>();
  for (const { record } of records) counts.set(record.length, (counts.get(record.length) ?? 0) + 1);
  const weigh = ([width, count]: [number, number]) => (width === 1 ? count * 0.1 : count > 1 ? count : 0);
  return [...counts].sort((left, right) => weigh(right) - weigh(left))[0]?.[0] ?? 1;
}

/** Of all lines from the start of the text to the end of these records, blank ones too. */
function countLines(text: string, records: readonly RawRecord[]): number {
  if (records.length === 0) return 0;
  let lines = 0;
  let texts = countTexts(records);
  for (const line of text.split(/\r\n|\n|\r/)) {
    if (texts === 0) break;
    lines += 1;
    if (line !== "") texts -= 1;
  }
  return lines;
}

function countTexts(records: readonly RawRecord[]): number {
  return records.flatMap(({ raw }) => raw.split(/\r\n|\n|\r/)).filter((line) => line !== "").length;
}

function describe(sample: Sample, dialect: Dialect, sepLines: number, doubts: string[]): CsvFormat {
  const { delimiter, quote, table, linesBefore } = dialect;
  const [header = [], ...rows] = table;
  const named = nameColumns(header, rows, doubts);
  doubts.push(...doubtOthers(sample.text, header, rows, quote));
  const skipLines = sepLines + (named?.skipsHeader === true ? dialect.linesToHeader : linesBefore);
  if (linesBefore > 0) doubts.push(`the first ${linesAre(linesBefore)} taken to stand before the header`);
  const end =
    sample.tail === undefined ? { last: rows.at(-1), behind: dialect.linesBehind } : readEnd(sample.tail, dialect);
  if (end === undefined)
    doubts.push("the end of the file could not be read: lines below its records want footer_lines");
  const { last, behind = 0 } = end ?? {};
  const totals = rows.length > 2 && isTotalOf(last, rows.slice(0, -1)) ? 1 : 0;
  if (totals > 0) doubts.push("the last record looks like a total: footer_lines leaves it out");
  const footerLines = behind + totals;
  if (behind > 0) doubts.push(`the last ${linesAre(behind)} taken to stand below the records`);
  return {
    ...plainCsv,
    delimiter,
    quote,
    encoding: sample.encoding,
    ...(skipLines > 0 ? { skipLines } : {}),
    ...(footerLines > 0 ? { footerLines } : {}),
    ...(named === undefined ? {} : { columns: named.columns }),
  };
}

/** What is read as it stands, and may be meant otherwise. */
function doubtOthers(
  text: string,
  header: readonly string[],
  [first = [], ...rows]: readonly string[][],
  quote: string,
): string[] {
  const doubts: string[] = [];
  const [name = ""] = header;
  const sign = /[^\p{L}\p{N}\s_.()/#-]/u.exec(name)?.[0];
  if (header.length === 1 && sign !== undefined)
    doubts.push(`each line is taken for one value: if ${show(sign)} parts it, set format.delimiter`);
  if (quote !== "" && text.includes(`\\${quote}`))
    doubts.push(`a backslash stands before a quote: where it says that the quote is text, set format.escape: "\\\\"`);
  const isValue = (cell = "") => isNumber(cell.trim()) || isDate(cell.trim());
  const isNumeric = (at: number) => rows.length > 1 && rows.every((row) => isValue(row[at]));
  const isNames = first.every((cell) => cell.trim() !== "" && !isValue(cell) && !isAddress(cell.trim()));
  if (isNames && first.some((_, at) => isNumeric(at)))
    doubts.push(`the first record (${first.slice(0, 3).join(", ")}) may be a second line of the header`);
  return doubts;
}

/** The last record of a file, and the lines behind it. */
function readEnd(
  tail: string,
  { delimiter, quote, table }: Dialect,
): { last: string[] | undefined; behind: number } | undefined {
  const records = readRecords({ text: tail, tail: undefined }, delimiter, quote);
  const at = records?.findLastIndex(({ record }) => record.length === table[0]?.length) ?? -1;
  if (records === undefined || at < 0) return undefined;
  return { last: records[at]?.record, behind: countTexts(records.slice(at + 1)) };
}

function linesAre(count: number): string {
  return count === 1 ? "line is" : `${countOf(count, "line")} are`;
}

const isNumber = (cell: string) => /^[-+]?\d[\d.,' ]*$/.test(cell);
const isDate = (cell: string) => /^\d{1,4}[-./]\d{1,2}[-./]\d{1,4}( .*)?$/.test(cell);
const isAddress = (cell: string) => /^[^\s@]+@[^\s@]+\.[^\s@]+$/.test(cell);

interface NamedColumns {
  columns: string[];
  /** The first line is a header all the same, with a name that lacks or stands twice. */
  skipsHeader: boolean;
}

/** Undefined where the first record can be the header, which is assumed; else the names that stand in for it. */
function nameColumns(header: readonly string[], rows: readonly string[][], doubts: string[]): NamedColumns | undefined {
  const cells = header.map((cell) => cell.trim());
  const kinds = [isNumber, isDate, isAddress].map((isKind) => cells.map((cell) => cell !== "" && isKind(cell)));
  const [numbers = [], dates = [], addresses = []] = kinds;
  // A record like those below: an address, or dates and numbers and hardly a name.
  const alike = cells.filter((_, index) =>
    kinds.some(
      (kind, at) =>
        kind[index] === true &&
        rows.some((row) => [isNumber, isDate, isAddress][at]?.((row[index] ?? "").trim()) === true),
    ),
  );
  const years = cells.filter((cell) => /^(?:19|20)\d\d$/.test(cell)).length;
  const isRecord =
    rows.length > 0 &&
    (addresses.includes(true) ||
      (alike.length * 2 > cells.length && alike.length > years + 1 && dates.includes(true) && numbers.includes(true)));
  if (isRecord) {
    doubts.push("the first line looks like a record, not like a header: check the names of `columns`");
    return { columns: numbered(cells.length), skipsHeader: false };
  }
  const folded = cells.map((cell) => cell.toLowerCase());
  const usable = cells.map((cell, index) => cell !== "" && folded.indexOf(cell.toLowerCase()) === index);
  if (usable.includes(false)) {
    const taken = new Set(folded);
    const columns = header.map((cell, index) =>
      usable[index] === true ? cell : freeName(`column_${index + 1}`, taken),
    );
    doubts.push(
      "a name of the header lacks or stands twice, so skip_lines leaves the header out and `columns` names them all",
    );
    return { columns, skipsHeader: true };
  }
  if (alike.length > 0)
    doubts.push(`the first line is taken for the header, though it holds ${alike.slice(0, 3).join(", ")}`);
  return undefined;
}

function numbered(count: number): string[] {
  return Array.from({ length: count }, (_, index) => `column_${index + 1}`);
}

function freeName(name: string, taken: ReadonlySet<string>): string {
  return taken.has(name) ? freeName(`${name}_`, taken) : name;
}

function isTotalOf(last: readonly string[] | undefined, rows: readonly string[][]): boolean {
  const at = last?.findIndex((cell) => cell.trim() !== "") ?? -1;
  if (at < 0 || !isTotal(last?.[at] ?? "")) return false;
  return !rows.some((row) => isTotal(row[at] ?? ""));
}
