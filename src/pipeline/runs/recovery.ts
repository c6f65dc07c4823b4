// Runs that did not come to their end, and what may be done with them. What decides what happens to a run is asked only
// while holding the job's lock: without it, the run of a living process looks unfinished.

import { join } from "node:path";
import type { Ledger, RunRecord } from "../../checkpoint/ledger.ts";
import { isLockFree } from "../../checkpoint/lock.ts";
import { dropWorkFiles } from "../../pipeline.ts";
import { hasBegunLoading, isResumable } from "../run/resumable.ts";
import { runFolder } from "../run/run-files.ts";
import { jobLockName } from "./runs.ts";

export interface UnfinishedRun {
  run: RunRecord;
  /** A batch has left the state `planned`: the run must be finished, for a fresh plan could write its rows again. */
  begunLoading: boolean;
}

/**
 * The newest run of a job, or of any job, that `resume` can go on with. A run that has begun to load counts however
 * many came after it: the clock that orders runs may have been set back.
 */
export function findUnfinished(ledger: Ledger, job?: string): UnfinishedRun | undefined {
  const jobsSeen = new Set<string>();
  for (const run of ledger.runs(job === undefined ? {} : { job }).filter(({ command }) => command === "run")) {
    const isNewest = !jobsSeen.has(run.job);
    jobsSeen.add(run.job);
    if (!isResumable(ledger, run)) continue;
    const begunLoading = hasBegunLoading(ledger, run);
    if (begunLoading || isNewest) return { run, begunLoading };
  }
  return undefined;
}

/** Closes a run that wrote nothing, because a new one takes its place; a killed one has left its work files. */
export function supersede(ledger: Ledger, stateFolder: string, run: RunRecord): void {
  ledger.saveRun({ ...run, status: "superseded", next: null });
  dropWorkFiles(runFolder(stateFolder, run.id));
}

/** The job file as it was when the run began. */
export function keptJobFile(stateFolder: string, run: RunRecord): string {
  return join(runFolder(stateFolder, run.id), "job.yaml");
}

export type ToldRun = Omit<RunRecord, "status"> & { status: RunRecord["status"] | "killed" };

/** A run as it can be told of: one that is `running` by the ledger, but whose process is gone, was killed. */
export function tellRun(stateFolder: string, run: RunRecord): ToldRun {
  const isAlive = run.command === "plan" || !isLockFree({ stateFolder, name: jobLockName(run.job) });
  if (run.status !== "running" || isAlive) return run;
  return { ...run, status: "killed", next: `loadline resume ${run.id}` };
}
