// A plan that a dry run has kept, and whether it may be written. In: the run that made it, the ledger. Out: nothing, or why
// not (exit 7). Must hold: a plan is written once; one that is old, not whole, or of another job is not written at all.

import { existsSync } from "node:fs";
import type { Ledger, RollbackOptions, RunOptions, RunRecord } from "../../checkpoint/ledger.ts";
import { now } from "../../core/clock.ts";
import { Failure, pathInCommand, usageFailure } from "../../core/errors.ts";
import { exitCode } from "../../core/exit-code.ts";
import { showDuration } from "../../report/numbers.ts";
import { hasBegunLoading } from "../run/resumable.ts";
import { stalePlan } from "../run/stale-plan.ts";

/** The run that made a plan, however it is told that it ended. */
type PlanRun = Omit<RunRecord, "status"> & { status: string };

/** Throws a Failure unless the run is a plan that came to its end. */
export function refuseNoPlan({ id, command, status, jobFile, options }: PlanRun): void {
  if (options.reconcile !== undefined && command === "plan") {
    throw usageFailure(`${id} has compared, and is no plan`, {
      next: `loadline reconcile ${pathInCommand(jobFile)} --repair loads what differs by then`,
    });
  }
  if (command !== "plan") {
    const next = "loadline runs lists the plans: they have the status planned";
    throw usageFailure(`${id} is a run that has loaded, and no plan`, { next });
  }
  if (status === "planned") return;
  const next = `make it anew: loadline plan ${pathInCommand(jobFile)}`;
  throw stalePlan(`the plan ${id} did not come to its end (${status})`, { next });
}

/** Throws a Failure (4) where something objects to the plan that nobody has approved. `named`: its id, or its file. */
export function refuseStopped(plan: PlanRun, passed: readonly string[], named: string): void {
  const left = objectionsTo(plan).filter((objection) => !passed.includes(guardOf(objection) ?? ""));
  if (left.length === 0) return;
  const approve = approveCommand(named, left);
  throw new Failure(exitCode.guard, `the plan ${plan.id} may not be written: ${left.join("; ")}`, {
    why: "a guard of the job, or its limit on rejects, objects to it, and nobody has approved that",
    next:
      approve === undefined
        ? `mend what it says, then make the plan anew: loadline plan ${pathInCommand(plan.jobFile)}`
        : `${approve} lets it pass this once`,
  });
}

/** As it was called; the keys stand in a file that the run does not name. */
export function rollbackCommand({ streams, keys }: RunOptions, { run, fields }: RollbackOptions): string {
  return [
    `loadline rollback ${run}`,
    ...(streams === undefined ? [] : [`--streams ${streams.join(",")}`]),
    ...(fields === undefined ? [] : [`--fields ${fields.join(",")}`]),
    ...(keys === undefined ? [] : ["--keys <file>"]),
  ].join(" ");
}

/** What lets a plan pass what objects to it; undefined where no approval does. `plan`: its id, or its file. */
export function approveCommand(plan: string, objections: readonly string[]): string | undefined {
  const guards = objections.flatMap((objection) => guardOf(objection) ?? []);
  if (guards.length < objections.length || guards.length === 0) return undefined;
  return `loadline approve ${plan}${[...new Set(guards)].map((guard) => ` --guard ${guard}`).join("")}`;
}

/** What would stop a run of the plan, a sentence each. */
export function objectionsTo({ summary }: PlanRun): string[] {
  const { stops = [] } = JSON.parse(summary ?? "{}") as { stops?: string[] };
  return stops;
}

/** `guards.deletes`, of a sentence that ends by naming it. */
export function guardOf(objection: string): string | undefined {
  return /\(((?:guards|rejects|limits|validate|schema_policy)\.?\w*)\)$/.exec(objection)?.[1];
}

/** By so much clocks of two machines may differ. */
const clocksDifferMs = 5 * 60_000;

/** Throws a Failure (7) where the plan is older than it may be, or where nobody can know. */
export function refuseOld({ id, finished, started, jobFile }: PlanRun, maxAgeMs: number): void {
  const made = finished ?? started;
  const ageMs = now().getTime() - Date.parse(made);
  if (ageMs < -clocksDifferMs) {
    throw stalePlan(`the plan ${id} was made at ${made}, which is still to come by this machine's clock`, {
      why: "one of the two clocks is wrong, and so the plan's age is not known",
      next: `loadline doctor looks at the clock; then make it anew: loadline plan ${pathInCommand(jobFile)}`,
    });
  }
  if (ageMs <= maxAgeMs) return;
  throw stalePlan(`the plan ${id} is ${showDuration(ageMs / 1000)} old, at most ${showDuration(maxAgeMs / 1000)}`, {
    why: "what it was compared with may have changed since",
    next: `make it anew: loadline plan ${pathInCommand(jobFile)}; or allow its age with --max-age`,
  });
}

/** Throws a Failure (7) where a run has written the plan, or has begun to. The caller holds the job's lock. */
export function refuseWritten(ledger: Ledger, plan: PlanRun): void {
  const writer = ledger
    .runs({ job: plan.job })
    .find(({ id, options }) => options.plan === plan.id && hasBegunOrEnded(ledger, id));
  if (writer === undefined) return;
  throw stalePlan(`the plan ${plan.id} was applied by run ${writer.id}`, {
    why: "a plan is written once",
    next: `loadline show ${writer.id} says what became of it`,
  });
}

function hasBegunOrEnded(ledger: Ledger, id: string): boolean {
  const status = ledger.run(id)?.status ?? "";
  return ["loaded", "partial"].includes(status) || hasBegunLoading(ledger, { id });
}

/** Throws a Failure (7) where the folder of the plan is gone, as `keep.runs` has it. */
export function refuseGone({ id, jobFile }: PlanRun, folder: string): void {
  if (existsSync(folder)) return;
  throw stalePlan(`the files of plan ${id} are gone`, {
    where: { file: folder },
    next: `make it anew: loadline plan ${pathInCommand(jobFile)}`,
  });
}
