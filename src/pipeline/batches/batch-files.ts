// The files of a batch in the run folder: what is sent, and what became of it.

import { statSync } from "node:fs";
import { join } from "node:path";
import type { BatchRecord } from "../../checkpoint/ledger.ts";
import { hashFile, syncFile } from "../../core/files.ts";
import { identifier, literal } from "../../core/sql.ts";
import type { WrittenCsv } from "../../formats/format.ts";
import type { WrittenFormat } from "../../job/job.ts";
import type { Engine } from "../../stage/engine.ts";
import { type RunContext, subfolder } from "../run/context.ts";

interface BatchName {
  stream: string;
  number: number;
}

/** The bytes of a batch. */
export function batchPath(
  context: Pick<RunContext, "folder">,
  batch: BatchName,
  type: WrittenFormat["type"] = "csv",
): string {
  return join(subfolder(context, "batches"), fileName(batch, type));
}

/** Where the per-row results of a batch are kept: key, match_key, action, id, outcome, field, message. */
export function resultsPath(context: Pick<RunContext, "folder">, batch: BatchName): string {
  return join(subfolder(context, "results"), fileName(batch));
}

/** Where the answers to a batch's calls are kept until its results are. */
export function answersPath(context: Pick<RunContext, "folder">, batch: BatchName): string {
  return `${resultsPath(context, batch)}.answers.jsonl`;
}

function fileName({ stream, number }: BatchName, type: WrittenFormat["type"] = "csv"): string {
  return `${stream}-${String(number).padStart(5, "0")}.${type}`;
}

/** What a batch is before anything is done with it. */
export const unsent = {
  state: "planned",
  handle: null,
  attempts: 0,
  succeeded: 0,
  failed: 0,
  conflicts: 0,
  inDoubt: 0,
  resultsSha256: null,
} as const satisfies Partial<BatchRecord>;

export type WrittenFile = Pick<BatchRecord, "path" | "bytes" | "rows" | "sha256">;

/** Writes the rows of a SELECT as exactly the bytes that will be sent; on disk when it returns. */
export async function writeBatchFile(
  engine: Engine,
  select: string,
  path: string,
  format: WrittenFormat = plainCsvFile,
): Promise<WrittenFile> {
  const rows = await copyRows(engine, select, path, format);
  return describeFile(path, rows);
}

/** A file that was written, brought to the disk. */
export async function describeFile(path: string, rows: number): Promise<WrittenFile> {
  syncFile(path);
  return { path, bytes: statSync(path).size, rows, sha256: await hashFile(path) };
}

export const plainCsvFile: WrittenFormat = { type: "csv", delimiter: ",", quote: '"', neutraliseFormulas: false };

/** Writes the rows of a SELECT, of CSV with or without its header. Gives how many they are. */
export async function copyRows(
  engine: Engine,
  select: string,
  path: string,
  format: WrittenFormat,
  header = true,
): Promise<number> {
  const isWide = format.type === "csv" && Buffer.byteLength(format.delimiter) > 1;
  const lines = isWide ? await joinCells(engine, select, format) : { select, options: copyOptions(format, header) };
  const options = isWide ? `${lines.options}, HEADER ${header}` : lines.options;
  const { Count: rows } = await engine.one(`COPY (${lines.select}) TO ${literal(path)} (${options})`);
  return Number(rows);
}

/** The engine writes delimiters of one byte only; with a wider one the rows are lines that we join ourselves. */
async function joinCells(
  engine: Engine,
  select: string,
  { delimiter, quote }: WrittenCsv,
): Promise<{ select: string; options: string }> {
  const columns = await engine.all(`DESCRIBE ${select}`);
  const names = columns.map(({ column_name }) => String(column_name));
  const special = [delimiter, quote, "\r", "\n"];
  const header = names.map((name) =>
    name !== name.trim() || special.some((mark) => name.includes(mark))
      ? `${quote}${name.replaceAll(quote, quote + quote)}${quote}`
      : name,
  );
  const cells = names.map((name) => {
    const cell = `CAST(${identifier(name)} AS VARCHAR)`;
    const marks = special.map((mark) => `contains(${cell}, ${literal(mark)})`);
    const inQuotes = `${literal(quote)} || replace(${cell}, ${literal(quote)}, ${literal(quote + quote)}) || ${literal(quote)}`;
    const isPlain = `NOT (${[...marks, `${cell} = ''`, `${cell} <> trim(${cell})`].join(" OR ")})`;
    return `CASE WHEN ${cell} IS NULL THEN '' WHEN ${isPlain} THEN ${cell} ELSE ${inQuotes} END`;
  });
  return {
    select: `SELECT ${cells.join(` || ${literal(delimiter)} || `)} AS ${identifier(header.join(delimiter))} FROM (${select})`,
    options: "FORMAT csv, QUOTE '', ESCAPE '', NULLSTR ''",
  };
}

function copyOptions(format: WrittenFormat, header: boolean): string {
  if (format.type === "jsonl") return "FORMAT json";
  if (format.type === "parquet") return "FORMAT parquet, COMPRESSION zstd";
  const { delimiter, quote } = format;
  const marks = `DELIMITER ${literal(delimiter)}, QUOTE ${literal(quote)}, ESCAPE ${literal(quote)}`;
  return `FORMAT csv, HEADER ${header}, ${marks}, NULLSTR ''`;
}
