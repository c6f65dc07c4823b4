// Bulk API 2.0 query as a client sees it: create, poll, fetch pages by locator, abort, delete.
// Must hold: every page repeats the header; a locator gives the same rows for as long as the job is there; the last
// page's locator is the text null.
// https://developer.salesforce.com/docs/atlas.en-us.api_asynch.meta/api_asynch/queries.htm

import { createReadStream } from "node:fs";
import { type Answer, json, type Route } from "../../routes.ts";
import { ApiError, notFound } from "../errors.ts";
import type { Org } from "../org.ts";
import { type ApiRequest, apiRoute, readJson } from "../rest/api.ts";
import type { CompiledQuery } from "../soql/compiled-query.ts";
import { csvHeader } from "../soql/rows.ts";
import type { BulkWork } from "./jobs.ts";
import {
  choice,
  commonInfo,
  delimiters,
  isTerminal,
  type Jobs,
  jobFile,
  jobTimestamp,
  notTerminated,
  type QueryJob,
  refuseEnded,
} from "./jobs.ts";
import { byteOfRow, compileBulkQuery } from "./query-processing.ts";

// One witness: 5.5 million rows came as some 25 pages.
const parallelPages = 5;
const parallelSince = 58;

export function queryJobRoutes(org: Org, jobs: Jobs, work: BulkWork): Route[] {
  const one = "/jobs/query/{id}";
  return [
    apiRoute(org, "POST", "/jobs/query", (request) => create(org, jobs, work, request)),
    apiRoute(org, "GET", one, ({ params }) => json(200, queryInfo(jobs.query(params["id"] ?? "")))),
    apiRoute(org, "PATCH", one, async (request) => {
      choice("state", (await readJson(request))["state"], ["Aborted"] as const, undefined);
      const job = jobs.query(request.params["id"] ?? "");
      refuseEnded(job, "Aborting");
      const aborted: QueryJob = { ...job, state: "Aborted", systemModstamp: jobTimestamp() };
      jobs.save(aborted);
      return json(200, commonInfo(aborted));
    }),
    apiRoute(org, "DELETE", one, ({ params }) => {
      const job = jobs.query(params["id"] ?? "");
      if (!isTerminal(job)) throw notTerminated();
      jobs.remove(job.id);
      return { status: 204 };
    }),
    apiRoute(org, "GET", `${one}/results`, (request) => resultPage(org, jobs, request)),
    apiRoute(org, "GET", `${one}/resultPages`, (request) => resultPages(org, jobs, request)),
  ];
}

async function create(org: Org, jobs: Jobs, work: BulkWork, request: ApiRequest): Promise<Answer> {
  const body = await readJson(request);
  const operation = choice("operation", body["operation"], ["query", "queryAll"] as const, undefined);
  choice("contentType", body["contentType"], ["CSV"] as const, "CSV");
  const columnDelimiter = choice("columnDelimiter", body["columnDelimiter"], Object.keys(delimiters), "COMMA");
  const lineEnding = choice("lineEnding", body["lineEnding"], ["LF", "CRLF"] as const, "LF");
  const soql = String(body["query"] ?? "");
  const query = compileBulkQuery(org, { query: soql, operation, apiVersion: request.version });
  refuseInBulk(query);
  if (org.limits.remaining("DailyBulkV2QueryJobs") === 0)
    throw new ApiError(400, "EXCEEDEDQUOTA", "Max bulk v2 query jobs (10000) per 24 hrs has been reached");
  org.limits.use("DailyBulkV2QueryJobs", 1);
  const timestamp = jobTimestamp();
  const job: QueryJob = {
    kind: "query",
    id: jobs.newId(),
    state: "UploadComplete",
    object: query.object.name,
    operation,
    query: soql,
    header: csvHeader(query, delimiters[columnDelimiter] ?? ","),
    apiVersion: request.version,
    columnDelimiter,
    lineEnding,
    createdDate: timestamp,
    systemModstamp: timestamp,
    recordsProcessed: 0,
    processingTime: 0,
    bytes: 0,
    index: [],
  };
  jobs.save(job);
  work.startQuery(job.id);
  return json(200, { ...commonInfo(job), lineEnding, columnDelimiter });
}

