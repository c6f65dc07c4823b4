// Bulk API 2.0 ingest as a client sees it: create, upload once, close, poll, fetch three result sets, delete.
// Must hold: an upload is there in full or not at all; nothing is processed before the job is closed; a second upload
// makes the job unusable.
// https://developer.salesforce.com/docs/atlas.en-us.api_asynch.meta/api_asynch/bulk_api_2_0_ingest.htm

import { createWriteStream, renameSync, rmSync, writeFileSync } from "node:fs";
import { pipeline } from "node:stream/promises";
import { readText } from "../../request-body.ts";
import { type Answer, json, type Route } from "../../routes.ts";
import type { SalesforceObject } from "../catalog/object.ts";
import { ApiError } from "../errors.ts";
import type { Org } from "../org.ts";
import { type ApiRequest, apiRoute, readJson } from "../rest/api.ts";
import { resultRoutes } from "./ingest-results.ts";
import type { BulkWork } from "./jobs.ts";
import {
  choice,
  commonInfo,
  delimiters,
  type IngestJob,
  isTerminal,
  type Jobs,
  jobFile,
  jobTimestamp,
  notTerminated,
  partialFile,
  refuseEnded,
} from "./jobs.ts";
import { parseMultipart } from "./multipart.ts";

/**
 * Salesforce counts what it makes of an upload: "up to 150 MB after base64 encoding", a third more than what is sent.
 * https://developer.salesforce.com/docs/atlas.en-us.api_asynch.meta/api_asynch/upload_job_data.htm
 */
const largestEncoded = 150_000_000;
const largestMultipart = 100_000;
const assignable = new Set(["Case", "Lead"]);
const assignmentSince = 49;
const poisoned = (id: string): ApiError =>
  new ApiError(
    400,
    "INVALIDJOB",
    `Found multipe contents for job: <${id}>, please 'Close' / 'Abort' / 'Delete' the current Job then create a new Job and make sure you only do 'PUT' once on a given Job.`,
  );

export function ingestRoutes(org: Org, jobs: Jobs, work: BulkWork): Route[] {
  const one = "/jobs/ingest/{id}";
  return [
    apiRoute(org, "POST", "/jobs/ingest", (request) => create(org, jobs, work, request)),
    apiRoute(org, "PUT", `${one}/batches`, (request) => upload(org, jobs, request)),
    apiRoute(org, "PATCH", one, (request) => changeState(jobs, work, request)),
    apiRoute(org, "GET", one, ({ params }) => json(200, ingestInfo(jobs.ingest(params["id"] ?? "")))),
    apiRoute(org, "DELETE", one, ({ params }) => {
      const job = jobs.ingest(params["id"] ?? "");
      if (!isTerminal(job) && job.state !== "UploadComplete") throw notTerminated();
      jobs.remove(job.id);
      return { status: 204 };
    }),
    ...resultRoutes(org, jobs),
  ];
}

async function create(org: Org, jobs: Jobs, work: BulkWork, request: ApiRequest): Promise<Answer> {
  const type = String(request.headers["content-type"] ?? "");
  if (!type.startsWith("multipart/form-data")) {
    const job = newJob(org, jobs, await readJson(request), request.version);
    jobs.save(job);
    return json(200, {
      ...shortInfo(job),
      contentUrl: contentUrl(job),
      lineEnding: job.lineEnding,
      columnDelimiter: job.columnDelimiter,
    });
  }
  const parts = parseMultipart(await readText(request.body), type);
  if ((parts["content"] ?? "").length > largestMultipart)
    throw new ApiError(
      400,
      "API_ERROR",
      `Job data is limited to ${largestMultipart} characters in a multipart request`,
    );
  const job = newJob(org, jobs, parseJobPart(parts["job"] ?? ""), request.version);
  writeFileSync(jobFile(org, job.id), parts["content"] ?? "");
  const closed: IngestJob = { ...job, uploads: 1, state: "UploadComplete" };
  jobs.save(closed);
  work.startIngest(closed.id);
  return json(200, shortInfo(closed));
}

