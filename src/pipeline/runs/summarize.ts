// How a run ended, as its JSON summary. In: the ledger's counts, what was thrown or came out. Out: the summary, with the exit
// code and what to run next. Must hold: an exit code of 0 means that all is as it was asked for.

import type { Ledger, RunOptions, RunRecord } from "../../checkpoint/ledger.ts";
import { LockHeld } from "../../checkpoint/lock.ts";
import type { StreamDrift } from "../../core/drift.ts";
import { exitCodeOf, explain, Failure, pathInCommand, StoppedByGuard } from "../../core/errors.ts";
import { type ExitCode, exitCode } from "../../core/exit-code.ts";
import { noCounts, type StreamCounts } from "../../core/model.ts";
import { redactSecrets } from "../../core/secret.ts";
import type { Connection, Job } from "../../job/job.ts";
import { countLoaded, type RunOutcome } from "../../pipeline.ts";
import type { RunSummary } from "../../report/summary.ts";
import { approveCommand } from "../apply/kept-plan.ts";
import { tellWindow } from "../extract/window.ts";
import { tellDrift } from "../reconcile/drift-files.ts";
import { tellReasons } from "../rows/reject-reasons.ts";
import { isResumable } from "../run/resumable.ts";
import { runFolder } from "../run/run-files.ts";
import { tellPresent } from "../run/told-present.ts";
import { tellPut } from "../settle/put-rejects.ts";

/** What was asked for. */
export interface EndedRequest {
  job: Job;
  stateFolder: string;
  signal: AbortSignal;
  waiting?: readonly string[];
  planFile?: string;
  connections: ReadonlyMap<string, Connection>;
}

export interface Ending {
  outcome: RunOutcome | undefined;
  error: unknown;
  apiCalls: Record<string, number>;
  seconds: number;
}

export function summarize(request: EndedRequest, ledger: Ledger, run: RunRecord, ending: Ending): RunSummary {
  const folder = runFolder(request.stateFolder, run.id);
  const streams = ledger.streams(run.id).map((record) => {
    const batches = ledger.batches(run.id, record.name);
    const counts =
      record.counts === null ? noCounts() : record.state === "settled" ? record.counts : countLoaded(record, batches);
    const watermark = tellWindow(ledger.window(run.id, record.name));
    const reasons = tellReasons(folder, record.name);
    const put = tellPut(folder, record.name);
    return [record.name, { ...counts, watermark, ...reasons, ...tellPresent(folder, record.name), ...put }] as const;
  });
  const drift = run.options.reconcile === undefined ? undefined : driftOf(folder, streams);
  const code = codeOf(request, ending, drift);
  const status = statusOf(ending, code);
  const resumable = isResumable(ledger, { ...run, status, exitCode: code });
  return {
    run: run.id,
    job: run.job,
    status,
    streams: Object.fromEntries(streams),
    apiCalls: ending.apiCalls,
    seconds: Math.round(ending.seconds * 1000) / 1000,
    exitCode: code,
    next: nextOf(request, run, ending, resumable && ledger.batches(run.id).length > 0),
    ...(stopsOf(ending).length === 0 ? {} : { stops: stopsOf(ending) }),
    ...(request.waiting === undefined || request.waiting.length === 0 ? {} : { waiting: request.waiting }),
    ...(ending.outcome?.forecasts === undefined ? {} : { forecast: ending.outcome.forecasts }),
    ...(drift === undefined ? {} : { drift }),
    ...(ending.error === undefined ? {} : { error: redactSecrets(explain(ending.error)) }),
  };
}

function driftOf(folder: string, streams: readonly (readonly [string, StreamCounts])[]): Record<string, StreamDrift> {
  const found = streams.flatMap(([name, counts]) => {
    const drift = tellDrift(folder, name, counts);
    return drift === undefined ? [] : [[name, drift] as const];
  });
  return Object.fromEntries(found);
}

function codeOf(
  { job }: EndedRequest,
  { error, outcome }: Ending,
  drift: Readonly<Record<string, StreamDrift>> | undefined,
): ExitCode {
  if (error === undefined && drift !== undefined)
    return Object.values(drift).some(({ left }) => left > 0) ? exitCode.changes : exitCode.done;
  // A plan that would be stopped is told as the run of it.
  if (error === undefined) return (outcome?.objections ?? []).length > 0 ? exitCode.guard : exitCode.done;
  return error instanceof LockHeld && job.lock.kind === "skip" ? exitCode.done : exitCodeOf(error);
}

