// The files of a batch in the run folder: what is sent, and what became of it.

import { closeSync, openSync, readSync } from "node:fs";
import { join } from "node:path";
import { parse } from "csv-parse/sync";
import { type RunContext, subfolder } from "./context.ts";

interface BatchName {
  stream: string;
  number: number;
}

/** The bytes of a batch. */
export function batchPath(context: Pick<RunContext, "folder">, batch: BatchName): string {
  return join(subfolder(context, "batches"), fileName(batch));
}

/** Where the per-row results of a batch are kept: key, match_key, action, id, outcome, field, message. */
export function resultsPath(context: Pick<RunContext, "folder">, batch: BatchName): string {
  return join(subfolder(context, "results"), fileName(batch));
}

function fileName({ stream, number }: BatchName): string {
  return `${stream}-${String(number).padStart(5, "0")}.csv`;
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
