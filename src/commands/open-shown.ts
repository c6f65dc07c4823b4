// The plan of a run of this project, to be shown. In: the run. Out: its plan, with the streams that are asked for. What must
// hold: what is shown is what the run has written, by the job as it was then.

import { dirname } from "node:path";
import { Ledger, type StreamRecord } from "../checkpoint/ledger.ts";
import { usageFailure } from "../core/errors.ts";
import { readJob } from "../job/read-job.ts";
import { runFolder } from "../pipeline/run/run-files.ts";
import { keptJobFile } from "../pipeline/runs/recovery.ts";
import { refuseChangedCopy } from "../pipeline/runs/runs.ts";
import { refuseDeleted } from "../pipeline/tools/list-changes.ts";
import type { ShownPlan } from "../pipeline/tools/shown-plan.ts";
import type { KeptRun } from "./find-run.ts";

/** Throws a Failure where the run's folder is gone, its job was changed, or it has no such stream. */
export function openShown(run: KeptRun, stream?: string): ShownPlan {
  const { stateFolder, id } = run;
  const folder = runFolder(stateFolder, id);
  refuseDeleted(id, folder);
  const kept = keptJobFile(stateFolder, run);
  refuseChangedCopy(run, kept);
  const job = readJob(kept, dirname(run.jobFile));
  using ledger = Ledger.open(stateFolder);
  const streams = streamsNamed(id, ledger.streams(id), stream);
  const shown = { job, run, folder, streams, batches: ledger.batches(id), named: id, isOfFile: false };
  return { ...shown, passed: ledger.approvals(id).flatMap(({ guards }) => guards) };
}

/** All of them, or the one that is named. Throws a Failure (2) where it is none of them. */
export function streamsNamed(
  run: string,
  streams: readonly StreamRecord[],
  stream: string | undefined,
): StreamRecord[] {
  const found = streams.filter(({ name }) => stream === undefined || name === stream);
  if (stream === undefined || found.length > 0) return found;
  throw usageFailure(`run ${run} has no stream ${stream}`, {
    next: `streams: ${streams.map(({ name }) => name).join(", ") || "none"}`,
  });
}
