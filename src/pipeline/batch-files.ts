// The files of a batch in the run folder: what is sent, and what became of it.

import { closeSync, openSync, readSync, statSync } from "node:fs";
import { join } from "node:path";
import { parse } from "csv-parse/sync";
import type { BatchRecord } from "../checkpoint/ledger.ts";
import { hashFile, syncFile } from "../core/files.ts";
import { literal } from "../core/sql.ts";
import type { WrittenFormat } from "../job/job.ts";
import type { Engine } from "../stage/engine.ts";
import { type RunContext, subfolder } from "./context.ts";

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
  const { Count: rows } = await engine.one(`COPY (${select}) TO ${literal(path)} (${copyOptions(format, header)})`);
  return Number(rows);
}

function copyOptions(format: WrittenFormat, header: boolean): string {
  if (format.type === "jsonl") return "FORMAT json";
  if (format.type === "parquet") return "FORMAT parquet, COMPRESSION zstd";
  const { delimiter, quote } = format;
  const marks = `DELIMITER ${literal(delimiter)}, QUOTE ${literal(quote)}, ESCAPE ${literal(quote)}`;
  return `FORMAT csv, HEADER ${header}, ${marks}, NULLSTR ''`;
}

/** Salesforce takes header lines of 32,000 characters at most. */
const headerBytesMax = 128 * 1024;

export function headerOf(path: string): string[] {
  const start = Buffer.alloc(headerBytesMax);
  const descriptor = openSync(path, "r");
  const bytes = readSync(descriptor, start);
  closeSync(descriptor);
  return (parse(start.subarray(0, bytes), { to: 1, relax_quotes: true, bom: true }) as string[][])[0] ?? [];
}
