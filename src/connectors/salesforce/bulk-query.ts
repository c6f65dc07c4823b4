// Bulk API 2.0 query: results as pages on disk, header on each, rows checked against what Salesforce counted.
// https://developer.salesforce.com/docs/atlas.en-us.api_asynch.meta/api_asynch/queries.htm

import { join } from "node:path";
import { wait } from "../../core/clock.ts";
import { Failure } from "../../core/errors.ts";
import { exitCode } from "../../core/exit-code.ts";
import { pollDelays } from "../../http/polling.ts";
import type { SalesforceClient } from "./client.ts";

const jobs = "/jobs/query";

export interface QueryRequest {
  soql: string;
  folder: string;
  /** What the pages' names start with. */
  name: string;
  signal: AbortSignal;
  onProgress(rows: number): void;
}

export interface QueryPages {
  files: string[];
  rows: number;
}

export async function queryInBulk(client: SalesforceClient, request: QueryRequest): Promise<QueryPages> {
  const made = await client.callJson({
    method: "POST",
    path: jobs,
    json: { operation: "query", query: request.soql, contentType: "CSV", columnDelimiter: "COMMA", lineEnding: "LF" },
    // A second query job reads the same again; it changes nothing.
    idempotent: true,
    doing: "making a query job",
    signal: request.signal,
  });
  const job = String(made["id"]);
  const total = await awaitQuery(client, job, request.signal);
  const pages = await fetchPages(client, job, request);
  if (pages.rows === total) return pages;
  throw new Failure(
    exitCode.failed,
    `${client.name}: the query's pages hold ${pages.rows} rows, the job says ${total}`,
    {
      where: { remote: `query job ${job}` },
      next: "run again; nothing was written",
    },
  );
}

async function awaitQuery(client: SalesforceClient, job: string, signal: AbortSignal): Promise<number> {
  for (const delayMs of pollDelays()) {
    const info = await client.callJson({
      method: "GET",
      path: `${jobs}/${job}`,
      idempotent: true,
      doing: `reading query job ${job}`,
      signal,
    });
    if (info["state"] === "JobComplete") return Number(info["numberRecordsProcessed"] ?? 0);
    if (info["state"] === "Failed" || info["state"] === "Aborted") {
      throw new Failure(exitCode.failed, `${client.name}: the query job ended as ${info["state"]}`, {
        where: { remote: `query job ${job}` },
        why: String(info["errorMessage"] ?? "Salesforce gives no reason"),
      });
    }
    await wait(delayMs, signal);
  }
  throw new Error("unreachable: polling has no end");
}

async function fetchPages(client: SalesforceClient, job: string, request: QueryRequest): Promise<QueryPages> {
  const files: string[] = [];
  let rows = 0;
  let locator: string | undefined;
  do {
    const path = join(request.folder, `${request.name}-${String(files.length + 1).padStart(5, "0")}.csv`);
    const query = locator === undefined ? "" : `?locator=${encodeURIComponent(locator)}`;
    const doing = `reading results of query job ${job}`;
    const page = { path: `${jobs}/${job}/results${query}`, doing, signal: request.signal };
    const headers = await client.downloadCsv(page, path);
    files.push(path);
    rows += Number(headers["sforce-numberofrecords"] ?? 0);
    request.onProgress(rows);
    const next = headers["sforce-locator"];
    // The last page has the literal text `null`.
    locator = next === undefined || next === "null" || next === "" ? undefined : next;
  } while (locator !== undefined);
  return { files, rows };
}
