// loadline approve: that a plan may be applied, in the ledger and in its file.

import { userInfo } from "node:os";
import { approvePlanFile } from "../checkpoint/carry/plan-file.ts";
import { type ApprovalRecord, Ledger } from "../checkpoint/ledger.ts";
import { hashPlan } from "../checkpoint/plan-hash.ts";
import { now } from "../core/clock.ts";
import { showPath, usageFailure } from "../core/errors.ts";
import { exitCode } from "../core/exit-code.ts";
import { failpoint } from "../core/failpoint.ts";
import { quoteForShell, withGivenFlags } from "../core/next-command.ts";
import { guardOf, objectionsTo, refuseNoPlan, refuseWritten } from "../pipeline/apply/kept-plan.ts";
import { hasBegunLoading } from "../pipeline/run/resumable.ts";
import { showCount } from "../report/numbers.ts";
import { printOut } from "../report/output.ts";
import { countActions, describeActions } from "../report/plan.ts";
import { visible } from "../report/visible-text.ts";
import type { CommandResult, Globals } from "./globals.ts";
import { findPlan, readApprovals } from "./plan-of.ts";
import { keyFlag, type UnlockFlags, unlockPlan } from "./unlock-plan.ts";

export interface ApproveFlags extends UnlockFlags {
  by?: string;
  note?: string;
  guard: string[];
}

export async function approvePlan(globals: Globals, named: string, flags: ApproveFlags): CommandResult {
  const found = await findPlan(globals, named, flags);
  const { run, file, key } = found;
  // Its file has the approval too.
  if (file !== undefined && key === undefined) await unlockPlan(globals, file, flags);
  refuseNoPlan(run);
  const earlier = readApprovals(found);
  using ledger = Ledger.open(run.stateFolder);
  refuseWritten(ledger, run);
  const streams = ledger.streams(run.id);
  const objecting = objectionsTo(run).flatMap((objection) => guardOf(objection) ?? []);
  const unknown = flags.guard.find((guard) => !objecting.includes(guard));
  if (unknown !== undefined) {
    throw usageFailure(`${unknown} does not object to plan ${run.id}`, {
      next: objecting.length === 0 ? "leave --guard out: nothing does" : `what does: ${objecting.join(", ")}`,
    });
  }
  const approval: Omit<ApprovalRecord, "number"> = {
    plan: run.id,
    planHash: hashPlan(run, streams),
    by: flags.by ?? userInfo().username,
    note: flags.note ?? null,
    at: now().toISOString(),
    guards: [...new Set(flags.guard)],
  };
  if (file !== undefined) {
    const isOver = (other: string) => !hasBegunLoading(ledger, { id: other });
    approvePlanFile(file, approval, { ledger: ledger.about.id, isOver, key });
  }
  ledger.addApproval(approval);
  failpoint("approved");
  const passed = new Set([...earlier.flatMap(({ guards }) => guards), ...approval.guards]);
  const left = objecting.filter((guard) => !passed.has(guard));
  const opened = `${quoteForShell(named)}${keyFlag(flags)}`;
  const next = withGivenFlags(
    left.length === 0 ? `loadline apply ${opened}` : `loadline approve ${opened} --guard ${left.join(" --guard ")}`,
  );
  const { planHash: hash, ...told } = approval;
  if (globals.json) printOut(JSON.stringify({ ...told, hash, objections: left, exitCode: exitCode.done, next }));
  else {
    const counted = streams.flatMap(({ counts }) => (counts === null ? [] : [{ counts }]));
    const actions = describeActions(countActions(counted), showCount).join(", ") || "nothing to write";
    const lines = [
      `Approved by ${approval.by}: plan ${run.id}, ${actions}.`,
      ...(file === undefined ? [] : [`Recorded in ${showPath(file)} too.`]),
      ...left.map((guard) => `${guard} still objects to it.`),
      `Next: ${next}`,
    ];
    printOut(lines.map(visible).join("\n"));
  }
  return exitCode.done;
}
