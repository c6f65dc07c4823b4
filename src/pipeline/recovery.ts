// Runs that did not come to their end, and what may be done with them.

import { join } from "node:path";
import type { Ledger, RunRecord } from "../checkpoint/ledger.ts";
import { isResumable, runFolder } from "./runs.ts";

export interface UnfinishedRun {
  run: RunRecord;
  /** A batch has left the state `planned`: the run must be finished, for a fresh plan could write its rows again. */
  begunLoading: boolean;
}

/** The newest run of a job, or of any job, that `resume` can go on with. */
export function findUnfinished(ledger: Ledger, job?: string): UnfinishedRun | undefined {
  const [newest] = ledger.runs(job === undefined ? {} : { job }).filter(({ command }) => command === "run");
  if (newest === undefined || !isResumable(newest.status, newest.exitCode)) return undefined;
  const begunLoading = ledger.batches(newest.id).some(({ state }) => state !== "planned");
  return { run: newest, begunLoading };
}

/** Closes a run that wrote nothing, because a new one takes its place. */
export function supersede(ledger: Ledger, run: RunRecord): void {
  ledger.saveRun({ ...run, status: "superseded", next: null });
}

/** The job file as it was when the run began. */
export function keptJobFile(stateFolder: string, run: RunRecord): string {
  return join(runFolder(stateFolder, run.id), "job.yaml");
}
