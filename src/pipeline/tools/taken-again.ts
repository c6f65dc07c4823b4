// Rows that come again by themselves: where each run takes all of a source, or asks for what the one before left, the rows
// that an earlier run left are those of the later one. In: the ledger. Out: the run that has taken them. What must hold: a
// run of some rows, of a chosen window or of rows that were left takes nothing again.

import type { Ledger, RunRecord } from "../../checkpoint/ledger.ts";

/** Runs that have settled a stream of the same job as a whole, newest first. */
export function listFullRuns(
  ledger: Ledger,
  { job, jobFile }: Pick<RunRecord, "job" | "jobFile">,
  stream: string,
): RunRecord[] {
  return ledger
    .runs({ job })
    .filter((run) => run.jobFile === jobFile && run.command !== "plan" && isWhole(ledger, run, stream));
}

/** The newest run that has taken all again since `run` began; undefined where there is none. */
export function takenAgainBy(
  ledger: Ledger,
  run: Pick<RunRecord, "id" | "job" | "jobFile" | "started">,
  stream: string,
): RunRecord | undefined {
  return listFullRuns(ledger, run, stream).find(({ id, started }) => id !== run.id && started > run.started);
}

function isWhole(ledger: Ledger, run: RunRecord, stream: string): boolean {
  const { limit, keys, streams, retry } = run.options;
  if ([limit, keys, streams, retry].some((one) => one !== undefined)) return false;
  const of = ledger.streams(run.id).find(({ name }) => name === stream);
  // One that found no file has taken nothing again.
  if (of?.state !== "settled" || of.plan === null) return false;
  const window = ledger.window(run.id, stream);
  return window === undefined || window.to === null || window.moves;
}
