// Runs as a whole: begin, recover, resume, end. In: a job file, connections, what the command line asks for.
// Out: a run that is in the ledger from its first moment to its last, and its summary. Must hold: one run of a job at a
// time; whatever ends it, the next one finds where it stood.

import { readFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { Ledger, type RunCommand, type RunOptions, type RunRecord } from "../../checkpoint/ledger.ts";
import { type LockRequest, takeLock } from "../../checkpoint/lock.ts";
import { openConnection } from "../../connectors/registry.ts";
import type { OpenConnection } from "../../contract/connection.ts";
import type { Target } from "../../contract/target.ts";
import { takesWholeFiles } from "../../contract/target.ts";
import { monotonicMs, now } from "../../core/clock.ts";
import { Failure, pathInCommand } from "../../core/errors.ts";
import { exitCode } from "../../core/exit-code.ts";
import { makePrivateFolder, sha256Of, writeDurably } from "../../core/files.ts";
import { oneAtATime } from "../../core/in-parallel.ts";
import { randomId } from "../../core/random.ts";
import type { Connection, Environment, Job } from "../../job/job.ts";
import { connectionsOf } from "../../job/lookup.ts";
import { openTwin, type PairedJob } from "../../job/twin.ts";
import { refuseTwoWriters } from "../../job/two-writers.ts";
import { dropWorkFiles, type RunOutcome, runPipeline } from "../../pipeline.ts";
import { logEvents } from "../../report/event-log.ts";
import type { Emit } from "../../report/events.ts";
import type { RunSummary } from "../../report/summary.ts";
import { Engine } from "../../stage/engine.ts";
import { defineFunctionsIn } from "../compile/define-functions.ts";
import { nameObjects } from "../compile/object-names.ts";
import { orderStreams } from "../compile/order-streams.ts";
import { type Decision, decide } from "../load/decision.ts";
import { reconciledJob } from "../reconcile/reconciled-job.ts";
import { undoneJob } from "../rollback/undone-job.ts";
import { Budget } from "../run/budget.ts";
import { otherOrgFailure, type RunContext } from "../run/context.ts";
import { readPseudonymKey } from "../run/pseudonym-key.ts";
import { runFolder } from "../run/run-files.ts";
import { openStreamKeys, type StreamKeys } from "../run/stream-keys.ts";
import { refuseChangedFiles } from "./resumed-files.ts";
import { purgeOldRuns, purgePresent } from "./retention.ts";
import { runCommand, summarize, withoutValues } from "./summarize.ts";
import { lockTwins } from "./twin-lock.ts";

export interface RunRequest {
  job: Job;
  connections: ReadonlyMap<string, Connection>;
  environment: Environment;
  stateFolder: string;
  command: RunCommand;
  options: RunOptions;
  emit: Emit;
  signal: AbortSignal;
  /** The job as the run that is taken back has kept it: its file may say something else by now. */
  keptJob?: string;
  /** The run to go on with, instead of a new one. */
  resume?: RunRecord;
  /** What is said of writes in doubt. */
  decision?: Decision;
  /** Of a dry run: what earlier runs have left undone, a sentence each. */
  waiting?: readonly string[];
  /** Of a dry run: the file that its plan goes to, as commands name it. */
  planFile?: string;
  /** Asked between the plan and its load; throws a Failure where it is not to be loaded. */
  confirm?: RunContext["confirm"];
}

export interface EndedRun {
  summary: RunSummary;
  folder: string;
  /** What went wrong, if something did. */
  error: unknown;
  outcome: RunOutcome | undefined;
}

/** Takes the job's lock: what becomes of the job's runs is for one process at a time to decide. Throws LockHeld. */
export function lockJob(
  request: Pick<RunRequest, "job" | "stateFolder" | "signal">,
  onDamage: LockRequest["onDamage"],
): Promise<Disposable> {
  return takeLock({ ...jobLock(request), onDamage });
}

/** Runs; the caller holds the job's lock. Throws only what happens before a run exists (nothing to open). */
export async function executeRun(request: RunRequest): Promise<EndedRun> {
  const started = monotonicMs();
  using ledger = Ledger.open(request.stateFolder);
  const run =
    request.resume === undefined
      ? beginRun(request, ledger)
      : reopenRun(ledger, request.resume, join(runFolder(request.stateFolder, request.resume.id), "job.yaml"));
  const folder = runFolder(request.stateFolder, run.id);
  const log = logEvents(folder);
  const emit: Emit = (event) => {
    log(event);
    request.emit(event);
  };
  emit({ type: "run-started", run: run.id, job: run.job, command: run.command, folder });
  for (const message of ledger.warnings) emit({ type: "warning", message });
  if (request.resume !== undefined) emit({ type: "recovering", run: run.id });
  const connected = new Map<string, OpenConnection>();
  let outcome: RunOutcome | undefined;
  let error: unknown;
  try {
    outcome = await runConnected(request, { ledger, run, folder, emit, connected });
  } catch (thrown) {
    error = request.signal.aborted ? interruption(request.signal) : thrown;
  }
  const remotes = [...connected].filter(([, { target }]) => !takesWholeFiles(target));
  const apiCalls = Object.fromEntries(remotes.map(([name, { target }]) => [name, target.apiCalls]));
  const waitedMs = remotes.reduce((sum, [, { target }]) => sum + target.waitedMs, 0);
  for (const { target } of connected.values()) target.close();
  const seconds = (monotonicMs() - started) / 1000;
  const summary = summarize(request, ledger, run, { outcome, error, apiCalls, seconds });
  endRun(ledger, run, summary);
  purgeOldRuns(ledger, request.stateFolder, request.job.name, request.job.keepRunsMs);
  purgePresent(ledger, request.stateFolder, request.job.keepRunsMs);
  dropWorkFiles(folder);
  emit({
    type: "run-ended",
    run: run.id,
    status: summary.status,
    exitCode: summary.exitCode,
    seconds,
    waitedSeconds: waitedMs / 1000,
  });
  return { summary, folder, error, outcome };
}

function newRunId(job: string): string {
  const stamp = now().toISOString().replaceAll(/[-:]/g, "").replace("T", "-").slice(0, 15);
  return `${stamp}-${job}-${randomId()}`;
}

export function jobLockName(job: string): string {
  return `job-${job}`;
}

function jobLock(request: Pick<RunRequest, "job" | "stateFolder" | "signal">): Omit<LockRequest, "onDamage"> {
  const { lock, name } = request.job;
  return {
    stateFolder: request.stateFolder,
    name: jobLockName(name),
    what: `job ${name}`,
    waitMs: lock.kind === "wait" ? lock.ms : 0,
    signal: request.signal,
  };
}

function beginRun(request: RunRequest, ledger: Ledger): RunRecord {
  const { job, command, options, keptJob = job.file } = request;
  const id = newRunId(job.name);
  const folder = runFolder(request.stateFolder, id);
  makePrivateFolder(folder);
  const copy = readFileSync(keptJob);
  writeDurably(join(folder, "job.yaml"), copy);
  const jobSha256 = sha256Of(copy);
  return ledger.startRun({ id, job: job.name, jobHash: job.hash, jobFile: job.file, jobSha256, command, options });
}

/** Throws a Failure unless the job that a run has kept is the one that it began with. */
export function refuseChangedCopy(run: Pick<RunRecord, "id" | "jobSha256">, kept: string): void {
  if (run.jobSha256 !== null && sha256Of(readFileSync(kept)) !== run.jobSha256) {
    throw new Failure(exitCode.failed, `the job that run ${run.id} has kept is not the one that it began with`, {
      where: { file: kept },
      next: `put job.yaml back into its folder, or give the run up: loadline abandon ${run.id}`,
    });
  }
}

function reopenRun(ledger: Ledger, run: RunRecord, kept: string): RunRecord {
  ledger.checkRun(run.id);
  refuseChangedCopy(run, kept);
  const reopened: RunRecord = { ...run, status: "running", finished: null, exitCode: null, next: null, summary: null };
  ledger.saveRun(reopened);
  return reopened;
}

interface OpenRun {
  ledger: Ledger;
  run: RunRecord;
  folder: string;
  emit: Emit;
  connected: Map<string, OpenConnection>;
}

async function runConnected(request: RunRequest, open: OpenRun): Promise<RunOutcome> {
  const startedMs = monotonicMs();
  const { connections, environment, stateFolder, signal } = request;
  const { ledger, run, folder, emit, connected } = open;
  const isRollback = run.options.rollback !== undefined;
  const job = jobOf(request.job, run.options);
  // Before anything is signed in to: a key that lacks stops the run, whichever stream wants it.
  const keys = new Map<string, StreamKeys>();
  for (const stream of job.streams) keys.set(stream.name, await openStreamKeys(stream, environment));
  const pseudonymKey = readPseudonymKey(job, environment);
  const onRetry = (message: string) => emit({ type: "retry", message });
  for (const name of connectionsOf(job.streams)) {
    const connection = connectionOf(connections, name);
    const opened = await openConnection(connection, { environment, stateFolder, onRetry, signal });
    connected.set(name, opened);
    if (takesWholeFiles(opened.target)) continue;
    emit({ type: "connected", connection: name, org: opened.target.orgId });
    await tellConnection(opened.target, emit);
  }
  const sources = new Map([...connected].map(([name, { source }]) => [name, source]));
  const targets = new Map([...connected].map(([name, { target }]) => [name, target]));
  // What is taken back lies with the run: whatever has become of the twin since is no matter.
  const { twin, job: paired }: PairedJob = isRollback ? { job } : openTwin(job, dirname(run.jobFile));
  const named = await orderStreams(await nameObjects(paired, targets), targets);
  // A run that has begun goes on as it was begun.
  if (request.resume === undefined && !isRollback)
    refuseTwoWriters(named, connections, (name) => targets.get(name)?.orgId ?? name);
  using _pair = await lockTwins({ ...jobLock(request), emit, ledger }, run, job.twin?.name);
  using _locks = await lockObjects({ ...request, emit }, run, named, targets);
  refuseOtherOrg(ledger, run, targets);
  makePrivateFolder(join(folder, "spill"));
  const fields = Math.max(...named.streams.map((stream) => stream.fields.length));
  using engine = await Engine.open({ folder, spillFolder: join(folder, "spill"), fields, signal: request.signal });
  await defineFunctionsIn(engine, new Date(run.started), job.timezone, job, pseudonymKey);
  const budget = new Budget({
    limits: job.limits ?? {},
    targets,
    resumeCommand:
      run.command === "plan" ? `loadline plan ${pathInCommand(job.file)}, later` : `loadline resume ${run.id}`,
    runCommand: runCommand(job, run.options),
    startedMs,
  });
  const context: RunContext = {
    job: named,
    ...(twin === undefined ? {} : { twin }),
    run,
    folder,
    ledger,
    engine,
    oneAtATime: oneAtATime(),
    sources,
    targets,
    keys,
    budget,
    ways: new Map(),
    emit,
    signal: request.signal,
    isResumed: request.resume !== undefined,
    confirm: request.confirm,
  };
  if (request.resume !== undefined) await refuseChangedFiles(ledger, run.id, folder);
  if (request.decision !== undefined) await decide(context, request.decision);
  return await runPipeline(context);
}

/** The job as this run goes by it. */
function jobOf(job: Job, { rollback, reconcile }: RunOptions): Job {
  if (rollback !== undefined) return undoneJob(job);
  return reconcile === undefined ? job : reconciledJob(job);
}

/** The allowance is asked for once a run; from then on each answer tells it. */
async function tellConnection(target: Target, emit: Emit): Promise<void> {
  await target.readAllowance();
  for (const message of target.warnings) emit({ type: "warning", message });
}

function connectionOf(connections: ReadonlyMap<string, Connection>, name: string): Connection {
  const connection = connections.get(name);
  if (connection === undefined) throw new Error(`connection ${name} was not checked`);
  return connection;
}

/** One writer an org and object, whatever jobs there are. A dry run writes nothing and needs none. */
async function lockObjects(
  request: RunRequest,
  run: RunRecord,
  job: Job,
  targets: ReadonlyMap<string, Target>,
): Promise<Disposable> {
  const locks = new DisposableStack();
  if (run.command === "plan") return locks;
  const onDamage = (message: string) => request.emit({ type: "warning", message });
  const names = new Set(
    job.streams.map(({ target }) => `${targets.get(target.connection)?.orgId ?? ""} ${target.object}`),
  );
  try {
    for (const what of [...names].sort()) {
      // A folder's path is no file name.
      const name = what.replace(" ", "-").replaceAll(/[^\w.-]/g, "_");
      locks.use(await takeLock({ ...jobLock(request), name, what, onDamage }));
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
    throw otherOrgFailure(run.id, `against org ${stream.org}`, stream.connection, orgId);
  }
}

function interruption(signal: AbortSignal): Failure {
  return signal.reason instanceof Failure ? signal.reason : new Failure(exitCode.interrupted, "interrupted");
}

function endRun(ledger: Ledger, run: RunRecord, summary: RunSummary): void {
  ledger.saveRun({
    ...run,
    status: summary.status,
    finished: now().toISOString(),
    exitCode: summary.exitCode,
    next: summary.next,
    summary: JSON.stringify(withoutValues(summary)),
  });
}
