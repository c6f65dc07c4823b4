// What later runs go by, told and changed by a person. In: the state folder. Out: watermarks, memories; a moved watermark;
// folders of old runs gone. What must hold: nothing is changed under a run, or while one can be gone on with.

import { existsSync } from "node:fs";
import { join } from "node:path";
import { Ledger, type RunRecord, type WaitingRecord, type Watermark } from "../../checkpoint/ledger.ts";
import { LockHeld, type LockRequest, takeLock } from "../../checkpoint/lock.ts";
import { now } from "../../core/clock.ts";
import { Failure, usageFailure } from "../../core/errors.ts";
import { exitCode } from "../../core/exit-code.ts";
import { suggest } from "../../core/suggest.ts";
import { readUnloaded } from "../rows/unloaded-rows.ts";
import { isResumable } from "../run/resumable.ts";
import { runFolder } from "../run/run-files.ts";
import { purgeOldRuns, purgePresent } from "../runs/retention.ts";
import { jobLockName } from "../runs/runs.ts";
import { tellTries } from "./open-since.ts";

export interface Memory {
  watermarks: Watermark[];
  /** Rows that mode insert remembers, by org and object. */
  inserted: { org: string; object: string; rows: number; runs: number; unsettled: number }[];
  /** Files that streams have taken. */
  taken: { job: string; stream: string; org: string; object: string; files: number; last: string }[];
  /** Rows of files that the next run takes again, by stream. */
  waiting: WaitingRows[];
  /** Rows and values that were written last, by stream. */
  written: { job: string; stream: string; org: string; object: string; run: string }[];
  unfinished: { run: string; job: string; status: RunRecord["status"] }[];
}

interface WaitingRows {
  job: string;
  stream: string;
  org: string;
  object: string;
  rows: number;
  /** Of these: the others are such as the target could not take, or whose parent it refused. */
  forParent: number;
  /** When the one that waits longest was tried first, as far as folders of runs tell. */
  since: string;
  /** That has tried them last. */
  run: string;
  /** The files of that run that name them. */
  named: string;
  refused: string;
}

/** Of a job, or of all. Throws a Failure (2) where the ledger has never heard of the job. */
export async function readMemory(stateFolder: string, job: string | undefined): Promise<Memory> {
  const none = { watermarks: [], inserted: [], taken: [], waiting: [], written: [], unfinished: [] };
  if (!Ledger.exists(stateFolder)) return none;
  using ledger = Ledger.open(stateFolder);
  if (job !== undefined) refuseUnknownJob(ledger, job);
  const isAsked = (record: { job: string }) => job === undefined || record.job === job;
  const { watermarks, inserted, taken, delivered, waiting } = ledger.memory();
  const jobOf = new Map(ledger.runs().map((run) => [run.id, run.job]));
  return {
    watermarks: watermarks.filter(isAsked),
    inserted: sumBy(
      inserted.filter(({ run }) => job === undefined || jobOf.get(run) === job),
      ({ org, object }) => [org, object],
      (records, { org, object }) => ({
        org,
        object,
        rows: records.reduce((sum, { rows }) => sum + rows, 0),
        runs: records.length,
        unsettled: records.filter(({ settled }) => settled === null).length,
      }),
    ),
    taken: sumBy(
      taken.filter(isAsked),
      (record) => [record.job, record.stream, record.targetOrg, record.object],
      (records, first) => ({
        job: first.job,
        stream: first.stream,
        org: first.targetOrg,
        object: first.object,
        files: records.length,
        last:
          records
            .map(({ settled }) => settled)
            .sort()
            .at(-1) ?? "",
      }),
    ),
    waiting: await Promise.all(
      waiting
        .filter((record) => isAsked(record) && record.rows > 0)
        .map((record) => tellWaiting(ledger, stateFolder, record)),
    ),
    written: delivered
      .filter(isAsked)
      .map(({ job: of, stream, targetOrg: org, object, run }) => ({ job: of, stream, org, object, run })),
    unfinished: ledger
      .runs(job === undefined ? {} : { job })
      .filter((run) => isResumable(ledger, run))
      .map(({ id, job: of, status }) => ({ run: id, job: of, status })),
  };
}

