// Rows that the target did not write for a reason that passes (locked by somebody else, say), sent again.
// In: a batch whose outcomes are known. Out: smaller batches of just those rows.
// What must hold: only rows that were certainly not written; a bounded number of rounds, each with fewer batches in
// flight and after a longer wait; what is left then is rejected with the target's message.

import type { BatchRecord } from "../../checkpoint/ledger.ts";
import { countResent, resentRows } from "../../load/results.ts";
import { countOf } from "../../report/numbers.ts";
import type { RunContext } from "../run/context.ts";
import { nextNumber, writePart } from "./part-of-batch.ts";

const roundsMax = 5;
const firstWaitMs = 1000;
/** Rows that Salesforce takes in one transaction: a batch below that contends no less. */
const rowsMin = 200;

export function mayResend(batch: Pick<BatchRecord, "round">): boolean {
  return batch.round < roundsMax;
}

/** How long a round waits for whoever holds the locks: 1, 2, 4, 8, 16 s. */
export function waitBefore(round: number): number {
  return round === 0 ? 0 : firstWaitMs * 2 ** (round - 1);
}

/** Half as many batches in flight with each round, one at last. */
export function lanesOf(round: number, batchesInFlight: number): number {
  return Math.max(1, Math.floor(batchesInFlight / 2 ** round));
}

/** Batches of half the size, for rows of a batch of so many rows. */
export function resentBatchRows(rows: number): number {
  return Math.max(rowsMin, Math.ceil(rows / 2));
}

export interface ResentRows {
  batches: BatchRecord[];
  /** "37 rows locked: sent again in batch 9"; empty where there are none. */
  message: string;
}

/** Writes the rows of table `outcomes` that are to be sent again as batches of the next round. */
export async function writeResentRows(context: RunContext, batch: BatchRecord): Promise<ResentRows> {
  const reasons = (await context.engine.all(countResent)).map((row) => ({
    reason: String(row["reason"]),
    rows: Number(row["rows"]),
  }));
  const total = reasons.reduce((sum, { rows }) => sum + rows, 0);
  const size = resentBatchRows(batch.rows);
  const first = total === 0 ? 0 : nextNumber(context, batch.stream);
  const batches: BatchRecord[] = [];
  for (let from = 0; from < total; from += size) {
    const numbers = `SELECT n FROM ${resentRows} WHERE place >= ${from} AND place < ${from + size}`;
    const part = await writePart(context, batch, first + batches.length, numbers);
    batches.push({ ...part, round: batch.round + 1, message: `rows of batch ${batch.number} sent again` });
  }
  if (batches.length === 0) return { batches, message: "" };
  const why = reasons.map(({ reason, rows }) => `${countOf(rows, "row")} ${reason}`).join(", ");
  const where = `batch${batches.length === 1 ? "" : "es"} ${batches.map(({ number }) => number).join(", ")}`;
  return { batches, message: `${why}: sent again in ${where}` };
}
