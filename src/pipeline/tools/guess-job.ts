// A first job for a file: its format, and a map of all of its columns. It is a start for a person, and passes `check`.

import { existsSync, globSync, mkdtempSync, rmSync, statSync } from "node:fs";
import { tmpdir } from "node:os";
import { basename, isAbsolute, join, relative } from "node:path";
import { pipeline } from "node:stream/promises";
import { parse } from "csv-parse";
import { Failure, showPath, usageFailure } from "../../core/errors.ts";
import { exitCode } from "../../core/exit-code.ts";
import { escapeGlob, isPattern } from "../../core/glob.ts";
import { identifier } from "../../core/sql.ts";
import { type CsvFormat, type FileFormat, plainCsv } from "../../formats/format.ts";
import { guessFormat } from "../../formats/guess-format.ts";
import { nameInside } from "../../formats/packing.ts";
import { type RecordFormat, readRecords } from "../../formats/records.ts";
import { readCsvText, type TextFile } from "../../formats/text.ts";
import type { Connection } from "../../job/job.ts";
import { Engine } from "../../stage/engine.ts";
import { readParquetText } from "../../stage/parquet-source.ts";
import { openListed, readPartColumns } from "../extract/part-files.ts";
import { guessExpression } from "./guess-expression.ts";

/** Of a file, to guess from. */
const rowsMax = 1000;

export interface GuessedJob {
  /** As it would be written: the map in the order of the columns, which an object would not keep of digits. */
  job: object;
  /** What a person should look at, each in a sentence. */
  doubts: string[];
}

/** Of a glob, looked at to see whether they are alike. */
const filesMax = 20;

/**
 * `path`: a file, or a glob over files. `standIn`: the folder that has the files of a connection that is on no disk here.
 * Throws a Failure where none is there, or one is none that loadline reads.
 */
export async function guessJob(
  path: string,
  connections: ReadonlyMap<string, Connection>,
  standIn?: (connection: string) => string,
): Promise<GuessedJob> {
  const isGlob = isPattern(path) && !existsSync(path);
  const [first = path, ...others] = isGlob ? globSync(path).sort() : [path];
  if (isGlob && first === path) throw usageFailure(`no file matches ${showPath(path)}`);
  const { format, doubts, samples } = await readSample(first);
  for (const other of others.slice(0, filesMax)) {
    const { samples: columns } = await readSample(other);
    const missing = [...samples.keys()].filter((column) => !columns.has(column));
    const more = [...columns.keys()].filter((column) => !samples.has(column));
    const told = [...missing.map((column) => `no ${column}`), ...more.map((column) => `${column} as well`)];
    if (told.length > 0)
      doubts.push(`${basename(other)} has other columns than ${basename(first)}: ${told.join(", ")}`);
  }
  const guessed = new Map([...samples].map(([column, values]) => [column, guessExpression(column, values)]));
  doubts.push(...[...guessed.values()].flatMap(({ doubt }) => (doubt === undefined ? [] : [doubt])));
  const map = new Map([...guessed].map(([column, { sql }]) => [column, sql]));
  const place = placeOf(path, connections, standIn) ?? { connection: "drop", files: basename(path) };
  const files = isGlob ? place.files : escapeGlob(place.files);
  return { job: describeJob(streamNameOf(path), { ...place, files }, format, map), doubts };
}

/** What the beginning of a file shows. */
export interface FileSample {
  format: FileFormat;
  doubts: string[];
  /** Values of the first rows by column, in the order of the columns, also blank ones. */
  samples: Map<string, string[]>;
  /** How many of them there are. */
  rows: number;
}

