// The unfinished run of a job, which goes before whatever loads it next.

import { recoverRun } from "../pipeline/runs/recovery.ts";
import type { EndedRun, RunRequest } from "../pipeline/runs/runs.ts";
import { execute } from "./execute.ts";
import type { Globals } from "./globals.ts";
import { type OpenProject, readProjectJob } from "./project.ts";

/** `isAskedFor`: the unfinished run is the very one that was asked for. The caller holds the job's lock. */
export function recoverFirst(
  globals: Globals,
  { connections }: Pick<OpenProject, "connections">,
  request: RunRequest,
  isAskedFor: (one: RunRequest) => boolean = () => false,
): Promise<EndedRun | undefined> {
  return recoverRun({
    request,
    readKept: (kept, original) => readProjectJob(kept, connections, original),
    execute: (one) => execute(globals, one, !isAskedFor(one)),
  });
}

/** Whether its rows are all settled: until then a fresh plan could write them again. */
export function isOver({ summary }: EndedRun): boolean {
  return summary.status === "loaded" || summary.status === "partial";
}
