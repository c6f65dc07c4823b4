// Bulk API 2.0 jobs as the org keeps them: one row a job, its files beside the database.
// Must hold: what a client was told about a job is still so after SIGKILL; terminal jobs go after 7 days, ingest jobs
// left open end after 24 hours.
// https://developer.salesforce.com/docs/platform/salesforce-app-limits-cheatsheet/guide/salesforce-app-limits-platform-bulkapi.html

import { rmSync } from "node:fs";
import { join } from "node:path";
import { now } from "../../clock.ts";
import type { LineEnding } from "../../csv-reader.ts";
import { ApiError, notFound } from "../errors.ts";
import { canonicalId, makeId } from "../ids.ts";
import { type Org, userId } from "../org.ts";
import { prepareRows } from "../store.ts";

type JobState = "Open" | "UploadComplete" | "InProgress" | "JobComplete" | "Aborted" | "Failed";

interface Job {
  id: string;
  state: JobState;
  object: string;
  apiVersion: number;
  columnDelimiter: string;
  lineEnding: LineEnding;
  createdDate: string;
  systemModstamp: string;
  recordsProcessed: number;
  /** Milliseconds of work. */
  processingTime: number;
  errorMessage?: string;
}

export interface IngestJob extends Job {
  kind: "ingest";
  operation: "insert" | "update" | "upsert" | "delete" | "hardDelete";
  externalIdFieldName?: string;
  assignmentRuleId?: string;
  /** How often data was uploaded: a second time makes the job unusable. */
  uploads: number;
  /** The byte of the upload where the next row starts. */
  offset: number;
  recordsFailed: number;
  /** A fault's end of the job, fixed when its processing starts. */
  failure?: { afterRows: number; message: string };
  /** Result chunks written so far. */
  chunks: number;
}

export interface QueryJob extends Job {
  kind: "query";
  operation: "query" | "queryAll";
  query: string;
  header: string;
  /** Bytes of the result, and where every `indexStep`-th row starts in it. */
  bytes: number;
  index: number[];
}

export const delimiters: Readonly<Record<string, string>> = {
  BACKQUOTE: "`",
  CARET: "^",
  COMMA: ",",
  PIPE: "|",
  SEMICOLON: ";",
  TAB: "\t",
};

const hourMs = 3_600_000;
const openForMs = 24 * hourMs;
const keptForMs = 7 * 24 * hourMs;

export interface Jobs {
  /** A new job's id: 750 and what follows. */
  newId(): string;
  save(job: IngestJob | QueryJob): void;
  /** The job, or 404 in the vendor's words. */
  ingest(id: string): IngestJob;
  query(id: string): QueryJob;
  list(): (IngestJob | QueryJob)[];
  remove(id: string): void;
  clear(): void;
}

