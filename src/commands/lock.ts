// The job's lock, for the commands that decide what becomes of a job's runs.

import { LockHeld } from "../checkpoint/lock.ts";
import { lockJob, type RunRequest } from "../pipeline/runs/runs.ts";
import { printNotice } from "../report/output.ts";

/** Undefined, and said, where another run holds the lock and the job says `lock: skip`; else throws LockHeld. */
export async function lockOrSkip(
  request: Pick<RunRequest, "job" | "stateFolder" | "signal">,
): Promise<Disposable | undefined> {
  try {
    return await lockJob(request, tellDamage);
  } catch (error) {
    if (!(error instanceof LockHeld) || request.job.lock.kind !== "skip") throw error;
    printNotice(`${error.message}: skipped (lock: skip)`);
    return undefined;
  }
}

/** There is no run yet that could tell it. */
export function tellDamage(message: string): void {
  printNotice(`! ${message}`);
}