async function tellWaiting(
  ledger: Ledger,
  stateFolder: string,
  { job, stream, targetOrg: org, object, rows, run }: WaitingRecord,
): Promise<WaitingRows> {
  const folder = runFolder(stateFolder, run);
  let forParent = 0;
  for await (const row of readUnloaded(folder, stream)) if (row.waits) forParent += 1;
  const last = ledger.run(run);
  const tries =
    last === undefined ? undefined : await tellTries(ledger, stateFolder, last, { stream, isRecord: false });
  const [named, refused] = ["unmatched", "rejects"].map((kind) => join(folder, kind, `${stream}.csv`));
  return {
    ...{ job, stream, org, object, rows, run },
    ...{ forParent, since: tries?.since ?? "", named: named ?? "", refused: refused ?? "" },
  };
}

function sumBy<Record, Sum>(
  records: readonly Record[],
  keyOf: (record: Record) => readonly string[],
  sum: (records: readonly Record[], first: Record) => Sum,
): Sum[] {
  const groups = Map.groupBy(records, (record) => JSON.stringify(keyOf(record)));
  return [...groups].flatMap(([, group]) => (group[0] === undefined ? [] : [sum(group, group[0])]));
}

function refuseUnknownJob(ledger: Ledger, job: string): void {
  const jobs = [...new Set(ledger.runs().map((run) => run.job))];
  if (jobs.includes(job)) return;
  const meant = suggest(job, jobs);
  throw usageFailure(`no job ${JSON.stringify(job)} was run here`, {
    next: meant === undefined ? `jobs that were: ${jobs.join(", ") || "none"}` : `did you mean "${meant}"?`,
  });
}

export interface MoveRequest {
  stateFolder: string;
  job: string;
  stream: string;
  /** As it was written. */
  to: string;
  /** Of the target; undefined where there is one only. */
  org: string | undefined;
  yes: boolean;
  signal: AbortSignal;
  onDamage: LockRequest["onDamage"];
}

export interface MovedWatermark {
  job: string;
  stream: string;
  org: string;
  /** What it is the watermark of. */
  source: string;
  from: string;
  to: string;
}

/** Moves a watermark. Forward wants `yes`: what changed in between is never taken then. */
export async function moveByHand(request: MoveRequest): Promise<MovedWatermark> {
  const { stateFolder, job, stream, signal, onDamage } = request;
  const to = readInstant(request.to);
  if (!Ledger.exists(stateFolder)) throw usageFailure("nothing was run here yet: there is no watermark to move");
  using _lock = await takeLock({
    stateFolder,
    name: jobLockName(job),
    what: `job ${job}`,
    waitMs: 0,
    signal,
    onDamage,
  });
  using ledger = Ledger.open(stateFolder);
  refuseUnknownJob(ledger, job);
  refuseUnfinished(ledger, job);
  const mark = findMark(ledger, request);
  if (to > mark.to && !request.yes) {
    throw new Failure(exitCode.guard, `moving the watermark of ${job} ${stream} forward wants --yes`, {
      why: `it is ${mark.to}: what changed between that and ${to} would never be taken`,
      next: "the same command with --yes, if that is meant",
    });
  }
  // What an overlap has taken is known by the old watermark: records come twice rather than not at all.
  if (to !== mark.to) ledger.saveWatermark({ ...mark, to, seenFile: null, seenSha256: null });
  return { job, stream, org: mark.targetOrg, source: mark.source, from: mark.to, to };
}

/** With its offset, so that nobody's time zone decides; a day that there is not is none. */
const instant = /^\d{4}-\d\d-\d\dT\d\d:\d\d(:\d\d(\.\d{1,3})?)?(Z|[+-]\d\d:\d\d)$/;

