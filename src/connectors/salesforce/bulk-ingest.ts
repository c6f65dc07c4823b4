// Bulk API 2.0 ingest: a job is made, fed once, closed, and asked for until it has ended.
// https://developer.salesforce.com/docs/atlas.en-us.api_asynch.meta/api_asynch/bulk_api_2_0.htm

import { downloadTo } from "../../http/download.ts";
import { CallFault } from "../../http/outcome.ts";
import type { Batch, BatchState, ResultFiles } from "../../load/target.ts";
import type { SalesforceClient } from "./client.ts";

const jobs = "/jobs/ingest";

export async function openJob(client: SalesforceClient, batch: Batch, signal: AbortSignal): Promise<string> {
  const answer = await client.callJson({
    method: "POST",
    path: jobs,
    json: {
      object: batch.object,
      operation: batch.operation,
      contentType: "CSV",
      lineEnding: "LF",
      columnDelimiter: "COMMA",
      ...(batch.externalId === undefined ? {} : { externalIdFieldName: batch.externalId }),
    },
    // A second job is as empty as the first; an orphan is thrown away by Salesforce.
    idempotent: true,
    doing: `making a ${batch.operation} job for ${batch.object}`,
    signal,
  });
  return String(answer["id"]);
}

/** One PUT a job: a second one makes the job unusable, so an unknown outcome is the caller's to deal with. */
export async function uploadBatch(
  client: SalesforceClient,
  job: string,
  batch: Batch,
  onBytes: (bytes: number) => void,
  signal: AbortSignal,
): Promise<void> {
  const response = await client.send({
    method: "PUT",
    path: `${jobs}/${job}/batches`,
    headers: { "content-type": "text/csv" },
    body: { path: batch.path, bytes: batch.bytes, onBytes },
    idempotent: false,
    doing: `uploading to job ${job}`,
    signal,
  });
  response.body.resume();
}

export async function closeJob(client: SalesforceClient, job: string, signal: AbortSignal): Promise<void> {
  await setState(client, job, "UploadComplete", signal);
}

/** Aborts a job that was never closed. A job that is gone or ended already needs no abort. */
export async function abortJob(client: SalesforceClient, job: string): Promise<void> {
  try {
    await setState(client, job, "Aborted");
  } catch (error) {
    const isGone = error instanceof CallFault && (error.status === 404 || error.status === 400);
    if (!isGone) throw error;
  }
}

async function setState(client: SalesforceClient, job: string, state: string, signal?: AbortSignal): Promise<void> {
  await client.callJson({
    method: "PATCH",
    path: `${jobs}/${job}`,
    json: { state },
    idempotent: false,
    doing: `setting job ${job} to ${state}`,
    ...(signal === undefined ? {} : { signal }),
  });
}

export async function inspectJob(client: SalesforceClient, job: string, signal: AbortSignal): Promise<BatchState> {
  let info: Record<string, unknown>;
  try {
    info = await client.callJson({
      method: "GET",
      path: `${jobs}/${job}`,
      idempotent: true,
      doing: `reading job ${job}`,
      signal,
    });
  } catch (error) {
    if (error instanceof CallFault && error.status === 404) return { state: "gone" };
    throw error;
  }
  const processed = Number(info["numberRecordsProcessed"] ?? 0);
  const failed = Number(info["numberRecordsFailed"] ?? 0);
  switch (info["state"]) {
    case "Open":
      return { state: "open" };
    case "JobComplete":
      return { state: "complete", processed, failed };
    case "Failed":
      return { state: "failed", message: String(info["errorMessage"] ?? "no reason given"), processed };
    case "Aborted":
      return { state: "aborted" };
    default:
      return { state: "processing", processed };
  }
}

/** Fetches the three result sets to disk, as received. */
export async function fetchResults(
  client: SalesforceClient,
  job: string,
  files: ResultFiles,
  signal: AbortSignal,
): Promise<void> {
  const sets = [
    ["successfulResults", files.succeeded],
    ["failedResults", files.failed],
    ["unprocessedrecords", files.unprocessed],
  ] as const;
  for (const [name, path] of sets) {
    await downloadTo(path, () =>
      client.send({
        method: "GET",
        path: `${jobs}/${job}/${name}/`,
        headers: { accept: "text/csv" },
        idempotent: true,
        doing: `reading ${name} of job ${job}`,
        signal,
      }),
    );
  }
}
