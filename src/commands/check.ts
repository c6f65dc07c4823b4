// loadline check: everything that can be known to be wrong before a row is read.

import { exitCodeOf, explain } from "../core/errors.ts";
import { type ExitCode, exitCode, worstExitCode } from "../core/exit-code.ts";
import type { Environment, Job } from "../job/job.ts";
import { type CheckedJob, checkJob } from "../pipeline/tools/check-job.ts";
import { chosenLog, printFailure, printOut } from "../report/output.ts";
import type { CommandResult, Globals } from "./globals.ts";
import { refuseNamesakes, tellNamesakes } from "./namesakes.ts";
import { openProject, readProjectJob, rehearsalOf } from "./project.ts";

export async function checkJobs(
  globals: Globals,
  files: string[],
  flags: { sandbox?: boolean; schema?: string },
): CommandResult {
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
