// loadline resume: goes on with an interrupted or failed run, of the real systems or of the sandbox.

import { Ledger, type RunRecord } from "../checkpoint/ledger.ts";
import { usageFailure } from "../core/errors.ts";
import { exitCode } from "../core/exit-code.ts";
import type { Job } from "../job/job.ts";
import { readKeysFile } from "../job/keys-file.ts";
import type { Decision } from "../pipeline/load/decision.ts";
import { isResumable } from "../pipeline/run/resumable.ts";
import { findUnfinished, keptJobFile } from "../pipeline/runs/recovery.ts";
import type { RunRequest } from "../pipeline/runs/runs.ts";
import { printNotice } from "../report/output.ts";
import { refuseChangedJob } from "./changed-job.ts";
import { execute } from "./execute.ts";
import type { CommandResult, Globals } from "./globals.ts";
import { lockOrSkip } from "./lock.ts";
import { printUnstarted } from "./present.ts";
import { findProject, type OpenProject, openProject, readProjectJob, sandboxState } from "./project.ts";
import { confirmBy, findProtected, mayAsk, refuseUnasked } from "./protected.ts";

export interface ResumeFlags {
  inDoubt?: Decision["became"];
  keys?: string;
  yes?: boolean;
  plan?: boolean;
}

export async function resumeRun(globals: Globals, id: string | undefined, flags: ResumeFlags): CommandResult {
  refuseUseless(globals, flags);
  const decision = readDecision(flags);
  const found = findRun(globals, id);
  if (found === undefined) {
    printNotice("nothing to resume");
    return exitCode.done;
  }
  if (flags.plan === true) return (await import("./forecast-resume.ts")).tellResume(globals, found);
  try {
    return await goOn(globals, found, decision, flags);
  } catch (error) {
    const { tellUnstarted } = await import("./notify.ts");
    await tellUnstarted(globals, { file: found.run.jobFile, error, isRehearsal: found.inSandbox });
    printUnstarted(globals, found.run.job, { error, next: `loadline show ${found.run.id}` });
    throw error;
  }
}

async function goOn(
  globals: Globals,
  { run, inSandbox }: FoundRun,
  decision: Decision | undefined,
  flags: ResumeFlags,
): CommandResult {
  await using project = await openProject(globals, inSandbox ? {} : undefined);
  refuseChangedJob(run, keptJobFile(project.stateFolder, run));
  const job = {
    ...readProjectJob(keptJobFile(project.stateFolder, run), project.connections, run.jobFile),
    file: run.jobFile,
  };
  using lock = await lockOrSkip({ job, stateFolder: project.stateFolder, signal: globals.signal });
  if (lock === undefined) return exitCode.done;
  // Between the first look and the lock another process may have come to its end.
  if (!isOpen(project.stateFolder, run)) {
    printNotice("nothing to resume");
    return exitCode.done;
  }
  const request: RunRequest = {
    job,
    connections: project.connections,
    environment: project.environment,
    stateFolder: project.stateFolder,
    command: run.command,
    options: run.options,
    emit: () => undefined,
    signal: globals.signal,
    resume: run,
    ...(decision === undefined ? {} : { decision }),
    ...confirmationOf(globals, project, { run, job }, flags),
  };
  const ended = await execute(globals, request, false);
  return ended.summary.exitCode;
}

/** Of a run that was killed before it loaded anything: what was not agreed to as it began is agreed to now. */
function confirmationOf(
  globals: Globals,
  project: OpenProject,
  { run, job }: { run: RunRecord; job: Job },
  flags: ResumeFlags,
): Pick<RunRequest, "confirm"> {
  const guarded = findProtected(project, job);
  if (guarded === undefined || run.options.yes === true || flags.yes === true) return {};
  if (mayAsk()) return { confirm: confirmBy(globals, guarded, job) };
  return { confirm: () => Promise.reject(refuseUnasked(guarded, job)) };
}

function readDecision({ inDoubt, keys }: ResumeFlags): Decision | undefined {
  if (inDoubt !== undefined) return { became: inDoubt, ...(keys === undefined ? {} : { keys: readKeysFile(keys) }) };
  if (keys === undefined) return undefined;
  throw usageFailure("--keys names the rows of a decision, and none is given", {
    next: "add --in-doubt landed or --in-doubt not-landed",
  });
}

/** A look writes nothing, so there is nothing to decide, to agree to or to measure. */
function refuseUseless({ metrics }: Globals, { plan, inDoubt, keys, yes }: ResumeFlags): void {
  if (plan !== true) return;
  const given = { "--in-doubt": inDoubt, "--keys": keys, "--yes": yes, "--metrics": metrics };
  const [wrong] = Object.entries(given).find(([, value]) => value !== undefined) ?? [];
  if (wrong === undefined) return;
  throw usageFailure(`--plan only tells what resume would do, and ${wrong} is for doing it`, {
    next: "leave one of them out",
  });
}

interface FoundRun {
  run: RunRecord;
  stateFolder: string;
  isOpen: boolean;
  inSandbox: boolean;
}

function findRun(globals: Globals, id: string | undefined): FoundRun | undefined {
  const project = findProject(globals);
  const candidates = [
    { folder: project.stateFolder, inSandbox: false },
    { folder: sandboxState(project), inSandbox: true },
  ].flatMap(({ folder, inSandbox }) => {
    if (!Ledger.exists(folder)) return [];
    using ledger = Ledger.open(folder);
    const run = id === undefined ? findUnfinished(ledger)?.run : ledger.run(id);
    return run === undefined ? [] : [{ run, stateFolder: folder, isOpen: isResumable(ledger, run), inSandbox }];
  });
  const [newest] = candidates.sort((left, right) => right.run.started.localeCompare(left.run.started));
  if (id === undefined) return newest;
  if (newest === undefined) throw usageFailure(`there is no run ${id}`, { next: "loadline runs" });
  if (newest.run.command === "plan") throw usageFailure(`${id} is a plan: it has nothing to resume`);
  return newest.isOpen ? newest : undefined;
}

function isOpen(stateFolder: string, { id }: RunRecord): boolean {
  using ledger = Ledger.open(stateFolder);
  const run = ledger.run(id);
  return run !== undefined && isResumable(ledger, run);
}
