// Runs as a whole: begin, recover, resume, end. In: a job file, connections, what the command line asks for.
// Out: a run that is in the ledger from its first moment to its last, and its summary.

import { cpSync } from "node:fs";
import { join } from "node:path";
import { Ledger, type RunOptions, type RunRecord, type RunStatus } from "../checkpoint/ledger.ts";
import { type LockRequest, takeLock } from "../checkpoint/lock.ts";
import { openSource, openTarget } from "../connectors/registry.ts";
import { monotonicMs, now } from "../core/clock.ts";
import { exitCodeOf, explain, Failure, showPath } from "../core/errors.ts";
import { type ExitCode, exitCode } from "../core/exit-code.ts";
import { makePrivateFolder } from "../core/files.ts";
import { noCounts } from "../core/model.ts";
import { randomId } from "../core/random.ts";
import { redactSecrets } from "../core/secret.ts";
import type { Source } from "../extract/source.ts";
import type { Connection, Environment, Job } from "../job/job.ts";
import type { Target } from "../load/target.ts";
import { countLoaded, dropWorkFiles, type RunOutcome, runPipeline } from "../pipeline.ts";
import { logEvents } from "../report/event-log.ts";
import type { Emit } from "../report/events.ts";
import type { RunSummary } from "../report/summary.ts";
import { Engine } from "../stage/engine.ts";
import { defineFunctions } from "../transform/functions.ts";
import type { RunContext } from "./context.ts";
import { purgeOldRuns } from "./retention.ts";

export interface RunRequest {
  job: Job;
  connections: ReadonlyMap<string, Connection>;
  environment: Environment;
  stateFolder: string;
  command: "plan" | "run";
  options: RunOptions;
  emit: Emit;
  signal: AbortSignal;
  /** The run to go on with, instead of a new one. */
  resume?: RunRecord;
  /** What is said of writes in doubt. */
  decision?: "landed" | "not-landed";
}

export interface EndedRun {
  summary: RunSummary;
  folder: string;
  /** What went wrong, if something did. */
  error: unknown;
  outcome: RunOutcome | undefined;
}

/** Runs under the job's lock. Throws only what happens before a run exists (lock held, nothing to open). */
export async function executeRun(request: RunRequest): Promise<EndedRun> {
  const started = monotonicMs();
  makePrivateFolder(request.stateFolder);
  const id = request.resume?.id ?? newRunId(request.job.name);
  using _lock = await takeLock(jobLock(request, id));
  using ledger = Ledger.open(request.stateFolder);
  const run = request.resume === undefined ? beginRun(request, ledger, id) : reopenRun(ledger, request.resume);
  const folder = runFolder(request.stateFolder, run.id);
  const log = logEvents(folder);
  const emit: Emit = (event) => {
    log(event);
    request.emit(event);
  };
  emit({ type: "run-started", run: run.id, job: run.job, command: run.command, folder });
  const targets = new Map<string, Target>();
  let outcome: RunOutcome | undefined;
  let error: unknown;
  try {
    outcome = await runConnected(request, { ledger, run, folder, emit, targets });
  } catch (thrown) {
    error = request.signal.aborted ? interruption(request.signal) : thrown;
  }
  const apiCalls = Object.fromEntries([...targets].map(([name, target]) => [name, target.apiCalls]));
  for (const target of targets.values()) target.close();
  const seconds = (monotonicMs() - started) / 1000;
  const summary = summarize(request, ledger, run, { outcome, error, apiCalls, seconds });
  endRun(ledger, run, summary);
  purgeOldRuns(ledger, request.stateFolder, request.job.name, request.job.keepRunsMs);
  dropWorkFiles(folder);
  emit({ type: "run-ended", run: run.id, status: summary.status, exitCode: summary.exitCode, seconds });
  return { summary, folder, error, outcome };
}

export function runFolder(stateFolder: string, run: string): string {
  return join(stateFolder, "runs", run);
}

function newRunId(job: string): string {
  const stamp = now().toISOString().replaceAll(/[-:]/g, "").replace("T", "-").slice(0, 15);
  return `${stamp}-${job}-${randomId()}`;
}

function jobLock(request: RunRequest, run: string): LockRequest {
  const { lock, name } = request.job;
  return {
    stateFolder: request.stateFolder,
    name: `job-${name}`,
    what: `job ${name}`,
    run,
    waitMs: lock.kind === "wait" ? lock.ms : 0,
    signal: request.signal,
  };
}

function beginRun(request: RunRequest, ledger: Ledger, id: string): RunRecord {
  const folder = runFolder(request.stateFolder, id);
  makePrivateFolder(folder);
  cpSync(request.job.file, join(folder, "job.yaml"));
  const { job, command, options } = request;
  return ledger.startRun({ id, job: job.name, jobHash: job.hash, jobFile: job.file, command, options });
}

function reopenRun(ledger: Ledger, run: RunRecord): RunRecord {
  const reopened: RunRecord = { ...run, status: "running", finished: null, exitCode: null, next: null, summary: null };
  ledger.saveRun(reopened);
  return reopened;
}

interface OpenRun {
  ledger: Ledger;
  run: RunRecord;
  folder: string;
  emit: Emit;
  targets: Map<string, Target>;
}