function stopsOf({ error, outcome }: Ending): readonly string[] {
  return error instanceof StoppedByGuard ? error.stops : (outcome?.objections ?? []);
}

function statusOf({ outcome, error }: Ending, code: ExitCode): RunSummary["status"] {
  if (error === undefined) return outcome?.status ?? "failed";
  if (code === exitCode.inDoubt) return "in-doubt";
  if (code === exitCode.rejected) return "partial";
  if (error instanceof LockHeld) return "stopped";
  const stops: ExitCode[] = [exitCode.guard, exitCode.tryLater, exitCode.interrupted, exitCode.terminated];
  return stops.includes(code) ? "stopped" : "failed";
}

function nextOf(request: EndedRequest, run: RunRecord, ending: Ending, resumable: boolean): string {
  const { error } = ending;
  const { reconcile } = run.options;
  if (error instanceof Failure && error.next !== undefined && error.next.startsWith("loadline ")) return error.next;
  if (resumable || request.signal.aborted) return `loadline resume ${run.id}`;
  const { rollback } = run.options;
  if (run.command === "apply" && ending.error !== undefined && rollback === undefined)
    return `loadline plan ${pathInCommand(request.job.file)}`;
  if (reconcile !== undefined && error === undefined && !isRepairable(run, ending)) return `loadline show ${run.id}`;
  // Nothing was found that could be repaired.
  if (reconcile !== undefined && error !== undefined && reconcile.repair !== true)
    return lookCommand(request.job, run.options);
  const approve =
    run.command === "plan" && reconcile === undefined && (request.job.twin === undefined || rollback !== undefined)
      ? approveCommand(request.planFile ?? run.id, ending.outcome?.objections ?? [])
      : undefined;
  if (approve !== undefined) return approve;
  if (request.planFile !== undefined && error === undefined) return nextOfFile(request, request.planFile);
  if (run.command === "plan" && rollback !== undefined && error === undefined) return `loadline apply ${run.id}`;
  if (run.command === "plan" || ending.error !== undefined) return runCommand(request.job, run.options);
  return `loadline show ${run.id}`;
}

/** Who lets a plan be written to a file has it looked at first, perhaps by another. */
function nextOfFile({ job, connections }: EndedRequest, plan: string): string {
  const isProtected = job.streams.some(({ target }) => connections.get(target.connection)?.protected === true);
  const approve = isProtected ? `loadline approve ${plan} and ` : "";
  return `loadline show ${plan}, then ${approve}loadline apply ${plan}`;
}

/** Whether a repair would write anything. */
function isRepairable(run: RunRecord, { outcome }: Ending): boolean {
  const counts = outcome?.streams.map((stream) => stream.counts) ?? [];
  const changes = counts.some(({ creates, updates, mirrorDeletes }) => creates + updates + mirrorDeletes > 0);
  return run.command === "plan" && changes;
}

/** The command that runs a job, where this run ran it; of a rollback the one that makes its plan again. */
export function runCommand(job: Job, options: RunOptions): string {
  if (options.rollback !== undefined) return `loadline rollback ${options.rollback.run}`;
  if (options.reconcile !== undefined) return `${lookCommand(job, options)} --repair`;
  if (options.retry !== undefined) return retryCommand(options.retry);
  return `loadline run ${pathInCommand(job.file)}${options.sandbox === true ? " --sandbox" : ""}`;
}

function retryCommand({ run, file }: NonNullable<RunOptions["retry"]>): string {
  return `loadline rejects ${run} --retry${file === undefined ? "" : ` ${pathInCommand(file)}`}`;
}

function lookCommand(job: Job, options: RunOptions): string {
  return `loadline reconcile ${pathInCommand(job.file)}${options.sandbox === true ? " --sandbox" : ""}`;
}

/** Examples of rejects hold values: they stay in the run folder, which is deleted one day, and not in the ledger. */
export function withoutValues(summary: RunSummary): RunSummary {
  const streams = Object.entries(summary.streams).map(([name, told]) => [
    name,
    { ...told, rejectReasons: [], warnings: [] },
  ]);
  return { ...summary, streams: Object.fromEntries(streams) };
}