function refuseInBulk(query: CompiledQuery): void {
  if (query.columns.some((column) => column.variants !== undefined))
    throw new ApiError(400, "API_ERROR", "TYPEOF not supported in Bulk Query");
  if (query.countOnly || query.grouped || query.children.length > 0)
    throw new ApiError(400, "API_ERROR", "Aggregate Relationships not supported in Bulk Query");
  if (query.columns.some((column) => column.field.components !== undefined))
    throw new ApiError(400, "API_ERROR", "Selecting compound data not supported in Bulk Query");
  if (query.offset > 0) throw new ApiError(400, "API_ERROR", "Offset not supported in Bulk Query");
}

/** What GET says of a job. */
export function queryInfo(job: QueryJob): Record<string, unknown> {
  return {
    ...commonInfo(job),
    jobType: "V2Query",
    lineEnding: job.lineEnding,
    columnDelimiter: job.columnDelimiter,
    numberRecordsProcessed: job.recordsProcessed,
    retries: 0,
    totalProcessingTime: job.processingTime,
    isPkChunkingSupported: true,
    ...(job.errorMessage === undefined ? {} : { errorMessage: job.errorMessage }),
  };
}

function finished(jobs: Jobs, request: ApiRequest): QueryJob {
  const job = jobs.query(request.params["id"] ?? "");
  if (job.apiVersion !== request.version)
    throw new ApiError(
      409,
      "CONFLICT",
      `The job was created with API version ${job.apiVersion}.0: use it for the results too`,
    );
  if (job.state === "JobComplete") return job;
  throw new ApiError(400, "INVALIDJOBSTATE", `The Job has no results. Current job state is '${job.state}'`);
}

function resultPage(org: Org, jobs: Jobs, request: ApiRequest): Answer {
  const job = finished(jobs, request);
  const from = rowOfLocator(request.query.get("locator"), job);
  const to = Math.min(job.recordsProcessed, from + pageRows(org, request));
  const start = byteOfRow(org, job, from);
  const end = byteOfRow(org, job, to);
  const newline = job.lineEnding === "LF" ? "\n" : "\r\n";
  return {
    status: 200,
    headers: {
      "Content-Type": "text/csv",
      "Sforce-NumberOfRecords": String(to - from),
      "Sforce-Locator": to < job.recordsProcessed ? locatorOf(to) : "null",
    },
    body: page(`${job.header}${newline}`, jobFile(org, job.id), start, end),
  };
}

async function* page(header: string, path: string, start: number, end: number): AsyncGenerator<string | Buffer> {
  yield header;
  if (end === start) return;
  for await (const block of createReadStream(path, { start, end: end - 1, highWaterMark: 1 << 18 }))
    yield block as Buffer;
}

function resultPages(org: Org, jobs: Jobs, request: ApiRequest): Answer {
  if (request.version < parallelSince) throw notFound();
  const job = finished(jobs, request);
  const rows = pageRows(org, request);
  const base = `/services/data/v${job.apiVersion}.0/jobs/query/${job.id}`;
  const starts: number[] = [];
  let from = rowOfLocator(request.query.get("locator"), job);
  for (; starts.length < parallelPages && from < Math.max(job.recordsProcessed, 1); from += rows) starts.push(from);
  const done = from >= job.recordsProcessed;
  const size = request.query.has("maxRecords") ? `&maxRecords=${rows}` : "";
  return json(200, {
    resultPages: starts.map((start) => ({ resultUrl: `${base}/results?locator=${locatorOf(start)}${size}` })),
    ...(done ? {} : { nextRecordsUrl: `${base}/resultPages?locator=${locatorOf(from)}${size}` }),
    done,
  });
}

function pageRows(org: Org, request: ApiRequest): number {
  const wanted = request.query.get("maxRecords");
  if (wanted === null) return org.bulkQueryPageRows;
  if (/^[1-9]\d*$/.test(wanted)) return Number(wanted);
  throw new ApiError(400, "API_ERROR", `Invalid value: '${wanted}' supplied for property: 'maxRecords'`);
}

function locatorOf(row: number): string {
  return Buffer.from(`row ${row}`).toString("base64url");
}

function rowOfLocator(locator: string | null, job: QueryJob): number {
  if (locator === null) return 0;
  const row = /^row (?<row>\d+)$/.exec(Buffer.from(locator, "base64url").toString())?.groups?.["row"];
  if (row === undefined || Number(row) > job.recordsProcessed)
    throw new ApiError(400, "INVALID_QUERY_LOCATOR", "invalid query locator");
  return Number(row);
}
