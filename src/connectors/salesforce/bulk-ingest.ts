// Bulk API 2.0 ingest: a job is made, fed once, closed, and asked for until it has ended.
// https://developer.salesforce.com/docs/atlas.en-us.api_asynch.meta/api_asynch/bulk_api_2_0.htm

import type { Batch, BatchState, ResultFiles } from "../../contract/write.ts";
import { readText, strangeAnswer } from "../../http/client.ts";
import { CallFault } from "../../http/outcome.ts";
import type { ApiCall } from "../kit/api-client.ts";
import type { SalesforceClient } from "./client.ts";
import { endedForATime, readApiError } from "./errors.ts";

const jobs = "/jobs/ingest";

export async function openJob(
  client: SalesforceClient,
  batch: Pick<Batch, "object" | "operation" | "externalId" | "assignmentRule">,
  signal?: AbortSignal,
): Promise<string> {
  const doing = `making a ${batch.operation} job for ${batch.object}`;
  const json = {
    object: batch.object,
    operation: batch.operation,
    contentType: "CSV",
    lineEnding: "LF",
    columnDelimiter: "COMMA",
    ...(batch.externalId === undefined ? {} : { externalIdFieldName: batch.externalId }),
    ...(batch.assignmentRule === undefined ? {} : { assignmentRuleId: batch.assignmentRule }),
  };
  // A second job is as empty as the first; an orphan is thrown away by Salesforce.
  const answer = await client.post(jobs, json, { doing, signal });
  if (typeof answer["id"] !== "string") throw strangeAnswer({ status: 200 }, JSON.stringify(answer), doing);
  return answer["id"];
}

/** One PUT a job: a second one makes the job unusable, so an unknown outcome is the caller's to deal with. */
export async function uploadBatch(
  client: SalesforceClient,
  job: string,
  batch: Batch,
  onBytes: (bytes: number) => void,
  signal: AbortSignal,
): Promise<void> {
  const doing = `uploading to job ${job}`;
  const call: ApiCall = {
    method: "PUT",
    path: `${jobs}/${job}/batches`,
    headers: { "content-type": "text/csv" },
    body: { path: batch.path, bytes: batch.bytes, onBytes },
    idempotent: false,
    doing,
    signal,
  };
  await client.read(call, async (response) => {
    const text = await readText(response, doing);
    // Salesforce says "created"; any other success is of something between us and it.
    if (response.status !== 201) throw strangeAnswer(response, text, doing);
  });
}

export async function closeJob(client: SalesforceClient, job: string, signal: AbortSignal): Promise<void> {
  const call = { idempotent: false, doing: `closing job ${job}`, signal };
  await client.callJson({ method: "PATCH", path: `${jobs}/${job}`, json: { state: "UploadComplete" }, ...call });
}

/** Aborts a job that is open. False when it turns out that it was closed and worked on after all. */
export async function abortJob(client: SalesforceClient, job: string, signal?: AbortSignal): Promise<boolean> {
  try {
    const call = { idempotent: true, doing: `aborting job ${job}`, signal };
    await client.callJson({ method: "PATCH", path: `${jobs}/${job}`, json: { state: "Aborted" }, ...call });
    return true;
  } catch (error) {
    // 400: it has ended already, by an abort whose answer was lost for one; 404: it is gone.
    if (!(error instanceof CallFault) || (error.status !== 404 && error.status !== 400)) throw error;
    const { state } = await inspectJob(client, job, signal);
    return state === "aborted" || state === "gone";
  }
}

export async function inspectJob(client: SalesforceClient, job: string, signal?: AbortSignal): Promise<BatchState> {
  let info: Record<string, unknown>;
  try {
    info = await client.get(`${jobs}/${job}`, { doing: `reading job ${job}`, form: { state: "name" }, signal });
  } catch (error) {
    // Salesforce's own 404; a proxy's says nothing of the job.
    const isGone = error instanceof CallFault && error.status === 404 && readApiError(error.body) !== undefined;
    if (isGone) return { state: "gone" };
    throw error;
  }
  const processed = Number(info["numberRecordsProcessed"] ?? 0);
  const failed = Number(info["numberRecordsFailed"] ?? 0);
  switch (info["state"]) {
    case "Open":
      return { state: "open" };
    case "JobComplete":
      return { state: "complete", processed, failed };
    case "Failed": {
      const message = String(info["errorMessage"] ?? "no reason given");
      return { state: "failed", message, processed, again: endedForATime(message) };
    }
    case "Aborted":
      return { state: "aborted", untouched: processed === 0 && Number(info["totalProcessingTime"] ?? 0) === 0 };
    case "UploadComplete":
    case "InProgress":
      return { state: "processing", processed };
    default:
      throw strangeAnswer({ status: 200 }, JSON.stringify(info), `reading job ${job}`);
  }
}

/** Fetches the rows that were written to disk, as received. */
export async function fetchWritten(
  client: SalesforceClient,
  job: string,
  files: ResultFiles,
  signal: AbortSignal,
): Promise<void> {
  await fetchSet(client, job, "successfulResults", files.succeeded, signal);
}

/** Fetches those that were refused, and those that were not come to. */
export async function fetchRefused(
  client: SalesforceClient,
  job: string,
  files: ResultFiles,
  signal: AbortSignal,
): Promise<void> {
  await fetchSet(client, job, "failedResults", files.failed, signal);
  await fetchSet(client, job, "unprocessedrecords", files.unprocessed, signal);
}

async function fetchSet(
  client: SalesforceClient,
  job: string,
  name: string,
  path: string,
  signal: AbortSignal,
): Promise<void> {
  await client.downloadCsv({ path: `${jobs}/${job}/${name}/`, doing: `reading ${name} of job ${job}`, signal }, path);
}
