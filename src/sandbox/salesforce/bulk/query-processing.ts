// The work on a bulk query: its rows go to a file, from which pages are cut.
// In: a query job. Out: a CSV file without a header, and where every thousandth row starts in it.
// Must hold: the rows are those of one moment; memory is bounded; a killed query starts over, and no client can tell.

import { closeSync, openSync, readSync, writeSync } from "node:fs";
import { setImmediate as yieldToRequests } from "node:timers/promises";
import { monotonicMs } from "../../../core/clock.ts";
import type { Org } from "../org.ts";
import { compileSoql } from "../soql/compile.ts";
import type { CompiledQuery } from "../soql/compiled-query.ts";
import { lineReader, type QueryRow, statementOf } from "../soql/rows.ts";
import { prepareRows } from "../store.ts";
import { delimiters, isTerminal, type Jobs, jobFile, jobTimestamp, type QueryJob } from "./jobs.ts";

const indexStep = 1000;
const selectOrderSince = 50;

/** Compiles a job's query. Before version 50.0 the columns of a result are sorted, whatever the query says. */
export function compileBulkQuery(
  org: Org,
  { query: soql, operation, apiVersion }: Pick<QueryJob, "query" | "operation" | "apiVersion">,
): CompiledQuery {
  const query = compileSoql(org.catalog, soql, operation === "queryAll");
  if (apiVersion >= selectOrderSince) return query;
  const sorted = query.columns.map((column) => ({ column, name: column.path.join(".").toLowerCase() }));
  sorted.sort((one, other) => (one.name < other.name ? -1 : 1));
  return { ...query, columns: sorted.map(({ column }) => column) };
}

/** Runs a query job to its end, or until it is aborted or the sandbox closes. */
export async function processQuery(org: Org, jobs: Jobs, id: string): Promise<void> {
  const created = jobs.query(id);
  // It may have been aborted since it was made.
  if (isTerminal(created)) return;
  const job: QueryJob = { ...created, state: "InProgress", systemModstamp: jobTimestamp() };
  jobs.save(job);
  await yieldToRequests();
  const started = monotonicMs();
  const reader = org.store.openReader();
  const file = openSync(jobFile(org, id), "w");
  try {
    const query = compileBulkQuery(org, job);
    const line = lineReader(query, delimiters[job.columnDelimiter] ?? ",");
    const newline = job.lineEnding === "LF" ? "\n" : "\r\n";
    const rows = prepareRows<QueryRow>(reader, statementOf(query)).iterate(...query.where.parameters);
    const index: number[] = [];
    let [count, bytes, pending] = [0, 0, ""];
    for (const row of rows) {
      if (count % indexStep === 0) {
        bytes += writeSync(file, pending);
        pending = "";
        index.push(bytes);
        await yieldToRequests();
        if (org.closing || jobs.query(id).state === "Aborted") return;
      }
      pending += line(row) + newline;
      count += 1;
    }
    bytes += writeSync(file, pending);
    org.limits.use("DailyBulkV2QueryFileStorageMB", bytes / 1e6);
    const processingTime = Math.round(monotonicMs() - started);
    jobs.save({
      ...job,
      state: "JobComplete",
      recordsProcessed: count,
      bytes,
      index,
      processingTime,
      systemModstamp: jobTimestamp(),
    });
  } finally {
    closeSync(file);
    reader.close();
  }
}

/** The byte at which a row of a finished query starts; the number of rows gives the end of the file. */
export function byteOfRow(org: Org, job: QueryJob, row: number): number {
  if (row >= job.recordsProcessed) return job.bytes;
  const step = Math.floor(row / indexStep);
  const start = job.index[step] ?? 0;
  const end = job.index[step + 1] ?? job.bytes;
  const block = Buffer.alloc(end - start);
  const file = openSync(jobFile(org, job.id), "r");
  try {
    readSync(file, block, 0, block.length, start);
  } finally {
    closeSync(file);
  }
  return start + skipRows(block, row - step * indexStep);
}

// Values are always quoted, and a quote inside one is doubled: a newline ends a row where the quotes so far pair up.
function skipRows(block: Buffer, rows: number): number {
  let left = rows;
  let inside = false;
  let at = 0;
  for (; left > 0 && at < block.length; at += 1) {
    if (block[at] === 0x22) inside = !inside;
    else if (block[at] === 0x0a && !inside) left -= 1;
  }
  return at;
}
