// loadline apply: writes a plan that was kept, and nothing else.

import { Ledger, type OnConflict } from "../checkpoint/ledger.ts";
import { Failure, showPath, usageFailure } from "../core/errors.ts";
import { exitCode, worstExitCode } from "../core/exit-code.ts";
import { readJob } from "../job/read-job.ts";
import { durationPattern, parseDuration } from "../job/units.ts";
import { refuseGone, refuseNoPlan, refuseOld, refuseWritten } from "../pipeline/apply/kept-plan.ts";
import { runFolder } from "../pipeline/run/run-files.ts";
import { stalePlan } from "../pipeline/run/stale-plan.ts";
import { keptJobFile, recoverRun } from "../pipeline/runs/recovery.ts";
import { type RunRequest, refuseChangedCopy } from "../pipeline/runs/runs.ts";
import { execute } from "./execute.ts";
import { findRun, type KeptRun, readHistory } from "./find-run.ts";
import type { CommandResult, Globals } from "./globals.ts";
import { lockOrSkip } from "./lock.ts";
import { findProject, openProject, readProjectJob } from "./project.ts";
import { confirmBy, findProtected, mayAsk, refuseUnasked } from "./protected.ts";

export interface ApplyFlags {
  onConflict?: OnConflict;
  strict?: boolean;
  maxAge?: string;
  yes?: boolean;
}

const maxAgeByDefault = "24h";

export async function applyPlan(globals: Globals, id: string, flags: ApplyFlags): CommandResult {
  const maxAgeMs = readMaxAge(flags.maxAge ?? maxAgeByDefault);
  const plan = findPlan(globals, id);
  refuseNoPlan(plan);
  try {
    return await applyKept(globals, plan, flags, maxAgeMs);
  } catch (error) {
    const { tellUnstarted } = await import("./notify.ts");
    await tellUnstarted(globals, { file: plan.jobFile, error, isRehearsal: plan.sandbox });
    throw error;
  }
}

/** `latest` is the newest plan, whatever ran since. */
function findPlan(globals: Globals, id: string): KeptRun {
  const project = findProject(globals);
  if (id !== "latest") return findRun(project, id, undefined);
  const newest = readHistory(project).find(({ command }) => command === "plan");
  if (newest !== undefined) return newest;
  throw usageFailure("there is no plan yet", { next: "loadline plan <job> makes one" });
}

function readMaxAge(text: string): number {
  if (durationPattern.test(text)) return parseDuration(text);
  throw usageFailure(`--max-age ${text} is no duration`, { next: "e.g. 30m, 12h or 7d" });
}

async function applyKept(globals: Globals, plan: KeptRun, flags: ApplyFlags, maxAgeMs: number): CommandResult {
  await using project = await openProject(globals, plan.sandbox ? {} : undefined);
  const { stateFolder, connections, environment } = project;
  refuseGone(plan, runFolder(stateFolder, plan.id));
  const kept = keptJobFile(stateFolder, plan);
  refuseChangedCopy(plan, kept);
  refuseChangedJob(plan);
  const job = { ...readProjectJob(kept, connections, plan.jobFile), file: plan.jobFile };
  const request: RunRequest = {
    job,
    connections,
    environment,
    stateFolder,
    command: "apply",
    options: {
      ...plan.options,
      plan: plan.id,
      ...(flags.onConflict === undefined ? {} : { onConflict: flags.onConflict }),
      ...(flags.strict === true ? { strict: true } : {}),
      ...(flags.yes === true ? { yes: true } : {}),
    },
    emit: () => undefined,
    signal: globals.signal,
  };
  const guarded = flags.yes === true ? undefined : findProtected(project, job);
  if (guarded !== undefined && !mayAsk()) throw refuseUnasked(guarded, job);
  using lock = await lockOrSkip(request);
  if (lock === undefined) return exitCode.done;
  const recovered = await recoverRun({
    request,
    readKept: (file, original) => readProjectJob(file, connections, original),
    execute: (one) => execute(globals, one, one.options.plan !== plan.id),
  });
  // It was this plan that an earlier apply had not written to its end.
  const isDone = recovered !== undefined && runOptions(stateFolder, recovered.summary.run)?.plan === plan.id;
  if (recovered !== undefined && (isDone || !["loaded", "partial"].includes(recovered.summary.status)))
    return recovered.summary.exitCode;
  refuseOld(plan, maxAgeMs);
  refuseSecond(stateFolder, plan);
  const confirm = guarded === undefined ? {} : { confirm: confirmBy(globals, guarded, job) };
  const ended = await execute(globals, { ...request, ...confirm }, false);
  return worstExitCode([recovered?.summary.exitCode ?? exitCode.done, ended.summary.exitCode]);
}

function runOptions(stateFolder: string, id: string | null) {
  using ledger = Ledger.open(stateFolder);
  return id === null ? undefined : ledger.run(id)?.options;
}

function refuseSecond(stateFolder: string, plan: KeptRun): void {
  using ledger = Ledger.open(stateFolder);
  refuseWritten(ledger, plan);
}

function refuseChangedJob({ id, jobFile, jobHash }: KeptRun): void {
  const next = `make it anew: loadline plan ${showPath(jobFile)}`;
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
