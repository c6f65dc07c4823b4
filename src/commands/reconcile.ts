// loadline reconcile: source and target of a job compared in full. In: jobs. Out: what differs; with `--repair` that written,
// as far as the job's mode may. Must hold: without `--repair` nothing is written; with it as a run writes, guarded and locked.

import type { ReconcileOptions, SampleOptions } from "../checkpoint/ledger.ts";
import { exitCodeOf, usageFailure } from "../core/errors.ts";
import { type ExitCode, exitCode, worstExitCode } from "../core/exit-code.ts";
import { withGivenFlags } from "../core/next-command.ts";
import { readFirstDrift } from "../pipeline/reconcile/drift-files.ts";
import { listLeftOut } from "../pipeline/reconcile/reconciled-job.ts";
import type { EndedRun, RunRequest } from "../pipeline/runs/runs.ts";
import { driftJson, renderDrift } from "../report/drift-view.ts";
import { lookOfOut, printNotice, printOut } from "../report/output.ts";
import { execute } from "./execute.ts";
import type { CommandResult, Globals } from "./globals.ts";
import { lockOrSkip } from "./lock.ts";
import { refuseNamesakes, tellNamesakes } from "./namesakes.ts";
import { presentUnstarted } from "./present.ts";
import { makeStateFolder, type OpenProject, openProject, readProjectJob, rehearsalOf } from "./project.ts";
import { confirmBy, findProtected, mayAsk, refuseUnasked } from "./protected.ts";
import { isOver, recoverFirst } from "./recover.ts";
import { readStreams } from "./run-options.ts";

export interface ReconcileFlags {
  repair?: boolean;
  yes?: boolean;
  sample?: string;
  streams?: string;
  sandbox?: boolean;
  schema?: string;
}

export async function reconcileJobs(globals: Globals, files: string[], flags: ReconcileFlags): CommandResult {
  const options = readOptions(flags);
  refuseNamesakes(files);
  await using project = await openProject(globals, rehearsalOf(flags));
  makeStateFolder(project.folder);
  const codes: ExitCode[] = [];
  for (const file of files) {
    try {
      codes.push(await reconcileFile(globals, project, { file, flags, options }));
    } catch (error) {
      presentUnstarted(globals, file, error);
      codes.push(exitCodeOf(error));
    }
    if (globals.signal.aborted) break;
  }
  return worstExitCode(codes);
}

/** Throws a Failure (2). */
function readOptions({ repair, yes, sample }: ReconcileFlags): ReconcileOptions {
  if (yes === true && repair !== true)
    throw usageFailure("--yes lets a repair write, and none is asked for", {
      next: "add --repair, or leave --yes out",
    });
  if (sample === undefined) return repair === true ? { repair } : {};
  if (repair === true)
    throw usageFailure("--sample looks at a part, and --repair loads all that differs", {
      next: "leave one of the two out",
    });
  return { sample: readSample(sample) };
}

/** "5%", "0.05" or "1000". Throws a Failure (2). */
function readSample(text: string): SampleOptions {
  const [, number = "", percent] = /^(\d+(?:\.\d+)?)(%?)$/.exec(text.trim()) ?? [];
  const value = Number(number);
  if (percent === "%" && value > 0 && value <= 100) return { share: value / 100 };
  if (percent === "" && number.includes(".") && value > 0 && value <= 1) return { share: value };
  if (percent === "" && Number.isSafeInteger(value) && value > 0) return { rows: value };
  throw usageFailure(`--sample ${text} is no part of the keys`, {
    next: "a share (5%, 0.05), or about how many keys (1000)",
  });
}

interface Asked {
  file: string;
  flags: ReconcileFlags;
  options: ReconcileOptions;
}

async function reconcileFile(globals: Globals, project: OpenProject, { file, flags, options }: Asked): CommandResult {
  const job = readProjectJob(file, project.connections);
  const streams = readStreams(job, flags.streams);
  for (const { name, why } of listLeftOut(job, streams)) printNotice(`! ${name} is not compared: ${why}`);
  tellNamesakes(file, job.name);
  const request: RunRequest = {
    job,
    connections: project.connections,
    environment: project.environment,
    stateFolder: project.stateFolder,
    command: options.repair === true ? "run" : "plan",
    options: {
      reconcile: options,
      ...(streams === undefined ? {} : { streams }),
      ...(flags.yes === true ? { yes: true } : {}),
      ...(flags.sandbox === true ? { sandbox: true } : {}),
    },
    emit: () => undefined,
    signal: globals.signal,
  };
  if (options.repair !== true) return present(globals, await executeQuietly(globals, request), false);
  return repair(globals, project, request);
}

async function repair(globals: Globals, project: OpenProject, request: RunRequest): CommandResult {
  const { job, options } = request;
  const guarded = options.yes === true ? undefined : findProtected(project, job);
  if (guarded !== undefined && !mayAsk()) throw refuseUnasked(guarded, job);
  using lock = await lockOrSkip(request);
  if (lock === undefined) return exitCode.done;
  const recovered = await recoverFirst(globals, project, request);
  if (recovered !== undefined && !isOver(recovered)) return recovered.summary.exitCode;
  const confirm = guarded === undefined ? {} : { confirm: confirmBy(globals, guarded, job) };
  const code = present(globals, await executeQuietly(globals, { ...request, ...confirm }), true);
  // Drift that the recovered run has left was looked for anew.
  const before = recovered?.summary.exitCode === exitCode.changes ? exitCode.done : recovered?.summary.exitCode;
  return worstExitCode([before ?? exitCode.done, code]);
}

/** What a pass has found is told in a form of its own. */
function executeQuietly(globals: Globals, request: RunRequest): Promise<EndedRun> {
  return execute({ ...globals, isFormPrinted: true }, request, false);
}

function present(globals: Globals, { summary, folder, error }: EndedRun, isRepair: boolean): ExitCode {
  const told = { ...summary, next: withGivenFlags(summary.next) };
  const first = (stream: string) => readFirstDrift(folder, stream);
  const report = { summary: told, folder, error, isRepair, first };
  printOut(globals.json ? driftJson(told) : renderDrift(report, lookOfOut(globals.color)));
  return summary.exitCode;
}
