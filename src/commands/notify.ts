// Who is told of a run beside who asked for it: the notices of its job, a dead man's switch; and loadline notify test.
// In: how a run ended, or why a job could not begin. Out: messages; on stderr who could not be told, and why. Must hold: a
// plan tells nobody, and nothing here changes an exit code of a run.

import { resolve } from "node:path";
import { exitCodeOf, explain, type Failure, showPath } from "../core/errors.ts";
import { type ExitCode, exitCode, worstExitCode } from "../core/exit-code.ts";
import type { Environment, Job } from "../job/job.ts";
import { readJob } from "../job/read-job.ts";
import { readListeners } from "../job/read-listeners.ts";
import type { Ending } from "../notify/message.ts";
import { type Tried, tellEnd, tryReceivers } from "../notify/notify.ts";
import { type Pinging, pingEnd, pingStart } from "../notify/ping.ts";
import type { RunRequest } from "../pipeline/runs/runs.ts";
import { printFailure, printNotice, printOut, printWarning } from "../report/output.ts";
import type { EndOfRun } from "./end-of-run.ts";
import type { CommandResult, Globals } from "./globals.ts";
import { unstartedSummary } from "./present.ts";
import { findProject, findProjectIfAny, readProjectEnvironment } from "./project.ts";

/** Once a person or the system has asked to stop, the program is ended within seconds. */
const stoppedMsMax = 2000;

/** Tells of a start while the run goes on; never rejects. */
export async function tellStart({ job, environment, options }: RunRequest): Promise<void> {
  if (job.ping === undefined) return;
  const isRehearsal = options.sandbox === true;
  warn([await pingStart({ ping: job.ping, environment, file: showPath(job.file), isRehearsal })], null);
}

export async function tellEndOfRun({ globals, request, ended, orgs }: EndOfRun): Promise<void> {
  const { environment, options, resume, command } = request;
  // A service that waits for runs is not told of a look.
  const { ping: _, ...quiet } = request.job;
  const job = command === "plan" ? quiet : request.job;
  const ending: Ending = {
    summary: ended.summary,
    error: ended.error,
    isRecovery: resume !== undefined,
    orgs,
    folder: findProject(globals).folder,
    isRehearsal: options.sandbox === true,
  };
  await tell(globals, job, ending, environment);
}

interface Unstarted {
  file: string;
  error: unknown;
  isRehearsal: boolean;
}

/** A job that could not begin, by what of its file can be read; never rejects. */
export async function tellUnstarted(globals: Globals, { file, error, isRehearsal }: Unstarted): Promise<void> {
  try {
    const job = readListeners(resolve(file));
    if (job === undefined) return;
    const { folder } = findProjectIfAny(globals).project;
    const summary = { ...unstartedSummary(file, error), job: job.name };
    const ending = { summary, error, isRecovery: false, orgs: new Map<string, string>(), folder, isRehearsal };
    await tell(globals, { ...job, file }, ending, environmentOf(globals, folder));
  } catch (met) {
    printWarning(`notify: ${explain(met)}`);
  }
}

/** What keeps a job from beginning may be the file of variables itself. */
function environmentOf(globals: Globals, folder: string): Environment {
  try {
    return readProjectEnvironment(globals, folder);
  } catch {
    return process.env;
  }
}

async function tell(
  globals: Globals,
  { notify, ping, file }: Pick<Job, "notify" | "ping" | "file">,
  ending: Ending,
  environment: Environment,
): Promise<void> {
  const stopped = globals.signal.aborted ? { msMax: stoppedMsMax } : {};
  const how = { environment, file: showPath(file), ...stopped };
  const pinging: Pinging | undefined = ping && { ...how, ping, isRehearsal: ending.isRehearsal };
  const [untold, unpinged] = await Promise.all([
    tellEnd(ending, { ...how, notices: notify }),
    pinging && pingEnd(ending, pinging),
  ]);
  warn([...untold.problems, unpinged], ending.summary.run);
  if (untold.spared.length > 0) printNotice(`not told, for this is a rehearsal: ${untold.spared.join(", ")}`);
}

function warn(problems: readonly (Failure | undefined)[], run: string | null): void {
  for (const problem of problems) if (problem !== undefined) printWarning(explain(problem), run);
}

/** loadline notify test: a message to each receiver of each job. */
export async function testNotices(globals: Globals, files: string[]): CommandResult {
  const { folder } = findProjectIfAny(globals).project;
  const environment = readProjectEnvironment(globals, folder);
  const codes: ExitCode[] = [];
  for (const file of files) {
    try {
      const job = readJob(resolve(file));
      const tried = await tryReceivers(job.name, folder, {
        notices: job.notify,
        environment,
        file: showPath(job.file),
      });
      const code = tried.some(({ ok }) => ok === false) ? exitCode.failed : exitCode.done;
      showTried(globals, job, tried, code);
      codes.push(code);
    } catch (error) {
      const code = exitCodeOf(error);
      if (globals.json) printOut(JSON.stringify({ job: file, ok: false, problem: explain(error), exitCode: code }));
      else printFailure(error, { verbose: globals.verbose });
      codes.push(code);
    }
  }
  return worstExitCode(codes);
}

function showTried(globals: Globals, job: Job, tried: readonly Tried[], code: ExitCode): void {
  if (globals.json) {
    const receivers = tried.map(({ problem, ...told }) => ({ ...told, ...(problem && { problem: explain(problem) }) }));
    printOut(JSON.stringify({ job: job.name, ok: code === exitCode.done, receivers, exitCode: code }));
    return;
  }
  if (tried.length === 0) printOut(`${job.name}: notify names nobody`);
  for (const { kind, receiver, when, ok, answer, problem } of tried) {
    const of = `(${when.join(", ")})`;
    if (problem !== null) printFailure(problem);
    else if (ok === true) printOut(`${job.name}: ${receiver} ${of} was told: ${answer}`);
    else printOut(`${job.name}: ${kind} ${of}: nobody to tell, for its variable is empty`);
  }
  if (job.ping !== undefined) printOut(`${job.name}: ping is not called, for that would count as a run`);
}
