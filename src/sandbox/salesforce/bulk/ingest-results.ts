// The three result sets of an ingest job: what succeeded, what failed, what was never looked at.
// Must hold: rows come in another order than they were sent in, numbers in another form; every value is quoted.
// https://developer.salesforce.com/docs/atlas.en-us.api_asynch.meta/api_asynch/get_job_successful_results.htm

import { createReadStream } from "node:fs";
import { seededFraction } from "../../../core/random.ts";
import { openCsv } from "../../csv-reader.ts";
import type { Answer, Route } from "../../routes.ts";
import { ApiError } from "../errors.ts";
import type { Org } from "../org.ts";
import { quoted } from "../render.ts";
import { apiRoute } from "../rest/api.ts";
import { prepareRows } from "../store.ts";
import { delimiters, type IngestJob, isTerminal, type Jobs, jobFile } from "./jobs.ts";

export function resultRoutes(org: Org, jobs: Jobs): Route[] {
  const finished = (id: string | undefined): IngestJob => {
    const job = jobs.ingest(id ?? "");
    if (isTerminal(job)) return job;
    throw new ApiError(400, "INVALIDJOBSTATE", `The Job has no results yet. Current job state is '${job.state}'`);
  };
  const one = "/jobs/ingest/{id}";
  return [
    apiRoute(org, "GET", `${one}/successfulResults`, ({ params }) =>
      csv(resultSet(org, finished(params["id"]), "successes")),
    ),
    apiRoute(org, "GET", `${one}/failedResults`, ({ params }) =>
      csv(resultSet(org, finished(params["id"]), "failures")),
    ),
    apiRoute(org, "GET", `${one}/unprocessedrecords`, ({ params }) => csv(unprocessed(org, finished(params["id"])))),
  ];
}

/** The same items in another order, the same for the same seed. */
export function shuffle<Item>(items: Item[], seed: number): Item[] {
  const draw = seededFraction(seed);
  for (let index = items.length - 1; index > 0; index -= 1) {
    const other = Math.floor(draw() * (index + 1));
    const moved = items[index] as Item;
    items[index] = items[other] as Item;
    items[other] = moved;
  }
  return items;
}

function csv(body: AsyncIterable<string | Buffer>): Answer {
  return { status: 200, headers: { "Content-Type": "text/csv" }, body };
}

async function* resultSet(org: Org, job: IngestJob, kind: "successes" | "failures"): AsyncGenerator<string> {
  const delimiter = delimiters[job.columnDelimiter] ?? ",";
  const second = kind === "successes" ? "sf__Created" : "sf__Error";
  const original = uploadedHeader(org, job).map(bare(delimiter));
  yield `${['"sf__Id"', quoted(second), ...original].join(delimiter)}${newline(job)}`;
  const chunk = prepareRows<[string]>(
    org.store.database,
    `SELECT ${kind} FROM sandbox_job_result WHERE job = ? AND chunk = ?`,
  );
  for (const number of shuffle(
    Array.from({ length: job.chunks }, (_, index) => index),
    job.recordsProcessed,
  )) {
    const row = chunk.get(job.id, number);
    if (row !== undefined && row[0] !== "") yield row[0];
  }
}

async function* unprocessed(org: Org, job: IngestJob): AsyncGenerator<string | Buffer> {
  const header = uploadedHeader(org, job);
  if (header.length === 0) return;
  const delimiter = delimiters[job.columnDelimiter] ?? ",";
  yield `${header.map(bare(delimiter)).join(delimiter)}${newline(job)}`;
  if (job.state === "JobComplete") return;
  const start = job.offset === 0 ? headerBytes(org, job) : job.offset;
  for await (const block of createReadStream(jobFile(org, job.id), { start })) yield block as Buffer;
}

// Salesforce quotes its own column names and leaves the uploaded ones as they are.
function bare(delimiter: string): (name: string) => string {
  return (name) => (name.includes('"') || name.includes(delimiter) || name.includes("\n") ? quoted(name) : name);
}

export function newline(job: IngestJob): string {
  return job.lineEnding === "LF" ? "\n" : "\r\n";
}

function uploadedHeader(org: Org, job: IngestJob): readonly string[] {
  return readHeader(org, job)?.names ?? [];
}

function headerBytes(org: Org, job: IngestJob): number {
  return readHeader(org, job)?.bytes ?? 0;
}

/** The header of the upload, whatever its line ending; undefined where nothing was uploaded. */
function readHeader(org: Org, job: IngestJob): { names: readonly string[]; bytes: number } | undefined {
  if (job.uploads === 0) return undefined;
  for (const lineEnding of ["LF", "CRLF"] as const) {
    const reader = openCsv(jobFile(org, job.id), delimiters[job.columnDelimiter] ?? ",", lineEnding, 0);
    try {
      const [record] = reader.read(1);
      return { names: record?.cells ?? [], bytes: reader.offset };
    } catch {
      // The other line ending, then.
    } finally {
      reader.close();
    }
  }
  return undefined;
}
