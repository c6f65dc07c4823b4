// The list of jobs, a thousand a page.
// https://developer.salesforce.com/docs/atlas.en-us.api_asynch.meta/api_asynch/get_all_jobs.htm

import { type Answer, json } from "../../routes.ts";
import { ApiError } from "../errors.ts";
import type { ApiRequest } from "../rest/api.ts";
import type { IngestJob, Jobs, QueryJob } from "./jobs.ts";

type Kind = (IngestJob | QueryJob)["kind"];

const pageJobs = 1000;
const typeOf = { ingest: "V2Ingest", query: "V2Query" } as const;

/**
 * A page of one kind of job. The next page of either list lies under /jobs/ingest, as in the vendor's examples: the
 * locator says which kind it goes on with.
 */
export function listJobs(
  jobs: Jobs,
  request: ApiRequest,
  first: Kind,
  show: (job: IngestJob | QueryJob) => Record<string, unknown>,
): Answer {
  const { kind, from } = readLocator(request.query.get("queryLocator")) ?? { kind: first, from: 0 };
  const wanted = request.query.get("jobType");
  // No job here is chunked by primary key.
  const none = request.query.get("isPkChunkingEnabled") === "true" || (wanted !== null && wanted !== typeOf[kind]);
  const all = none ? [] : jobs.list().filter((job) => job.kind === kind);
  const to = from + pageJobs;
  const done = to >= all.length;
  const next = `/services/data/v${request.version}.0/jobs/ingest?queryLocator=${makeLocator(kind, to)}`;
  return json(200, { done, records: all.slice(from, to).map(show), nextRecordsUrl: done ? null : next });
}

function makeLocator(kind: Kind, from: number): string {
  return Buffer.from(`${kind} ${from}`).toString("base64url");
}

function readLocator(locator: string | null): { kind: Kind; from: number } | undefined {
  if (locator === null) return undefined;
  const parts = /^(?<kind>ingest|query) (?<from>\d+)$/.exec(Buffer.from(locator, "base64url").toString())?.groups;
  if (parts === undefined) throw new ApiError(400, "INVALID_QUERY_LOCATOR", "invalid query locator");
  return { kind: parts["kind"] === "query" ? "query" : "ingest", from: Number(parts["from"]) };
}
