// Two jobs that are twins run one after the other: what they agree on is one file. In: a run of one of them. Out: a lock on
// the pair. What must hold: none of them plans while what the other has written is not agreed on yet, for that would look
// like a person's change.

import type { Ledger, RunRecord } from "../../checkpoint/ledger.ts";
import { type LockRequest, takeLock } from "../../checkpoint/lock.ts";
import { Failure, pathInCommand, usageFailure } from "../../core/errors.ts";
import { exitCode } from "../../core/exit-code.ts";
import type { Emit } from "../../report/events.ts";
import { hasBegunLoading, isResumable } from "../run/resumable.ts";

export function twinsLockName(left: string, right: string): string {
  return `twins-${[left, right].sort().join("-")}`;
}

type PairRequest = Pick<LockRequest, "stateFolder" | "waitMs" | "signal"> & { emit: Emit; ledger: Ledger };

/** Undefined where there is no twin, and for a dry run, which agrees on nothing. Throws LockHeld, or a Failure (6). */
export async function lockTwins(
  { emit, ledger, ...request }: PairRequest,
  { job, command, jobFile, options }: RunRecord,
  twin: string | undefined,
): Promise<Disposable | undefined> {
  if (twin === undefined || command === "plan") return undefined;
  const unsupported = command === "apply" ? "to apply a kept plan" : "reconcile --repair";
  const isRollback = options.rollback !== undefined;
  if ((command === "apply" && !isRollback) || options.reconcile?.repair === true) {
    throw usageFailure(`${unsupported} of a job with a twin is not supported yet`, {
      where: { file: jobFile },
      next: `loadline run ${pathInCommand(jobFile)} writes what one side changed, and asks where both did`,
    });
  }
  const lock = await takeLock({
    ...request,
    name: twinsLockName(job, twin),
    what: `the twins ${job} and ${twin}`,
    onDamage: (message) => emit({ type: "warning", message }),
  });
  const open = ledger.runs({ job: twin }).find((run) => isResumable(ledger, run) && hasBegunLoading(ledger, run));
  if (open === undefined) return lock;
  lock[Symbol.dispose]();
  throw new Failure(exitCode.locked, `run ${open.id} of the twin ${twin} is not finished`, {
    why: "what it has written is not agreed on yet",
    next: `loadline resume ${open.id}`,
  });
}