async function runConnected(request: RunRequest, open: OpenRun): Promise<RunOutcome> {
  const { job, connections, environment } = request;
  const { ledger, run, folder, emit, targets } = open;
  const sources = new Map<string, Source>();
  const onRetry = (message: string) => emit({ type: "retry", message });
  for (const stream of job.streams) {
    sources.set(stream.source.connection, openSource(connectionOf(connections, stream.source.connection)));
    const name = stream.target.connection;
    if (targets.has(name)) continue;
    const target = await openTarget(connectionOf(connections, name), environment, onRetry);
    targets.set(name, target);
    emit({ type: "connected", connection: name, org: target.orgId });
  }
  using _locks = await lockObjects(request, open);
  refuseOtherOrg(ledger, run, targets);
  if (request.decision !== undefined) decide(ledger, run, request.decision);
  makePrivateFolder(join(folder, "spill"));
  using engine = await Engine.open({ folder, spillFolder: join(folder, "spill") });
  for (const sql of defineFunctions(new Date(run.started), job.timezone)) await engine.run(sql);
  const context: RunContext = {
    job,
    run,
    folder,
    ledger,
    engine,
    sources,
    targets,
    emit,
    signal: request.signal,
  };
  return await runPipeline(context);
}

function connectionOf(connections: ReadonlyMap<string, Connection>, name: string): Connection {
  const connection = connections.get(name);
  if (connection === undefined) throw new Error(`connection ${name} was not checked`);
  return connection;
}

/** One writer an org and object, whatever jobs there are. A dry run writes nothing and needs none. */
async function lockObjects(request: RunRequest, { run, targets }: OpenRun): Promise<Disposable> {
  const locks = new DisposableStack();
  if (run.command === "plan") return locks;
  const names = new Set(
    request.job.streams.map(({ target }) => `${targets.get(target.connection)?.orgId ?? ""}-${target.object}`),
  );
  try {
    for (const name of [...names].sort()) {
      locks.use(await takeLock({ ...jobLock(request, run.id), name, what: name.replace("-", " ") }));
    }
  } catch (error) {
    locks.dispose();
    throw error;
  }
  return locks;
}

function refuseOtherOrg(ledger: Ledger, run: RunRecord, targets: ReadonlyMap<string, Target>): void {
  for (const stream of ledger.streams(run.id)) {
    const orgId = targets.get(stream.connection)?.orgId;
    if (orgId === undefined || orgId === stream.org) continue;
    throw new Failure(
      exitCode.failed,
      `run ${run.id} was begun against org ${stream.org}, ${stream.connection} is now ${orgId}`,
      {
        next: "point the connection back at that org to resume, or start a new run",
      },
    );
  }
}

/** Records what a person found out about writes in doubt. */
function decide(ledger: Ledger, run: RunRecord, decision: "landed" | "not-landed"): void {
  for (const batch of ledger.batches(run.id).filter(({ state }) => state === "in-doubt")) {
    if (decision === "landed") {
      const succeeded = batch.succeeded + batch.inDoubt;
      ledger.advance(batch, "settled", { succeeded, inDoubt: 0, message: "landed, by decision" });
    } else {
      ledger.advance(batch, "intent", { handle: null, inDoubt: 0, message: "sent again, by decision" });
    }
  }
}

function interruption(signal: AbortSignal): Failure {
  return signal.reason instanceof Failure ? signal.reason : new Failure(exitCode.interrupted, "interrupted");
}

interface Ending {
  outcome: RunOutcome | undefined;
  error: unknown;
  apiCalls: Record<string, number>;
  seconds: number;
}

function summarize(request: RunRequest, ledger: Ledger, run: RunRecord, ending: Ending): RunSummary {
  const code: ExitCode = ending.error === undefined ? exitCode.done : exitCodeOf(ending.error);
  const streams = ledger.streams(run.id).map((record) => {
    const batches = ledger.batches(run.id, record.name);
    const counts =
      record.counts === null ? noCounts() : record.state === "settled" ? record.counts : countLoaded(record, batches);
    return [record.name, { ...counts, watermark: null }] as const;
  });
  const status = statusOf(ending, code);
  const resumable = run.command === "run" && isResumable(status, code);
  return {
    run: run.id,
    job: run.job,
    status,
    streams: Object.fromEntries(streams),
    apiCalls: ending.apiCalls,
    seconds: Math.round(ending.seconds * 1000) / 1000,
    exitCode: code,
    next: nextOf(request, run, ending, resumable && ledger.batches(run.id).length > 0),
    ...(ending.error === undefined ? {} : { error: redactSecrets(explain(ending.error)) }),
  };
}

function statusOf({ outcome, error }: Ending, code: ExitCode): RunSummary["status"] {
  if (error === undefined) return outcome?.status ?? "failed";
  if (code === exitCode.inDoubt) return "in-doubt";
  if (code === exitCode.rejectedByTarget) return "partial";
  const stops: ExitCode[] = [exitCode.guard, exitCode.tryLater, exitCode.interrupted, exitCode.terminated];
  return stops.includes(code) ? "stopped" : "failed";
}

/** Whether `resume` can go on with a run that ended so. */
export function isResumable(status: RunStatus, code: ExitCode | null): boolean {
  if (status === "running" || status === "in-doubt" || status === "failed") return code !== exitCode.usage;
  return status === "stopped" && code !== exitCode.guard;
}

function nextOf(request: RunRequest, run: RunRecord, ending: Ending, resumable: boolean): string {
  const { error } = ending;
  if (error instanceof Failure && error.next !== undefined && error.next.startsWith("loadline ")) return error.next;
  if (resumable || request.signal.aborted) return `loadline resume ${run.id}`;
  if (run.command === "plan" || ending.error !== undefined) return `loadline run ${showPath(request.job.file)}`;
  return `loadline show ${run.id}`;
}

function endRun(ledger: Ledger, run: RunRecord, summary: RunSummary): void {
  ledger.saveRun({
    ...run,
    status: summary.status,
    finished: now().toISOString(),
    exitCode: summary.exitCode,
    next: summary.next,
    summary: JSON.stringify(summary),
  });
}