/** Opens the jobs of the org's data folder. */
export function openJobs(org: Org): Jobs {
  const { database } = org.store;
  database.exec(`
    CREATE TABLE IF NOT EXISTS sandbox_job (serial INTEGER PRIMARY KEY AUTOINCREMENT, id TEXT UNIQUE, document TEXT NOT NULL);
    CREATE TABLE IF NOT EXISTS sandbox_job_result (job TEXT, chunk INTEGER, successes TEXT NOT NULL, failures TEXT NOT NULL, PRIMARY KEY (job, chunk));
  `);
  const update = database.prepare("UPDATE sandbox_job SET document = ? WHERE id = ?");
  const insert = database.prepare("INSERT INTO sandbox_job (id, document) VALUES (?, ?)");
  const get = prepareRows<[string]>(database, "SELECT document FROM sandbox_job WHERE id = ?");
  const all = prepareRows<[string]>(database, "SELECT document FROM sandbox_job ORDER BY serial");
  const last = prepareRows<[number]>(
    database,
    "SELECT coalesce(max(seq), 0) FROM sqlite_sequence WHERE name = 'sandbox_job'",
  );

  function find(id: string): IngestJob | QueryJob | undefined {
    const row = get.get(canonicalId(id) ?? id);
    return row === undefined ? undefined : expire(parseJob(row));
  }

  /** The job as it stands by now, or undefined when its time is over. */
  function expire(job: IngestJob | QueryJob): IngestJob | QueryJob | undefined {
    const age = now().getTime() - Date.parse(job.createdDate);
    if (age > keptForMs && isTerminal(job)) {
      remove(job.id);
      return undefined;
    }
    if (job.state !== "Open" || age <= openForMs) return job;
    const ended = { ...job, state: "Aborted" as const };
    save(ended);
    return ended;
  }

  function save(job: IngestJob | QueryJob): void {
    const document = JSON.stringify(job);
    if (update.run(document, job.id).changes === 0) insert.run(job.id, document);
  }

  function remove(id: string): void {
    database.prepare("DELETE FROM sandbox_job_result WHERE job = ?").run(id);
    database.prepare("DELETE FROM sandbox_job WHERE id = ?").run(id);
    rmSync(jobFile(org, id), { force: true });
    rmSync(partialFile(org, id), { force: true });
  }

  const list = (): (IngestJob | QueryJob)[] => all.all().flatMap((row) => expire(parseJob(row)) ?? []);
  return {
    newId: () => makeId("750", (last.get()?.[0] ?? 0) + 1),
    save,
    ingest(id) {
      const job = find(id);
      if (job?.kind !== "ingest") throw notFound();
      return job;
    },
    query(id) {
      const job = find(id);
      if (job?.kind !== "query") throw notFound();
      return job;
    },
    list,
    remove,
    clear: () => {
      for (const job of list()) remove(job.id);
    },
  };
}

export function isTerminal(job: IngestJob | QueryJob): boolean {
  return job.state === "JobComplete" || job.state === "Aborted" || job.state === "Failed";
}

/** The file of a job: an upload, or a query's result. */
export function jobFile(org: Org, id: string): string {
  return join(org.folder, `${id}.csv`);
}

/** Where an upload lies until its last byte is there. */
export function partialFile(org: Org, id: string): string {
  return `${jobFile(org, id)}.part`;
}

/** The parts that both kinds of job share in every answer. */
export function commonInfo(job: IngestJob | QueryJob): Record<string, unknown> {
  return {
    id: job.id,
    operation: job.operation,
    object: job.object,
    createdById: userId,
    createdDate: job.createdDate,
    systemModstamp: job.systemModstamp,
    state: job.state,
    concurrencyMode: "Parallel",
    contentType: "CSV",
    apiVersion: job.apiVersion,
  };
}

/** Throws INVALIDJOBSTATE for a job that has ended. */
export function refuseEnded(job: IngestJob | QueryJob, doing: "Aborting" | "Closing"): void {
  const ended = { JobComplete: "Completed", Aborted: "Aborted", Failed: "Failed" }[job.state as string];
  if (ended !== undefined) throw new ApiError(400, "INVALIDJOBSTATE", `${doing} already ${ended} Job not allowed`);
}

/** The refusal to delete a job that may still be processed. */
export function notTerminated(): ApiError {
  return new ApiError(400, "API_ERROR", "Error encountered when deleting the job because the job is not terminated");
}

/** Job timestamps carry milliseconds and +0000. */
export function jobTimestamp(): string {
  return now().toISOString().replace("Z", "+0000");
}

/** A choice of the create request: one of the allowed, or the vendor's complaint about the property. */
export function choice<Value extends string>(
  name: string,
  given: unknown,
  allowed: readonly Value[],
  usual: Value | undefined,
): Value {
  const value = given === undefined || given === null ? usual : allowed.find((candidate) => candidate === given);
  if (value !== undefined) return value;
  throw new ApiError(400, "API_ERROR", `Invalid value: '${String(given ?? "")}' supplied for property: '${name}'`);
}

function parseJob(row: readonly [string]): IngestJob | QueryJob {
  return JSON.parse(row[0]);
}

export interface BulkWork {
  startIngest(id: string): void;
  startQuery(id: string): void;
}
