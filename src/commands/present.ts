// What a command shows of a run: JSON on stdout for machines, text for people.

import { exitCodeOf, explain } from "../core/errors.ts";
import type { Job } from "../job/job.ts";
import type { EndedRun } from "../pipeline/runs.ts";
import type { Emit } from "../report/events.ts";
import { printError, printOut } from "../report/output.ts";
import type { RunSummary } from "../report/summary.ts";
import type { Globals } from "./globals.ts";

export interface Progress {
  consume: Emit;
  stop(): void;
}

export async function startProgress(_globals: Globals): Promise<Progress> {
  return { consume: () => undefined, stop: () => undefined };
}

/** A job that could not begin: its file is wrong, its lock is held, its connection is missing. */
export function presentUnstarted(globals: Globals, file: string, error: unknown): void {
  if (globals.json) {
    const summary: RunSummary = {
      run: null,
      job: file,
      status: "failed",
      streams: {},
      apiCalls: {},
      seconds: 0,
      exitCode: exitCodeOf(error),
      next: `loadline check ${file}`,
      error: explain(error),
    };
    printOut(JSON.stringify(summary));
  }
  printError(explain(error));
}

export async function presentRun(globals: Globals, _job: Job, ended: EndedRun, recovering: boolean): Promise<void> {
  if (globals.json && !recovering) printOut(JSON.stringify(ended.summary));
  else printError(JSON.stringify(ended.summary, null, 1));
  if (ended.error !== undefined)
    printError(globals.verbose && ended.error instanceof Error ? (ended.error.stack ?? "") : explain(ended.error));
}
