// loadline resume --plan: what resume would do, and nothing of it.

import { dirname } from "node:path";
import { Ledger, type RunRecord } from "../checkpoint/ledger.ts";
import { holderOf, LockHeld } from "../checkpoint/lock.ts";
import { exitCode } from "../core/exit-code.ts";
import { readJob } from "../job/read-job.ts";
import { forecastResume } from "../pipeline/runs/forecast-resume.ts";
import { keptJobFile, tellRun } from "../pipeline/runs/recovery.ts";
import { jobLockName, refuseChangedCopy } from "../pipeline/runs/runs.ts";
import { lookOfOut, printOut } from "../report/output.ts";
import { forecastJson, type ResumeForecast, renderForecast } from "../report/resume-forecast.ts";
import { refuseChangedJob } from "./changed-job.ts";
import type { CommandResult, Globals } from "./globals.ts";

interface Unfinished {
  run: RunRecord;
  stateFolder: string;
  inSandbox: boolean;
}

export async function tellResume(globals: Globals, { run, stateFolder, inSandbox }: Unfinished): CommandResult {
  const { status } = tellRun(stateFolder, run);
  const name = jobLockName(run.job);
  if (status === "running") throw new LockHeld(`job ${run.job}`, holderOf({ stateFolder, name }));
  const kept = keptJobFile(stateFolder, run);
  refuseChangedCopy(run, kept);
  refuseChangedJob(run, kept);
  using ledger = Ledger.open(stateFolder);
  const told = await forecastResume(ledger, stateFolder, run, readJob(kept, dirname(run.jobFile)));
  const isDoubtful = told.streams.some(({ inDoubt }) => inDoubt > 0);
  const forecast: ResumeForecast = {
    run: run.id,
    job: run.job,
    jobFile: run.jobFile,
    command: run.command,
    status,
    started: run.started,
    sandbox: inSandbox,
    ...told,
    exitCode: isDoubtful ? exitCode.inDoubt : exitCode.done,
    next: isDoubtful ? `loadline show ${run.id}` : `loadline resume ${run.id}`,
  };
  printOut(globals.json ? forecastJson(forecast) : renderForecast(forecast, lookOfOut(globals.color)));
  return isDoubtful ? exitCode.inDoubt : exitCode.done;
}
