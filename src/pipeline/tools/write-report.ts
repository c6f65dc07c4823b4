// The HTML report of a run. In: its run folder, its ledger, its job. Out: a file. What must hold: the report is made of
// what is kept, so that it is the same at the run's end and a week later; a value under `redact` is in none of its parts.

import { existsSync, rmSync } from "node:fs";
import { join } from "node:path";
import { Ledger, type StreamRecord } from "../../checkpoint/ledger.ts";
import { now } from "../../core/clock.ts";
import { usageFailure } from "../../core/errors.ts";
import type { StreamCounts } from "../../core/model.ts";
import { type Job, keyOf } from "../../job/job.ts";
import { countLoaded } from "../../pipeline.ts";
import { changesMax } from "../../report/html/embed.ts";
import type { PageChange, PageReason, PageRowFile, PageStream, ReportPage } from "../../report/html/page.ts";
import { type WrittenPage, writeReport } from "../../report/html/write-page.ts";
import { rowFiles } from "../../report/rejects-lines.ts";
import { readSummary } from "../../report/run-record.ts";
import { whyOf } from "../../report/show-view.ts";
import { Engine } from "../../stage/engine.ts";
import { version } from "../../version.ts";
import { resultsPath } from "../batches/batch-files.ts";
import { readFirstDrift } from "../reconcile/drift-files.ts";
import { readReasons } from "../rows/reject-reasons.ts";
import { runFolder, verifyRunFile } from "../run/run-files.ts";
import { tellRun } from "../runs/recovery.ts";
import { type ChangesOf, countChanges, planFile, readChangesOf } from "./read-changes.ts";
import { readEvents } from "./read-events.ts";
import { readStayed } from "./read-stayed.ts";
import { findQuoted } from "./scrub-values.ts";
import type { ShownPlan } from "./shown-plan.ts";

export interface ReportRequest {
  stateFolder: string;
  run: string;
  /** As it was when the run began. */
  job: Job;
  sandbox: boolean;
  /** Where to; by default into the run folder. */
  out?: string;
}

/** Writes it. Throws a Failure (2) where the run's folder is gone. */
export async function reportRun({ stateFolder, run: id, job, sandbox, out }: ReportRequest): Promise<WrittenPage> {
  const folder = runFolder(stateFolder, id);
  using ledger = Ledger.open(stateFolder);
  const record = ledger.run(id);
  if (record === undefined || !existsSync(folder)) {
    throw usageFailure(`the folder of run ${id} is gone`, {
      why: "run folders are deleted after keep.runs of the job, by default 14 days",
      next: `loadline show ${id} tells what is left of it`,
    });
  }
  const run = { ...tellRun(stateFolder, record), sandbox };
  const [streams, batches] = [ledger.streams(id), ledger.batches(id)];
  const kept = { job, run, folder, streams, batches, named: id, isOfFile: false, passed: [] };
  return writePage(kept, out ?? join(folder, "report.html"));
}

/** The page of a plan that was kept, or of a run with what became of its plan. */
export async function writePage(kept: ShownPlan, path: string): Promise<WrittenPage> {
  const { folder } = kept;
  const spillFolder = join(folder, "spill");
  const isThere = existsSync(spillFolder);
  using engine = await Engine.open({ folder, spillFolder });
  const plans = await findPlans(kept);
  const page = await gatherPage(engine, kept, plans);
  let total = 0;
  for (const plan of plans) total += await countChanges(engine, plan);
  const written = await writeReport(path, page, { total, rows: readAll(engine, plans) });
  if (!isThere) rmSync(spillFolder, { recursive: true, force: true });
  return written;
}

async function* readAll(engine: Engine, plans: readonly ChangesOf[]): AsyncGenerator<PageChange> {
  for (const plan of plans) yield* readChangesOf(engine, plan, changesMax);
}

async function gatherPage(engine: Engine, kept: ShownPlan, plans: readonly ChangesOf[]): Promise<ReportPage> {
  const { job, folder, run, batches, named, isOfFile } = kept;
  const summary = readSummary(run);
  const told = readEvents(folder);
  const streams = kept.streams.map((stream) => describeStream(kept, stream, told.warnings));
  const files = streams.flatMap(({ name, counts }) =>
    counts === null ? [] : rowFiles(folder, { name, counts }).map((file) => ({ ...file, stream: name })),
  );
  const reasons: PageReason[] = [];
  const isRedacted = job.redact.length > 0;
  for (const file of files) {
    const told = file.kind === "rejects" ? readRejects(folder, file) : readStayed(engine, { ...file, isRedacted });
    reasons.push(...(await told));
  }
  const why = whyOf(run);
  const said = [why, ...batches.map(({ message }) => message), ...told.notices.map(({ message }) => message)];
  const scrub = await findQuoted(
    engine,
    isRedacted ? plans : [],
    said.filter((text) => text !== null),
  );
  return {
    run,
    folder: isOfFile ? null : folder,
    named,
    madeBy: version,
    madeAt: now().toISOString(),
    why: why === null ? null : scrub(why),
    forecasts: summary?.forecast ?? [],
    streams,
    redact: job.redact,
    reasons,
    rowFiles: isOfFile ? files.map((file) => ({ ...file, path: null })) : files,
    differences: streams.flatMap(({ name }) => readFirstDrift(folder, name).map((line) => ({ ...line, stream: name }))),
    notices: told.notices.map((notice) => ({ ...notice, message: scrub(notice.message) })),
    batches: batches.map((batch) => ({ ...batch, message: batch.message === null ? null : scrub(batch.message) })),
    timings: told.timings,
    apiCalls: summary?.apiCalls ?? null,
  };
}

/** As they were counted when the rows were written down, without what is redacted. */
function readRejects(folder: string, { stream, kind }: Pick<PageRowFile, "stream" | "kind">): PageReason[] {
  return readReasons(folder, stream).map(({ field, rule, count, example }) => {
    const of = [field, rule].filter((part) => part !== "").join(", ");
    return { stream, kind, of, reason: "", rows: count, examples: [example] };
  });
}

function describeStream(kept: ShownPlan, record: StreamRecord, warnings: ReadonlyMap<string, number>): PageStream {
  const { name, connection, org, object, mode, state, how, writes, notes } = record;
  return {
    name,
    connection,
    org,
    object,
    mode,
    state,
    key: keyOf(kept.job, name),
    counts: countsOf(kept, record),
    how,
    writes,
    notes,
    warnings: warnings.get(name) ?? null,
  };
}

/** As the summary counts it. */
function countsOf({ batches }: ShownPlan, record: StreamRecord): StreamCounts | null {
  if (record.counts === null || record.state === "settled") return record.counts;
  return countLoaded(
    record,
    batches.filter(({ stream }) => stream === record.name),
  );
}

/** The streams whose plan is there, each with the results of its batches. Throws a Failure for a plan that was changed. */
async function findPlans({ job, folder, run, streams, batches }: ShownPlan): Promise<ChangesOf[]> {
  const plans: ChangesOf[] = [];
  for (const { name: stream, plan, planSha256: sha256 } of streams) {
    if (plan === null) continue;
    const path = planFile({ folder, plan });
    await verifyRunFile({ run: run.id, what: `the plan of stream ${stream}`, path, sha256 });
    const settled = batches.filter((batch) => batch.stream === stream && batch.resultsSha256 !== null);
    const results = settled.map((batch) => resultsPath({ folder }, batch));
    plans.push({ job, folder, stream, plan, results, isLoad: run.command !== "plan" });
  }
  return plans;
}