function readInstant(text: string): string {
  const time = instant.test(text) ? Date.parse(text) : Number.NaN;
  const day = Number(text.slice(8, 10));
  const isDay = day <= new Date(Date.UTC(Number(text.slice(0, 4)), Number(text.slice(5, 7)), 0)).getUTCDate();
  if (Number.isNaN(time) || !isDay) {
    throw usageFailure(`--watermark wants an instant with its offset, not ${JSON.stringify(text)}`, {
      next: "2026-01-31T08:00:00Z, say, or 2026-01-31T09:00:00+01:00",
    });
  }
  if (time > now().getTime()) {
    throw usageFailure(`--watermark ${text} is in the future`, { why: "what changes until then would never be taken" });
  }
  return new Date(time).toISOString();
}

function refuseUnfinished(ledger: Ledger, job: string): void {
  const unfinished = ledger.runs({ job }).find((run) => isResumable(ledger, run));
  if (unfinished === undefined) return;
  throw new Failure(exitCode.guard, `run ${unfinished.id} of job ${job} is unfinished: it moves the watermark itself`, {
    next: `loadline resume ${unfinished.id} goes on with it; loadline abandon ${unfinished.id} gives it up`,
  });
}

function findMark(ledger: Ledger, { job, stream, org }: MoveRequest): Watermark {
  const ofJob = ledger.memory().watermarks.filter((mark) => mark.job === job);
  const ofStream = ofJob.filter((mark) => mark.stream === stream);
  const marks = ofStream.filter((mark) => org === undefined || mark.targetOrg === org);
  const [mark, ...others] = marks;
  if (mark === undefined) {
    const there = org === undefined ? ofJob.map((one) => one.stream) : ofStream.map((one) => one.targetOrg);
    throw usageFailure(`stream ${stream} of job ${job} has no watermark${org === undefined ? "" : ` in org ${org}`}`, {
      next: `those that have one: ${[...new Set(there)].join(", ") || "none"}; loadline run --from takes what changed since a time`,
    });
  }
  if (others.length === 0) return mark;
  const orgs = [...new Set(marks.map((one) => one.targetOrg))];
  if (orgs.length > 1) {
    throw usageFailure(`stream ${stream} of job ${job} has a watermark in each of several orgs`, {
      next: `name one: ${orgs.map((one) => `--org ${one}`).join(", or ")}`,
    });
  }
  const files = [...new Set(marks.map((one) => one.jobFile))];
  if (files.length > 1) {
    throw usageFailure(`job ${job} was run by several files, each with a watermark of its own`, {
      why: files.join(", "),
      next: "give one of the jobs another name",
    });
  }
  // The source was defined otherwise before: the newest run went by what holds now.
  return marks.toSorted((left, right) => right.run.localeCompare(left.run))[0] ?? mark;
}

export interface PurgedRuns {
  /** Those whose folders went. */
  runs: string[];
  /** Jobs that a run is at work on: theirs are left. */
  busy: string[];
}

/** Deletes folders of ended runs; what can be gone on with stays, and so does the history. */
export async function purgeRuns(request: {
  stateFolder: string;
  olderThanMs: number;
  signal: AbortSignal;
  onDamage: LockRequest["onDamage"];
}): Promise<PurgedRuns> {
  const { stateFolder, olderThanMs, signal, onDamage } = request;
  const purged: PurgedRuns = { runs: [], busy: [] };
  if (!Ledger.exists(stateFolder)) return purged;
  using ledger = Ledger.open(stateFolder);
  const isThere = ({ id }: RunRecord) => existsSync(runFolder(stateFolder, id));
  for (const job of new Set(ledger.runs().map((run) => run.job))) {
    try {
      const lock = { stateFolder, name: jobLockName(job), what: `job ${job}`, waitMs: 0, signal, onDamage };
      using _lock = await takeLock(lock);
      const before = ledger.runs({ job }).filter(isThere);
      purgeOldRuns(ledger, stateFolder, job, olderThanMs);
      purged.runs.push(...before.filter((run) => !isThere(run)).map(({ id }) => id));
    } catch (error) {
      if (!(error instanceof LockHeld)) throw error;
      purged.busy.push(job);
    }
  }
  purgePresent(ledger, stateFolder, olderThanMs);
  return purged;
}
