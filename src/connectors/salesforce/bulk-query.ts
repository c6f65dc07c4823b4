// Bulk API 2.0 query: results as pages on disk, several at once, header on each, rows checked against what Salesforce
// counted. https://developer.salesforce.com/docs/atlas.en-us.api_asynch.meta/api_asynch/queries.htm

import { join } from "node:path";
import { wait } from "../../core/clock.ts";
import { countOf, showCount } from "../../core/counted.ts";
import { Failure } from "../../core/errors.ts";
import { exitCode } from "../../core/exit-code.ts";
import { pollDelays } from "../../http/polling.ts";
import type { CallPurpose } from "../kit/api-client.ts";
import { followPages } from "../kit/pages.ts";
import type { SalesforceClient } from "./client.ts";

const jobs = "/jobs/query";
/** Pages have addresses of their own, so that several can be fetched at once, since this API version. */
const parallelSince = 58;
/** Salesforce names so many pages at a time. */
const pagesInFlight = 5;

export interface QueryPage {
  /** 1-based. */
  number: number;
  path: string;
  /** Records that Salesforce says are in it. */
  rows: number;
}

export interface PagesRequest {
  folder: string;
  /** The file's name without its folder. */
  fileName(page: number): string;
  /** Leave pages gzipped that come so. */
  keepGzip: boolean;
  /** Pages that are on disk already, with their rows. */
  known: ReadonlyMap<number, number>;
  signal: AbortSignal;
  onProgress(rows: number, total: number): void;
}

/** Makes a query job; it begins to work at once. A second one reads the same again and changes nothing. */
export async function openQueryJob(
  client: SalesforceClient,
  query: { soql: string; all: boolean },
  signal: AbortSignal,
): Promise<string> {
  const operation = query.all ? "queryAll" : "query";
  const json = { operation, query: query.soql, contentType: "CSV", columnDelimiter: "COMMA", lineEnding: "LF" };
  const made = await client.post(jobs, json, { doing: "making a query job", form: { id: "name" }, signal });
  return String(made["id"]);
}

/** The pages of a job that are not known yet, as they arrive. Throws a Failure where their rows don't add up. */
export async function* fetchPages(
  client: SalesforceClient,
  job: string,
  request: PagesRequest,
): AsyncGenerator<QueryPage> {
  const total = await awaitQuery(client, job, request.signal);
  let rows = 0;
  for (const known of request.known.values()) rows += known;
  const pages = Number(client.version) >= parallelSince ? fetchInParallel : fetchInTurn;
  for await (const page of pages(client, job, request)) {
    rows += page.rows;
    request.onProgress(rows, total);
    yield page;
  }
  if (rows === total) return;
  throw new Failure(
    exitCode.failed,
    `${client.name}: the query's pages hold ${countOf(rows, "row")}, the job says ${showCount(total)}`,
    {
      where: { remote: `query job ${job}` },
      next: "run again; nothing was written",
    },
  );
}

async function awaitQuery(client: SalesforceClient, job: string, signal: AbortSignal): Promise<number> {
  const doing = `reading query job ${job}`;
  for (const delayMs of pollDelays()) {
    const info = await client.get(`${jobs}/${job}`, { doing, form: { state: "name" }, signal });
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

/** https://developer.salesforce.com/docs/atlas.en-us.api_asynch.meta/api_asynch/query_get_parallel_results.htm */
async function* fetchInParallel(
  client: SalesforceClient,
  job: string,
  request: PagesRequest,
): AsyncGenerator<QueryPage> {
  const inFlight = new Map<number, Promise<QueryPage>>();
  let number = 0;
  try {
    for await (const url of listPages(client, job, request.signal)) {
      number += 1;
      if (request.known.has(number)) continue;
      const page = fetchPage(client, job, url, { ...request, number });
      // Its failure is met when its turn comes.
      page.catch(() => undefined);
      inFlight.set(number, page);
      if (inFlight.size === pagesInFlight) yield await takeFirst(inFlight);
    }
    while (inFlight.size > 0) yield await takeFirst(inFlight);
  } finally {
    await Promise.allSettled(inFlight.values());
  }
}

async function takeFirst(inFlight: Map<number, Promise<QueryPage>>): Promise<QueryPage> {
  const page = await Promise.race(inFlight.values());
  inFlight.delete(page.number);
  return page;
}

async function* listPages(client: SalesforceClient, job: string, signal: AbortSignal): AsyncGenerator<string> {
  const purpose: CallPurpose = {
    doing: `listing result pages of query job ${job}`,
    form: { resultPages: "list" },
    signal,
  };
  for await (const list of client.pages(`${jobs}/${job}/resultPages`, purpose))
    for (const { resultUrl } of list["resultPages"] as { resultUrl: string }[]) yield resultUrl;
}

/** The address of a page is in the answer with the one before: those that are known are fetched again. */
async function* fetchInTurn(client: SalesforceClient, job: string, request: PagesRequest): AsyncGenerator<QueryPage> {
  let number = 0;
  const pages = followPages(client, `reading pages of query job ${job}`, (locator) => {
    number += 1;
    const query = locator === undefined ? "" : `?locator=${encodeURIComponent(locator)}`;
    return fetchPage(client, job, `${jobs}/${job}/results${query}`, { ...request, number });
  });
  for await (const page of pages) if (!request.known.has(page.number)) yield page;
}

async function fetchPage(
  client: SalesforceClient,
  job: string,
  url: string,
  { folder, fileName, number, signal, keepGzip }: PagesRequest & { number: number },
): Promise<QueryPage & { next: string | undefined }> {
  const call = { path: url, doing: `reading page ${number} of query job ${job}`, signal, keepGzip };
  const { path, headers } = await client.downloadCsv(call, join(folder, fileName(number)));
  const rows = Number(headers["sforce-numberofrecords"] ?? 0);
  const locator = headers["sforce-locator"];
  // The last page has the literal text `null`.
  return { number, path, rows, next: locator === "null" || locator === "" ? undefined : locator };
}