/** Throws a Failure where the file is not there, or is none that loadline reads. */
export async function readSample(path: string): Promise<FileSample> {
  if (statSync(path, { throwIfNoEntry: false })?.isFile() !== true) throw usageFailure(`there is no file ${path}`);
  const folder = mkdtempSync(join(tmpdir(), "loadline-guess-"));
  try {
    using engine = await Engine.open({ folder, spillFolder: folder });
    for await (const file of openListed(folder, { path, label: basename(path) })) {
      const { format, doubts } = await guessFormat(file);
      const columns = await readPartColumns(engine, file, format);
      const samples = new Map(columns.map((column): [string, string[]] => [column, []]));
      let rows = 0;
      for await (const row of readRows(engine, file, format, columns)) {
        rows += 1;
        for (const [column, value] of row) if (value !== null) samples.get(column)?.push(value);
      }
      if (samples.size === 0) throw usageFailure(`there is no record in ${path}, so there are no columns to map`);
      return { format, doubts, samples, rows };
    }
    throw usageFailure(`there is nothing in ${path}`);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

type SampleRow = Iterable<readonly [column: string, value: string | null]>;

async function* readRows(
  engine: Engine,
  file: TextFile,
  format: FileFormat,
  columns: readonly string[],
): AsyncGenerator<SampleRow> {
  if (format.type === "parquet") {
    const names = columns.map((column) => identifier(column)).join(", ");
    const { scan } = await readParquetText(engine, file);
    const rows = await engine.all(`SELECT [${names}] AS cells FROM ${scan} LIMIT ${rowsMax}`);
    for (const { cells } of rows) yield columns.map((column, index) => [column, (cells as string[])[index] ?? null]);
    return;
  }
  let rows = 0;
  for await (const row of format.type === "csv" ? readCells(file, format, columns) : readNamed(file, format)) {
    yield row;
    rows += 1;
    if (rows >= rowsMax) return;
  }
}

async function* readNamed(file: TextFile, format: RecordFormat): AsyncGenerator<SampleRow> {
  for await (const { cells } of readRecords(file, format)) yield cells;
}

async function* readCells(file: TextFile, format: CsvFormat, columns: readonly string[]): AsyncGenerator<SampleRow> {
  const { delimiter, quote } = format;
  const parser = parse({
    delimiter,
    quote: quote === "" ? null : quote,
    escape: quote === "" ? null : quote,
    record_delimiter: ["\r\n", "\n", "\r"],
    relax_quotes: true,
    relax_column_count: true,
    skip_empty_lines: true,
    from: format.columns === undefined ? 2 : 1,
    to: rowsMax,
  });
  // A record that can't be read ends the sample.
  pipeline(readCsvText(file, format), parser).catch(() => undefined);
  const records = parser[Symbol.asyncIterator]() as AsyncIterableIterator<string[]>;
  for (let next = await readNext(records); next !== undefined; next = await readNext(records)) {
    const cells = next;
    yield columns.map((column, index) => [column, cells[index] ?? null]);
  }
}

async function readNext(records: AsyncIterator<string[]>): Promise<string[] | undefined> {
  try {
    const { done, value } = await records.next();
    return done === true ? undefined : value;
  } catch {
    return undefined;
  }
}

export function streamNameOf(path: string): string {
  const name = basename(nameInside(path))
    .replace(/\.[^.]*$/, "")
    .replaceAll(/[^A-Za-z0-9]+/g, "-")
    .replaceAll(/^-|-$/g, "")
    .slice(0, 60);
  return name === "" ? "records" : name;
}

function describeJob(
  stream: string,
  { connection, files }: { connection: string; files: string },
  format: FileFormat,
  map: ReadonlyMap<string, string>,
): object {
  return {
    version: 1,
    name: stream,
    streams: {
      [stream]: {
        source: { connection, files, format: describeFormat(format) },
        target: { connection, files: `${stream}-mapped.csv` },
        map,
      },
    },
  };
}

/** The connection whose folder the file is in. */
export function placeOf(
  path: string,
  connections: ReadonlyMap<string, Connection>,
  standIn?: (connection: string) => string,
): { connection: string; files: string } | undefined {
  for (const connection of connections.values()) {
    const folder = pathOf(connection) ?? standIn?.(connection.name);
    if (folder === undefined) continue;
    const inside = relative(folder, path);
    if (!inside.startsWith("..") && !isAbsolute(inside)) return { connection: connection.name, files: inside };
  }
  return undefined;
}

/** A folder whose variables are not set is not the one that the file is in. */
function pathOf(connection: Connection): string | undefined {
  try {
    return connection.path;
  } catch (error) {
    if (error instanceof Failure && error.exitCode === exitCode.usage) return undefined;
    throw error;
  }
}

export function describeFormat(format: FileFormat): object {
  if (format.type === "parquet") return format;
  const { encoding, ...rest } = format;
  const common = encoding === undefined || encoding === "utf-8" ? {} : { encoding };
  if (rest.type === "json" || rest.type === "xml") {
    const records = rest.records.length === 0 ? {} : { records: `/${rest.records.join("/")}` };
    return { type: rest.type, ...records, ...common };
  }
  if (rest.type === "jsonl") return { type: rest.type, ...common };
  const { delimiter, quote, columns, skipLines, footerLines } = rest;
  return {
    type: rest.type,
    delimiter,
    ...(quote === plainCsv.quote ? {} : { quote: quote === "" ? "none" : quote }),
    ...(columns === undefined ? {} : { columns }),
    ...(skipLines === undefined ? {} : { skip_lines: skipLines }),
    ...(footerLines === undefined ? {} : { footer_lines: footerLines }),
    ...common,
  };
}
