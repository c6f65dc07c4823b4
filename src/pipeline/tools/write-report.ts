// The HTML report of a run. In: its run folder, its ledger, its job. Out: a file. What must hold: the report is made of
// what is kept, so that it is the same at the run's end and a week later; a value under `redact` is in none of its parts.

import { existsSync, rmSync } from "node:fs";
import { join } from "node:path";
import { Ledger, type RunRecord, type StreamRecord } from "../../checkpoint/ledger.ts";
import { now } from "../../core/clock.ts";
import { usageFailure } from "../../core/errors.ts";
import type { StreamCounts } from "../../core/model.ts";
import { type Job, keyOf } from "../../job/job.ts";
import { countLoaded } from "../../pipeline.ts";
import { changesMax } from "../../report/html/embed.ts";
import type { PageChange, PageReason, PageRowFile, PageStream, ReportPage } from "../../report/html/page.ts";
import { type WrittenPage, writeReport } from "../../report/html/write-page.ts";
import { rowFiles } from "../../report/rejects-lines.ts";
import { type RunOverview, readSummary } from "../../report/run-record.ts";
import { whyOf } from "../../report/show-view.ts";
import { Engine } from "../../stage/engine.ts";
import { version } from "../../version.ts";
import { resultsPath } from "../batches/batch-files.ts";
import { readReasons } from "../rows/reject-reasons.ts";
import { runFolder, verifyRunFile } from "../run/run-files.ts";
import { tellRun } from "../runs/recovery.ts";
import { type ChangesOf, countChanges, planFile, readChangesOf } from "./read-changes.ts";
import { readEvents } from "./read-events.ts";
import { readStayed } from "./read-stayed.ts";
import { findQuoted } from "./scrub-values.ts";

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
  const spillFolder = join(folder, "spill");
  const isThere = existsSync(spillFolder);
  using engine = await Engine.open({ folder, spillFolder });
  const overview = { ...tellRun(stateFolder, record), sandbox };
  const plans = await findPlans(ledger, { job, folder, record });
  const page = await gatherPage(engine, ledger, { job, folder, overview, plans });
  let total = 0;
  for (const plan of plans) total += await countChanges(engine, plan);
  const rows = readAll(engine, plans);
  const written = await writeReport(out ?? join(folder, "report.html"), page, { total, rows });
  if (!isThere) rmSync(spillFolder, { recursive: true, force: true });
  return written;
}

async function* readAll(engine: Engine, plans: readonly ChangesOf[]): AsyncGenerator<PageChange> {
  for (const plan of plans) yield* readChangesOf(engine, plan, changesMax);
}

interface KeptRun {
  job: Job;
  folder: string;
  overview: RunOverview;
  plans: readonly ChangesOf[];
}

async function gatherPage(engine: Engine, ledger: Ledger, kept: KeptRun): Promise<ReportPage> {
  const { job, folder, overview, plans } = kept;
  const summary = readSummary(overview);
  const told = readEvents(folder);
  const streams = ledger.streams(overview.id).map((stream) => describeStream(ledger, job, stream, told.warnings));
  const files = streams.flatMap(({ name, counts }): PageRowFile[] =>
    counts === null ? [] : rowFiles(folder, { name, counts }).map((file) => ({ ...file, stream: name })),
  );
  const reasons: PageReason[] = [];
  const isRedacted = job.redact.length > 0;
  for (const file of files) {
    const told = file.kind === "rejects" ? readRejects(folder, file) : readStayed(engine, { ...file, isRedacted });
    reasons.push(...(await told));
  }
  const why = whyOf(overview);
  const batches = ledger.batches(overview.id);
  const said = [why, ...batches.map(({ message }) => message), ...told.notices.map(({ message }) => message)];
  const scrub = await findQuoted(
    engine,
    isRedacted ? plans : [],
    said.filter((text) => text !== null),
  );
  return {
    run: overview,
    folder,
    madeBy: version,
    madeAt: now().toISOString(),
    why: why === null ? null : scrub(why),
    forecasts: summary?.forecast ?? [],
    streams,
    redact: job.redact,
    reasons,
    rowFiles: files,
    notices: told.notices.map((notice) => ({ ...notice, message: scrub(notice.message) })),
    batches: batches.map((batch) => ({ ...batch, message: batch.message === null ? null : scrub(batch.message) })),
    timings: told.timings,
    apiCalls: summary?.apiCalls ?? null,
  };
}

/** As they were counted when the rows were written down, without what is redacted. */
function readRejects(folder: string, { stream, kind }: PageRowFile): PageReason[] {
  return readReasons(folder, stream).map(({ field, rule, count, example }) => {
    const of = [field, rule].filter((part) => part !== "").join(", ");
    return { stream, kind, of, reason: "", rows: count, examples: [example] };
  });
}

function describeStream(
  ledger: Ledger,
  job: Job,
  record: StreamRecord,
  warnings: ReadonlyMap<string, number>,
): PageStream {
  const { name, connection, org, object, mode, state, how, writes, notes } = record;
  const key = keyOf(job, name);
  const counts = countsOf(ledger, record);
  return {
    name,
    connection,
    org,
    object,
    mode,
    state,
    key,
    counts,
    how,
    writes,
    notes,
    warnings: warnings.get(name) ?? null,
  };
}

/** As the summary counts it. */
function countsOf(ledger: Ledger, record: StreamRecord): StreamCounts | null {
  if (record.counts === null || record.state === "settled") return record.counts;
  return countLoaded(record, ledger.batches(record.run, record.name));
}

/** The streams whose plan is there, each with the results of its batches. Throws a Failure for a plan that was changed. */
async function findPlans(
  ledger: Ledger,
  { job, folder, record }: { job: Job; folder: string; record: RunRecord },
): Promise<ChangesOf[]> {
  const plans: ChangesOf[] = [];
  for (const { name: stream, plan, planSha256: sha256 } of ledger.streams(record.id)) {
    if (plan === null) continue;
    const path = planFile({ folder, plan });
    await verifyRunFile({ run: record.id, what: `the plan of stream ${stream}`, path, sha256 });
    const settled = ledger.batches(record.id, stream).filter(({ resultsSha256 }) => resultsSha256 !== null);
    const results = settled.map((batch) => resultsPath({ folder }, batch));
    plans.push({ job, folder, stream, plan, results, isLoad: record.command !== "plan" });
  }
  return plans;
}
