// Whether the job of a run is still the one that it began with. In: the run, where its own copy is. Out: nothing, or a
// Failure (2) that says what changed, and where the old file is.

import { readFileSync } from "node:fs";
import type { RunRecord } from "../checkpoint/ledger.ts";
import { Failure, pathInCommand } from "../core/errors.ts";
import { exitCode } from "../core/exit-code.ts";
import { sha256Of } from "../core/files.ts";
import type { Job } from "../job/job.ts";
import { lookupsOf } from "../job/lookup.ts";
import { readJob } from "../job/read-job.ts";

export function refuseChangedJob(run: RunRecord, kept: string): void {
  // Of a rollback the job is the one that the run has kept which it takes back.
  if (run.options.rollback !== undefined) return;
  let job: Job;
  try {
    job = readJob(run.jobFile);
  } catch (error) {
    throw new Failure(exitCode.usage, `the job file of run ${run.id} can't be read any more`, {
      where: { file: run.jobFile },
      why: error instanceof Error ? error.message : String(error),
      next: `put it back: it is kept as ${kept}`,
    });
  }
  if (job.hash === run.jobHash) return;
  if (run.jobSha256 === sha256Of(readFileSync(run.jobFile))) throw changedReference(run, job);
  throw new Failure(exitCode.usage, `the job file changed since run ${run.id} began`, {
    where: { file: run.jobFile },
    why: "a resumed run goes on by the same job or not at all",
    next: `put the old file back (kept as ${kept}), or start anew: loadline run ${pathInCommand(run.jobFile)}`,
  });
}

/** The job file says what it said: another file that belongs to the job is another one. */
function changedReference(run: RunRecord, { streams }: Job): Failure {
  const looked = streams.flatMap(lookupsOf).flatMap((lookup) => (lookup.in.kind === "file" ? lookup.in.name : []));
  const names = [...new Set(looked)].join(", ");
  return new Failure(exitCode.usage, `a file that the job looks up changed since run ${run.id} began: ${names}`, {
    where: { file: run.jobFile },
    why: "a resumed run goes on by the same values or not at all",
    next: `put the old file back, or start anew: loadline run ${pathInCommand(run.jobFile)}`,
  });
}
