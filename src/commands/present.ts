// What a command shows of a run: JSON on stdout for machines, text for people.

import { explain } from "../core/errors.ts";
import type { Job } from "../job/job.ts";
import type { EndedRun } from "../pipeline/runs.ts";
import type { Emit } from "../report/events.ts";
import { printError, printOut } from "../report/output.ts";
import type { Globals } from "./globals.ts";

export interface Progress {
  consume: Emit;
  stop(): void;
}

export async function startProgress(_globals: Globals): Promise<Progress> {
  return { consume: () => undefined, stop: () => undefined };
}

export async function presentRun(globals: Globals, _job: Job, ended: EndedRun, recovering: boolean): Promise<void> {
  if (globals.json && !recovering) printOut(JSON.stringify(ended.summary));
  else printError(JSON.stringify(ended.summary, null, 1));
  if (ended.error !== undefined)
    printError(globals.verbose && ended.error instanceof Error ? (ended.error.stack ?? "") : explain(ended.error));
}
