// Runs that did not come to their end, and what may be done with them. What decides what happens to a run is asked only
// while holding the job's lock: without it, the run of a living process looks unfinished.

import { join } from "node:path";
import { Ledger, type RunRecord } from "../../checkpoint/ledger.ts";
import { isLockFree } from "../../checkpoint/lock.ts";
import { exitCode } from "../../core/exit-code.ts";
import type { Job } from "../../job/job.ts";
import { dropWorkFiles } from "../../pipeline.ts";
import { hasBegunLoading, isResumable } from "../run/resumable.ts";
import { runFolder } from "../run/run-files.ts";
import { type EndedRun, executeRun, jobLockName, type RunRequest } from "./runs.ts";

export interface UnfinishedRun {
  run: RunRecord;
  /** A batch has left the state `planned`: the run must be finished, for a fresh plan could write its rows again. */
  begunLoading: boolean;
}

/**
 * The newest run of a job, or of any job, that `resume` can go on with. A run that has begun to load counts however
 * many came after it: the clock that orders runs may have been set back. One that a lock kept from beginning comes last:
 * what it waits for may be the other one.
 */
export function findUnfinished(ledger: Ledger, job?: string): UnfinishedRun | undefined {
  let locked: UnfinishedRun | undefined;
  const jobsSeen = new Set<string>();
  for (const run of ledger.runs(job === undefined ? {} : { job }).filter(({ command }) => command !== "plan")) {
    const isNewest = !jobsSeen.has(run.job);
    jobsSeen.add(run.job);
    if (!isResumable(ledger, run)) continue;
    const begunLoading = hasBegunLoading(ledger, run);
    if (!begunLoading && !isNewest) continue;
    if (begunLoading || run.exitCode !== exitCode.locked) return { run, begunLoading };
    locked ??= { run, begunLoading };
  }
  return locked;
}

export interface RecoveryRequest {
  /** What is to run, once an unfinished run of the same job is out of the way. */
  request: RunRequest;
  /** Reads a job as a run has kept it; `original` is where it was when the run began. */
  readKept(kept: string, original: string): Job;
  execute?: (request: RunRequest) => Promise<EndedRun>;
}

/**
 * An unfinished run of the same job goes first, by the job as it was then. Gives how it ended; undefined where there was
 * none, or where it had written nothing: that one is closed. The caller holds the job's lock.
 */
export async function recoverRun({ request, readKept, execute = executeRun }: RecoveryRequest) {
  const { stateFolder } = request;
  const run = takeUnfinished(stateFolder, request.job.name);
  if (run === undefined) return undefined;
  const job = { ...readKept(keptJobFile(stateFolder, run), run.jobFile), file: run.jobFile };
  return execute({ ...request, job, command: run.command, options: run.options, resume: run });
}

function takeUnfinished(stateFolder: string, job: string): RunRecord | undefined {
  if (!Ledger.exists(stateFolder)) return undefined;
  using ledger = Ledger.open(stateFolder);
  const unfinished = findUnfinished(ledger, job);
  if (unfinished === undefined || unfinished.begunLoading) return unfinished?.run;
  supersede(ledger, stateFolder, unfinished.run);
  return undefined;
}

/** Closes a run that wrote nothing, because a new one takes its place; a killed one has left its work files. */
function supersede(ledger: Ledger, stateFolder: string, run: RunRecord): void {
  ledger.saveRun({ ...run, status: "superseded", next: null });
  dropWorkFiles(runFolder(stateFolder, run.id));
}

/** The job file as it was when the run began. */
export function keptJobFile(stateFolder: string, run: Pick<RunRecord, "id">): string {
  return join(runFolder(stateFolder, run.id), "job.yaml");
}

export type ToldRun = Omit<RunRecord, "status"> & { status: RunRecord["status"] | "killed" };

/** A run as it can be told of: one that is `running` by the ledger, but whose process is gone, was killed. */
export function tellRun(stateFolder: string, run: RunRecord): ToldRun {
  if (run.status !== "running" || run.command === "plan") return run;
  if (!isLockFree({ stateFolder, name: jobLockName(run.job) })) return run;
  return { ...run, status: "killed", next: `loadline resume ${run.id}` };
}
