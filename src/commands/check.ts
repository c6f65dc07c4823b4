// loadline check: everything that can be known to be wrong before a row is read.

import { join } from "node:path";
import { exitCodeOf, explain } from "../core/errors.ts";
import { type ExitCode, exitCode, worstExitCode } from "../core/exit-code.ts";
import type { Environment, Job } from "../job/job.ts";
import { type CheckedJob, checkJob } from "../pipeline/tools/check-job.ts";
import { chosenLog, printFailure, printOut } from "../report/output.ts";
import type { CommandResult, Globals } from "./globals.ts";
import { refuseNamesakes, tellNamesakes } from "./namesakes.ts";
import { findProject, openProject, readProjectJob, rehearsalOf } from "./project.ts";
import { watchFiles } from "./watch.ts";

export interface CheckFlags {
  sandbox?: boolean;
  schema?: string;
  watch?: boolean;
}

export async function checkJobs(globals: Globals, files: string[], flags: CheckFlags): CommandResult {
  if (flags.watch !== true) return checkOnce(globals, files, flags);
  const { folder } = findProject(globals);
  const read = [...files, join(folder, "connections.yaml"), ...(flags.schema === undefined ? [] : [flags.schema])];
  // What is wrong with connections.yaml itself is told, and looked at again like the rest.
  return watchFiles(globals, read, () =>
    checkOnce(globals, files, flags).catch((error: unknown) => {
      if (globals.signal.aborted) throw error;
      printFailure(error);
    }),
  );
}

async function checkOnce(globals: Globals, files: string[], flags: CheckFlags): CommandResult {
  refuseNamesakes(files);
  await using project = await openProject(globals, rehearsalOf(flags));
  const codes: ExitCode[] = [];
  for (const file of files) {
    try {
      const job = readProjectJob(file, project.connections);
      tellNamesakes(file, job.name);
      const checked = await checkJob({ ...project, job, signal: globals.signal });
      show(globals, file, await withListeners(checked, job, project.environment));
      codes.push(exitCode.done);
    } catch (error) {
      if (globals.json)
        printOut(JSON.stringify({ job: file, ok: false, problem: explain(error), exitCode: exitCodeOf(error) }));
      if (!globals.json || chosenLog().isJson) printFailure(error);
      codes.push(exitCodeOf(error));
    }
  }
  return worstExitCode(codes);
}

async function withListeners(checked: CheckedJob, job: Job, environment: Environment): Promise<CheckedJob> {
  if (job.notify.length === 0 && job.ping === undefined) return checked;
  const { describeListeners } = await import("../notify/describe-listeners.ts");
  const listeners = describeListeners(job, environment);
  return {
    ...checked,
    checked: [...checked.checked, ...listeners.checked],
    warnings: [...checked.warnings, ...listeners.warnings],
  };
}

function show(globals: Globals, file: string, checked: CheckedJob): void {
  if (globals.json) {
    printOut(JSON.stringify({ job: file, ok: true, ...checked, exitCode: exitCode.done }));
    return;
  }
  printOut(`${file}: ok`);
  for (const line of checked.checked) printOut(`  ${line}`);
  for (const line of checked.warnings) printOut(`  warning: ${line}`);
  for (const line of checked.notChecked) printOut(`  not checked: ${line}`);
}
