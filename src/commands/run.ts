// loadline run, plan: each job in turn.

import type { Recipients } from "../checkpoint/carry/plan-seal.ts";
import type { RetryOptions } from "../checkpoint/ledger.ts";
import { exitCodeOf } from "../core/errors.ts";
import { type ExitCode, exitCode, worstExitCode } from "../core/exit-code.ts";
import type { Job } from "../job/job.ts";
import type { EndedRun, RunRequest } from "../pipeline/runs/runs.ts";
import { tellWaiting } from "../pipeline/runs/waiting.ts";
import { type ChosenForm, isPrinted } from "../report/plan-form.ts";
import { execute } from "./execute.ts";
import type { KeptRun } from "./find-run.ts";
import type { CommandResult, Globals } from "./globals.ts";
import { lockOrSkip } from "./lock.ts";
import { refuseNamesakes, tellNamesakes } from "./namesakes.ts";
import { planInCommand } from "./out-file.ts";
import { presentUnstarted } from "./present.ts";
import { makeStateFolder, type OpenProject, openProject, readProjectJob, rehearsalOf } from "./project.ts";
import { type Confirm, confirmBy, findProtected, mayAsk, refuseUnasked } from "./protected.ts";
import { isOver, recoverFirst } from "./recover.ts";
import { optionsOf, type RunFlags, refuseUseless } from "./run-options.ts";

export async function runJobs(
  globals: Globals,
  files: string[],
  flags: RunFlags,
  command: "plan" | "run",
): CommandResult {
  const tellUnbegun = async (file: string, error: unknown) => {
    if (command === "plan") return;
    await (await import("./notify.ts")).tellUnstarted(globals, { file, error, isRehearsal: flags.sandbox === true });
  };
  let form: ChosenForm | undefined;
  let recipients: Recipients | undefined;
  const open = async () => {
    refuseUseless(globals, flags, command);
    refuseNamesakes(files);
    if (flags.out !== undefined) (await import("./plan-file.ts")).refuseOut(files, flags.out);
    if (flags.encryptTo !== undefined) recipients = await (await import("./plan-file.ts")).chooseRecipients(flags);
    form = await chosenForm(globals, files, flags, command);
    return openProject(globals, rehearsalOf(flags));
  };
  await using project = await open().catch(async (error: unknown) => {
    for (const file of files) await tellUnbegun(file, error);
    throw error;
  });
  makeStateFolder(project.folder);
  const codes: ExitCode[] = [];
  const isFormPrinted = form !== undefined && isPrinted(form);
  const shown = { ...globals, ...(flags.all === true ? { all: true } : {}), isFormPrinted };
  for (const file of files) {
    try {
      codes.push(await runFile(shown, project, file, { flags, command, form, recipients }));
    } catch (error) {
      presentUnstarted(globals, file, error);
      await tellUnbegun(file, error);
      codes.push(exitCodeOf(error));
    }
    if (globals.signal.aborted) break;
  }
  return worstExitCode(codes);
}

interface Asked {
  flags: RunFlags;
  command: "plan" | "run";
  form: ChosenForm | undefined;
  recipients: Recipients | undefined;
}

/** Throws a Failure (2) for what can't be. */
async function chosenForm(
  globals: Globals,
  files: readonly string[],
  flags: RunFlags,
  command: Asked["command"],
): Promise<ChosenForm | undefined> {
  if (flags.format === undefined && flags.formatOut === undefined) return undefined;
  const { chooseForm, refuseForm } = await import("./plan-forms.ts");
  refuseForm(files, { isLoad: command === "run", all: flags.all === true });
  return chooseForm(globals, flags, flags.out);
}

async function runFile(
  globals: Globals,
  project: OpenProject,
  file: string,
  { flags, command, form, recipients }: Asked,
): CommandResult {
  const job = readProjectJob(file, project.connections);
  const options = optionsOf(job, flags);
  if (flags.out !== undefined) (await import("./plan-file.ts")).refuseTwin(job);
  tellNamesakes(file, job.name);
  const request = { ...requestFor(globals, project, job, command), options };
  // A dry run writes to no target, so it may look on while the job runs.
  if (command === "plan") {
    const waiting = tellWaiting(project.stateFolder, job);
    const planFile = flags.out === undefined ? {} : { planFile: planInCommand(flags.out, recipients) };
    const ended = await execute(globals, { ...request, waiting, ...planFile }, false);
    if (flags.out !== undefined) await (await import("./plan-file.ts")).keepPlan(project, ended, flags.out, recipients);
    if (form !== undefined) await (await import("./plan-forms.ts")).printPlanned(globals, project, ended, form);
    return codeOf(ended, flags);
  }
  return loadJob(globals, project, request, flags);
}

async function loadJob(globals: Globals, project: OpenProject, request: RunRequest, flags: RunFlags): CommandResult {
  const { job } = request;
  const confirm = confirmationOf(globals, project, job, flags);
  using lock = await lockOrSkip(request);
  if (lock === undefined) return exitCode.done;
  const recovered = await recoverFirst(globals, project, request);
  if (recovered !== undefined && !isOver(recovered)) return recovered.summary.exitCode;
  const ended = await execute(globals, confirm === undefined ? request : { ...request, confirm }, false);
  return worstExitCode([recovered?.summary.exitCode ?? exitCode.done, codeOf(ended, flags)]);
}

interface Again {
  streams: string[];
  retry: RetryOptions;
  yes: boolean;
}

/** Loads rows that a run did not load, by the job as it is now, through plan, guards and checkpoint. */
export async function runAgain(globals: Globals, run: KeptRun, { streams, retry, yes }: Again): CommandResult {
  await using project = await openProject(globals, run.sandbox ? {} : undefined);
  const job = readProjectJob(run.jobFile, project.connections);
  const options = { streams, retry, ...(yes ? { yes } : {}), ...(run.sandbox ? { sandbox: true } : {}) };
  // Awaited here: the sandbox of a rehearsal ends with this function.
  return await loadJob(globals, project, { ...requestFor(globals, project, job, "run"), options }, { yes });
}

function codeOf(ended: EndedRun, flags: RunFlags): ExitCode {
  return flags.detailedExitcode === true ? detailedExitCode(ended) : ended.summary.exitCode;
}

/** Undefined where nothing is to be asked. Throws a Failure (4) where it should be, and nobody is there. */
function confirmationOf(globals: Globals, project: OpenProject, job: Job, flags: RunFlags): Confirm | undefined {
  const guarded = flags.yes === true ? undefined : findProtected(project, job);
  if (guarded === undefined) return undefined;
  if (!mayAsk()) throw refuseUnasked(guarded, job);
  return confirmBy(globals, guarded, job);
}

function requestFor(globals: Globals, project: OpenProject, job: Job, command: "plan" | "run"): RunRequest {
  return {
    job,
    command,
    connections: project.connections,
    environment: project.environment,
    stateFolder: project.stateFolder,
    options: {},
    emit: () => undefined,
    signal: globals.signal,
  };
}

/** 10 for a plan that has changes. */
function detailedExitCode({ summary }: EndedRun): ExitCode {
  if (summary.exitCode !== exitCode.done) return summary.exitCode;
  const changes = Object.values(summary.streams).some(
    ({ creates, updates, deletes, mirrorDeletes }) => creates + updates + deletes + mirrorDeletes > 0,
  );
  return changes ? exitCode.changes : exitCode.done;
}