function parseJobPart(text: string): Record<string, unknown> {
  try {
    return JSON.parse(text);
  } catch {
    throw new ApiError(400, "JSON_PARSER_ERROR", "The job part of the multipart request must be JSON");
  }
}

function newJob(org: Org, jobs: Jobs, body: Record<string, unknown>, version: number): IngestJob {
  if (body["operation"] === "hardDelete" && !org.permissions.bulkHardDelete)
    throw new ApiError(
      400,
      "FEATURENOTENABLED",
      "hardDelete operation requires special user profile permission, please contact your system administrator",
    );
  const operation = choice(
    "operation",
    body["operation"],
    ["insert", "update", "upsert", "delete", "hardDelete"] as const,
    undefined,
  );
  choice("contentType", body["contentType"], ["CSV"] as const, "CSV");
  const object = org.catalog.object(String(body["object"] ?? ""));
  if (object === undefined)
    throw new ApiError(400, "INVALIDJOB", `InvalidJob : Unable to find object: ${String(body["object"])}`);
  if (object.readOnly)
    throw new ApiError(400, "INVALIDENTITY", `Entity '${object.name}' is not supported by the Bulk API.`);
  refuseWithoutAccess(object, operation);
  const keyName = body["externalIdFieldName"];
  if (operation === "upsert") {
    const key = object.field(String(keyName ?? ""));
    if (key === undefined || !(key.externalId || key.idLookup))
      throw new ApiError(
        400,
        "INVALIDJOB",
        `InvalidJob : Field name provided, ${String(keyName ?? "")} does not match an External ID for ${object.name}`,
      );
  }
  if (org.limits.remaining("DailyBulkApiBatches") === 0)
    throw new ApiError(400, "EXCEEDEDQUOTA", "ExceededQuota : ApiBatchItems Limit exceeded.");
  const rule = assignmentRule(object, body["assignmentRuleId"], version);
  const timestamp = jobTimestamp();
  return {
    kind: "ingest",
    id: jobs.newId(),
    state: "Open",
    object: object.name,
    operation,
    apiVersion: version,
    ...(operation === "upsert" ? { externalIdFieldName: String(keyName) } : {}),
    ...(rule === undefined ? {} : { assignmentRuleId: rule }),
    columnDelimiter: choice("columnDelimiter", body["columnDelimiter"], Object.keys(delimiters), "COMMA"),
    lineEnding: choice("lineEnding", body["lineEnding"], ["LF", "CRLF"] as const, "LF"),
    createdDate: timestamp,
    systemModstamp: timestamp,
    recordsProcessed: 0,
    recordsFailed: 0,
    processingTime: 0,
    uploads: 0,
    offset: 0,
    chunks: 0,
  };
}

// "The ID of an assignment rule to run for a Case or a Lead", from version 49.0 on.
function assignmentRule({ name }: SalesforceObject, given: unknown, version: number): string | undefined {
  if (given === undefined || given === null) return undefined;
  if (typeof given === "string" && version >= assignmentSince && assignable.has(name)) return given;
  throw new ApiError(400, "INVALIDJOB", `InvalidJob : assignmentRuleId is not supported for ${name}`);
}

// Only "create/update" has a witness (forcedotcom/cli#2254); the other two are worded after it.
function refuseWithoutAccess({ name, access }: SalesforceObject, operation: IngestJob["operation"]): void {
  const needed = {
    insert: ["create", access.createable],
    update: ["update", access.updateable],
    upsert: ["create/update", access.createable && access.updateable],
    delete: ["delete", access.deletable],
    hardDelete: ["delete", access.deletable],
  } as const;
  const [permission, held] = needed[operation];
  if (!held) throw new ApiError(400, "INVALIDJOB", `InvalidJob : No ${permission} access for object:${name}`);
}

