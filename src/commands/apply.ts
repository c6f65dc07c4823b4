// loadline apply: writes a plan that was kept, and nothing else.

import { refuseClaimedFile } from "../checkpoint/carry/plan-file.ts";
import { Ledger, type OnConflict } from "../checkpoint/ledger.ts";
import { exitCodeOf, Failure, pathInCommand, usageFailure } from "../core/errors.ts";
import { exitCode, worstExitCode } from "../core/exit-code.ts";
import { quoteForShell } from "../core/next-command.ts";
import { readJob } from "../job/read-job.ts";
import { durationPattern, parseDuration } from "../job/units.ts";
import { refuseGone, refuseNoPlan, refuseOld, refuseStopped, refuseWritten } from "../pipeline/apply/kept-plan.ts";
import { hasBegunLoading } from "../pipeline/run/resumable.ts";
import { runFolder } from "../pipeline/run/run-files.ts";
import { stalePlan } from "../pipeline/run/stale-plan.ts";
import { keptJobFile } from "../pipeline/runs/recovery.ts";
import { type RunRequest, refuseChangedCopy } from "../pipeline/runs/runs.ts";
import { execute } from "./execute.ts";
import type { KeptRun } from "./find-run.ts";
import type { CommandResult, Globals } from "./globals.ts";
import { lockOrSkip } from "./lock.ts";
import { findPlan, type NamedPlan, readApprovals } from "./plan-of.ts";
import { printUnstarted } from "./present.ts";
import { openProject, readProjectJob } from "./project.ts";
import { confirmBy, findProtected, mayAsk } from "./protected.ts";
import { isOver, recoverFirst } from "./recover.ts";
import { keyFlag, type UnlockFlags } from "./unlock-plan.ts";

export interface ApplyFlags extends UnlockFlags {
  onConflict?: OnConflict;
  strict?: boolean;
  maxAge?: string;
  yes?: boolean;
}

const maxAgeByDefault = "24h";

export async function applyPlan(globals: Globals, id: string, flags: ApplyFlags): CommandResult {
  const maxAgeMs = readMaxAge(flags.maxAge ?? maxAgeByDefault);
  const named = await findPlan(globals, id, flags);
  const { run: plan } = named;
  refuseNoPlan(plan);
  try {
    return await applyKept(globals, { named, id, flags, maxAgeMs });
  } catch (error) {
    const { tellUnstarted } = await import("./notify.ts");
    await tellUnstarted(globals, { file: plan.jobFile, error, isRehearsal: plan.sandbox });
    const isStale = exitCodeOf(error) === exitCode.stalePlan;
    const next = isStale ? `loadline plan ${pathInCommand(plan.jobFile)}` : `loadline show ${plan.id}`;
    printUnstarted(globals, plan.job, { error, next });
    throw error;
  }
}

function readMaxAge(text: string): number {
  if (durationPattern.test(text)) return parseDuration(text);
  throw usageFailure(`--max-age ${text} is no duration`, { next: "e.g. 30m, 12h or 7d" });
}

interface Asked {
  named: NamedPlan;
  /** As it was named. */
  id: string;
  flags: ApplyFlags;
  maxAgeMs: number;
}

async function applyKept(globals: Globals, { named, id, flags, maxAgeMs }: Asked): CommandResult {
  const { run: plan, file } = named;
  await using project = await openProject(globals, plan.sandbox ? {} : undefined);
  const { stateFolder, connections, environment } = project;
  refuseGone(plan, runFolder(stateFolder, plan.id));
  const kept = keptJobFile(stateFolder, plan);
  refuseChangedCopy(plan, kept);
  // A rollback goes by the job as it was.
  if (plan.options.rollback === undefined) refuseChangedJob(plan);
  const job = { ...readProjectJob(kept, connections, plan.jobFile), file: plan.jobFile };
  // The file may be gone, or lie elsewhere by now; what was agreed to as the plan was made is not what it holds.
  const { planFile: _file, passed: _passed, yes: _yes, ...options } = plan.options;
  const approvals = readApprovals(named);
  const passed = approvals.flatMap(({ guards }) => guards);
  const opened = file === undefined ? plan.id : `${pathInCommand(file)}${keyFlag(flags, file)}`;
  refuseStopped(plan, passed, opened);
  const request: RunRequest = {
    job,
    connections,
    environment,
    stateFolder,
    command: "apply",
    options: {
      ...options,
      plan: plan.id,
      ...(file === undefined ? {} : { planFile: file }),
      ...(passed.length === 0 ? {} : { passed }),
      ...(flags.onConflict === undefined ? {} : { onConflict: flags.onConflict }),
      ...(flags.strict === true ? { strict: true } : {}),
      ...(flags.yes === true || approvals.length > 0 ? { yes: true } : {}),
    },
    ...(plan.options.rollback === undefined ? {} : { keptJob: kept }),
    emit: () => undefined,
    signal: globals.signal,
  };
  const guarded = flags.yes === true || approvals.length > 0 ? undefined : findProtected(project, job);
  if (guarded !== undefined && !mayAsk())
    throw refuseUnapproved(guarded, `${quoteForShell(id)}${keyFlag(flags, file)}`);
  using lock = await lockOrSkip(request);
  if (lock === undefined) return exitCode.done;
  // It may be this plan that an earlier apply has not written to its end.
  let isDone = false;
  const recovered = await recoverFirst(globals, project, request, ({ options: begun }) => {
    isDone = begun.plan === plan.id;
    return isDone;
  });
  if (recovered !== undefined && (isDone || !isOver(recovered))) return recovered.summary.exitCode;
  // What was written already is not made right by allowing its age.
  refuseSecond(stateFolder, named);
  refuseOld(plan, maxAgeMs);
  const confirm = guarded === undefined ? {} : { confirm: confirmBy(globals, guarded, job) };
  const ended = await execute(globals, { ...request, ...confirm }, false);
  return worstExitCode([recovered?.summary.exitCode ?? exitCode.done, ended.summary.exitCode]);
}

/** `opened`: the plan as a command takes it. */
function refuseUnapproved(connection: string, opened: string): Failure {
  return new Failure(exitCode.guard, `connection ${connection} is protected, and nobody has approved the plan`, {
    next: `loadline show ${opened} --changes shows it; loadline approve ${opened} approves it, or apply it with --yes`,
  });
}

/** Before anything is read: who has written the plan, here or elsewhere, has claimed its file. */
function refuseSecond(stateFolder: string, { run: plan, file }: NamedPlan): void {
  using ledger = Ledger.open(stateFolder);
  refuseWritten(ledger, plan);
  if (file !== undefined) refuseClaimedFile(file, ledger.about.id, (other) => !hasBegunLoading(ledger, { id: other }));
}

function refuseChangedJob({ id, jobFile, jobHash }: KeptRun): void {
  const next = `make it anew: loadline plan ${pathInCommand(jobFile)}`;
  let hash: string;
  try {
    ({ hash } = readJob(jobFile));
  } catch (error) {
    if (!(error instanceof Failure)) throw error;
    throw stalePlan(`the job of plan ${id} can't be read any more: ${error.message}`, {
      where: { file: jobFile },
      next,
    });
  }
  if (hash === jobHash) return;
  throw stalePlan(`the job changed since plan ${id} was made`, {
    where: { file: jobFile },
    why: "a plan is written by the job that made it",
    next,
  });
}
