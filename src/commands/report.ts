// loadline report: one run as an HTML page.

import { existsSync } from "node:fs";
import { dirname } from "node:path";
import { showPath, usageFailure } from "../core/errors.ts";
import { exitCode } from "../core/exit-code.ts";
import { readJob } from "../job/read-job.ts";
import { keptJobFile } from "../pipeline/runs/recovery.ts";
import { refuseChangedCopy } from "../pipeline/runs/runs.ts";
import { reportRun } from "../pipeline/tools/write-report.ts";
import type { WrittenPage } from "../report/html/write-page.ts";
import { printNotice, printOut } from "../report/output.ts";
import type { EndOfRun } from "./end-of-run.ts";
import { findRun, type KeptRun } from "./find-run.ts";
import type { CommandResult, Globals } from "./globals.ts";
import { outFile } from "./out-file.ts";
import { findProject } from "./project.ts";

export interface ReportFlags {
  out?: string;
}

export async function writeRunReport(globals: Globals, named: string, flags: ReportFlags): CommandResult {
  const run = findRun(findProject(globals), named, undefined);
  const { stateFolder, sandbox } = run;
  const out = flags.out === undefined ? {} : { out: outFile(flags.out) };
  const written = await reportRun({ stateFolder, run: run.id, job: readKeptJob(run), sandbox, ...out });
  if (globals.json) printOut(JSON.stringify(reportJson(run.id, written)));
  else printOut(showPath(written.path));
  return exitCode.done;
}

/** What the job says of redaction and keys is what it said then. */
function readKeptJob(run: KeptRun) {
  const kept = keptJobFile(run.stateFolder, run);
  if (!existsSync(kept)) {
    throw usageFailure(`the folder of run ${run.id} is gone`, {
      why: "run folders are deleted after keep.runs of the job, by default 14 days",
      next: `loadline show ${run.id} tells what is left of it`,
    });
  }
  refuseChangedCopy(run, kept);
  return readJob(kept, dirname(run.jobFile));
}

function reportJson(run: string, { path, bytes, changes, leftOut }: WrittenPage) {
  return { run, report: path, bytes, changes, leftOut, exitCode: exitCode.done };
}

/** At the end of a run whose job says `report: true`. */
export async function reportEndedRun({ globals, request, ended }: EndOfRun): Promise<void> {
  const { summary } = ended;
  if (summary.run === null) return;
  const { job, stateFolder, options } = request;
  const { path } = await reportRun({ stateFolder, run: summary.run, job, sandbox: options.sandbox === true });
  const line = `Report: ${showPath(path)}`;
  if (globals.json) printNotice(line);
  else printOut(line);
}