async function upload(org: Org, jobs: Jobs, request: ApiRequest): Promise<Answer> {
  const id = jobs.ingest(request.params["id"] ?? "").id;
  const type = String(request.headers["content-type"] ?? "");
  if (!type.startsWith("text/csv")) throw new ApiError(400, "API_ERROR", `Unsupported content type: ${type}`);
  requireOpen(jobs.ingest(id));
  const partial = partialFile(org, id);
  try {
    await pipeline(request.body, (chunks) => limitBytes(chunks), createWriteStream(partial));
  } catch (error) {
    rmSync(partial, { force: true });
    throw error;
  }
  // The job may have moved on while the bytes came in.
  const job = jobs.ingest(id);
  requireOpen(job);
  jobs.save({ ...job, uploads: job.uploads + 1 });
  if (job.uploads > 0) {
    rmSync(partial, { force: true });
    throw poisoned(id);
  }
  renameSync(partial, jobFile(org, id));
  return { status: 201 };
}

async function* limitBytes(chunks: AsyncIterable<Buffer>): AsyncGenerator<Buffer> {
  let bytes = 0;
  for await (const chunk of chunks) {
    bytes += chunk.length;
    if (encodedLength(bytes) <= largestEncoded) yield chunk;
  }
  // Only now: a client that is still sending could not read the answer.
  if (encodedLength(bytes) > largestEncoded)
    throw new ApiError(
      413,
      "REQUEST_ENTITY_TOO_LARGE",
      `The upload of ${bytes} bytes is larger than ${largestEncoded} bytes in base64`,
    );
}

/** Of base64: four characters for three bytes. */
function encodedLength(bytes: number): number {
  return 4 * Math.ceil(bytes / 3);
}

function requireOpen(job: IngestJob): void {
  if (job.state !== "Open")
    throw new ApiError(400, "INVALIDJOBSTATE", `The Job is not Open. Current job state is '${job.state}'`);
}

async function changeState(jobs: Jobs, work: BulkWork, request: ApiRequest): Promise<Answer> {
  const body = await readJson(request);
  const state = choice("state", body["state"], ["UploadComplete", "Aborted"] as const, undefined);
  const job = jobs.ingest(request.params["id"] ?? "");
  refuseEnded(job, state === "Aborted" ? "Aborting" : "Closing");
  if (state === "UploadComplete") {
    if (job.state !== "Open") throw new ApiError(400, "INVALIDJOBSTATE", "Closing already Closed Job not allowed");
    if (job.uploads > 1) throw poisoned(job.id);
  }
  const changed: IngestJob = { ...job, state, systemModstamp: jobTimestamp() };
  jobs.save(changed);
  if (state === "UploadComplete") work.startIngest(job.id);
  return json(200, shortInfo(changed));
}

function shortInfo(job: IngestJob): Record<string, unknown> {
  return {
    ...commonInfo(job),
    ...(job.externalIdFieldName === undefined ? {} : { externalIdFieldName: job.externalIdFieldName }),
    ...(job.assignmentRuleId === undefined ? {} : { assignmentRuleId: job.assignmentRuleId }),
  };
}

/** What GET says of a job: counts from the first processed row on, contentUrl while it is open. */
export function ingestInfo(job: IngestJob): Record<string, unknown> {
  return {
    ...shortInfo(job),
    ...(job.state === "Open" ? { contentUrl: contentUrl(job) } : {}),
    jobType: "V2Ingest",
    lineEnding: job.lineEnding,
    columnDelimiter: job.columnDelimiter,
    retries: 0,
    totalProcessingTime: job.processingTime,
    apiActiveProcessingTime: job.processingTime,
    apexProcessingTime: 0,
    numberRecordsProcessed: job.recordsProcessed,
    ...(job.state === "Open" ? {} : { numberRecordsFailed: job.recordsFailed }),
    ...(job.errorMessage === undefined ? {} : { errorMessage: job.errorMessage }),
  };
}

function contentUrl(job: IngestJob): string {
  return `services/data/v${job.apiVersion}.0/jobs/ingest/${job.id}/batches`;
}
