// loadline show <file>: a plan that `plan --out` wrote, without the run folder that it was made in. In: the file. Out: the
// plan as `plan` prints it, its approvals, and whether it was applied. Must hold: nothing is written but a folder that goes
// again; what the job redacts is hidden here too.

import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join, resolve } from "node:path";
import { type OpenPlanFile, openPlanFile } from "../checkpoint/carry/plan-file.ts";
import { showPath } from "../core/errors.ts";
import { exitCode } from "../core/exit-code.ts";
import { noCounts } from "../core/model.ts";
import type { Job } from "../job/job.ts";
import { readJob } from "../job/read-job.ts";
import { readPlan } from "../pipeline/tools/read-plan.ts";
import { lookOfOut, printOut } from "../report/output.ts";
import { renderPlan } from "../report/plan-view.ts";
import type { RunSummary } from "../report/summary.ts";
import { visible } from "../report/visible-text.ts";
import type { CommandResult, Globals } from "./globals.ts";
import { findProjectIfAny } from "./project.ts";
import { printChanges, streamsNamed } from "./show-changes.ts";

interface PlanFileFlags {
  changes?: boolean;
  stream?: string;
  csv?: boolean;
}

export async function showPlanFile(globals: Globals, named: string, flags: PlanFileFlags): CommandResult {
  const file = resolve(named);
  const folder = mkdtempSync(join(tmpdir(), "loadline-plan-"));
  try {
    using opened = openPlanFile(file, () => ({ folder, project: findProjectIfAny(globals).project.folder }));
    opened.unpack(folder);
    const { run, streams } = opened.plan;
    const job = readJob(join(folder, "job.yaml"), dirname(run.jobFile));
    if (flags.changes === true) {
      const form = globals.json ? "json" : flags.csv === true ? "csv" : "text";
      const all = streams.map(({ stream }) => stream);
      await printChanges(globals, { job, folder, records: streamsNamed(run.id, all, flags.stream), form });
      return exitCode.done;
    }
    printOut(globals.json ? JSON.stringify(asJson(opened)) : await asText(globals, { opened, job, folder, file }));
    return exitCode.done;
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

function summaryOf({ plan: { run } }: OpenPlanFile): Partial<RunSummary> {
  return JSON.parse(run.summary ?? "{}") as Partial<RunSummary>;
}

/** The summary of the plan, with who approved it and which run has written it. */
function asJson(opened: OpenPlanFile): object {
  const approvals = opened.approvals.map(({ plan: _plan, number: _number, planHash: hash, ...told }) => ({
    ...told,
    hash,
  }));
  return { ...summaryOf(opened), approvals, applied: opened.claim ?? null };
}

interface ShownPlan {
  opened: OpenPlanFile;
  job: Job;
  folder: string;
  file: string;
}

async function asText(globals: Globals, { opened, job, folder, file }: ShownPlan): Promise<string> {
  const { run, streams } = opened.plan;
  const { stops = [], forecast } = summaryOf(opened);
  const next = `loadline ${opened.approvals.length === 0 ? "approve" : "apply"} ${showPath(file)}`;
  const report = await readPlan({
    job,
    run: run.id,
    next,
    folder,
    waiting: [],
    warnings: new Map(),
    outcome: {
      status: "planned",
      streams: streams.map(({ stream }) => ({ record: stream, counts: stream.counts ?? noCounts() })),
      objections: [...stops],
      ...(forecast === undefined ? {} : { forecasts: [...forecast] }),
    },
  });
  const told = [
    `made ${run.started}`,
    ...opened.approvals.map(({ by, at, note, guards }) => {
      const passes = guards.length === 0 ? "" : `, passing ${guards.join(", ")}`;
      return `approved by ${by} at ${at}${passes}${note === null ? "" : `: ${note}`}`;
    }),
    ...(opened.claim === undefined ? [] : [`applied by run ${opened.claim.run} at ${opened.claim.at}`]),
  ];
  return [renderPlan(report, lookOfOut(globals.color)), "", ...told.map(visible)].join("\n");
}
