// A plan that was kept, as it is shown in whatever form. In: the ledger with the run folder, or a plan file that was unpacked.
// Out: what the views take. What must hold: it is shown alike wherever it comes from.

import type { BatchRecord, StreamRecord } from "../../checkpoint/ledger.ts";
import { noCounts } from "../../core/model.ts";
import type { Job } from "../../job/job.ts";
import type { PlanReport } from "../../report/plan.ts";
import { type RunOverview, readSummary } from "../../report/run-record.ts";
import { guardOf } from "../apply/kept-plan.ts";
import { readEvents } from "./read-events.ts";
import { readPlan } from "./read-plan.ts";

export interface ShownPlan {
  /** As it was when the plan was made. */
  job: Job;
  run: RunOverview;
  /** With the files of the run. */
  folder: string;
  /** Those that are shown. */
  streams: readonly StreamRecord[];
  batches: readonly BatchRecord[];
  /** As commands name it: the run's id, or its file. */
  named: string;
  /** Whether it came in a file: the folder is a place for now. */
  isOfFile: boolean;
  /** Guards that somebody has let it pass. */
  passed: readonly string[];
}

/** What it would change, with the first changes of each stream. */
export async function reportShown({ job, run, folder, streams, isOfFile, passed }: ShownPlan): Promise<PlanReport> {
  const summary = readSummary(run);
  const planned = streams.filter(({ counts }) => counts !== null);
  const report = await readPlan({
    job,
    run: run.id,
    next: run.next ?? `loadline show ${run.id}`,
    folder,
    waiting: isOfFile ? [] : (summary?.waiting ?? []),
    apiCalls: summary?.apiCalls ?? {},
    warnings: readEvents(folder).warnings,
    outcome: {
      status: "planned",
      streams: planned.map((record) => ({ record, counts: record.counts ?? noCounts() })),
      objections: (summary?.stops ?? []).filter((objection) => !passed.includes(guardOf(objection) ?? "")),
      forecasts: [...(summary?.forecast ?? [])],
    },
  });
  return { ...report, folder: isOfFile ? null : folder };
}
