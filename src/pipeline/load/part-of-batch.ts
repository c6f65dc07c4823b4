// A part of a batch as a batch of its own. In: a batch and which of its rows. Out: the part's file on disk, its record.
// What must hold: the part counts only once the ledger splits it off; until then its file is nobody's, and may be
// written again.

import type { BatchRecord } from "../../checkpoint/ledger.ts";
import { identifier } from "../../core/sql.ts";
import { headerOf } from "../../formats/csv-header.ts";
import { scanCsvFiles } from "../../stage/csv-scan.ts";
import { batchPath, unsent, writeBatchFile } from "../batches/batch-files.ts";
import type { RunContext } from "../run/context.ts";

/** The number of the next batch of a stream. */
export function nextNumber({ ledger, run }: RunContext, stream: string): number {
  return Math.max(...ledger.batches(run.id, stream).map(({ number }) => number)) + 1;
}

/** Writes the rows of a batch whose numbers a SELECT gives (n, counted from 1), as a batch that nothing is known of. */
export async function writePart(
  context: RunContext,
  batch: BatchRecord,
  number: number,
  numbers: string,
): Promise<BatchRecord> {
  const columns = headerOf(batch.path);
  const cells = columns.map((column) => `s.${identifier(column)}`).join(", ");
  const rows = `SELECT ${cells} FROM ${numbered(scanCsvFiles([batch.path], columns))} s WHERE _n_ IN (${numbers}) ORDER BY _n_`;
  const path = batchPath(context, { stream: batch.stream, number });
  return { ...batch, ...unsent, ...(await writeBatchFile(context.engine, rows, path)), number };
}

/** Rows with their number `_n_`, from 1: no field can be called so. */
export function numbered(rows: string): string {
  return `(SELECT *, row_number() OVER () AS _n_ FROM ${rows})`;
}
