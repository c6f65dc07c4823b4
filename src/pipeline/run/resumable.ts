// Whether a run that has ended, or was killed, can be gone on with.

import type { BatchRecord, Ledger, RunRecord } from "../../checkpoint/ledger.ts";
import { exitCode } from "../../core/exit-code.ts";

/**
 * Whether `resume` can go on with a run. One that has begun to load can, whatever ended it: its rows must not be
 * planned a second time. Of the others, going on mends neither a wrong job file, an objecting guard nor a stale plan.
 */
export function isResumable(ledger: Ledger, run: Pick<RunRecord, "id" | "command" | "status" | "exitCode">): boolean {
  const isOver = ["loaded", "partial", "superseded", "abandoned"].includes(run.status);
  if (run.command === "plan" || isOver) return false;
  const mendsNothing: (number | null)[] = [exitCode.usage, exitCode.guard, exitCode.stalePlan];
  return !mendsNothing.includes(run.exitCode) || hasBegunLoading(ledger, run);
}

export function hasBegunLoading(ledger: Ledger, run: Pick<RunRecord, "id">): boolean {
  return ledger.batches(run.id).some((batch) => batch.state !== "planned" && !isHeldBack(batch));
}

/** All rows of it were taken out before it was sent: settled, and nothing has gone to the target. */
function isHeldBack({ state, succeeded, failed, inDoubt, conflicts }: BatchRecord): boolean {
  return state === "settled" && conflicts > 0 && succeeded + failed + inDoubt === 0;
}
