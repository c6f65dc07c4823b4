// The target's present values: keyed queries for few records, one bulk scan for many, whichever costs fewer calls.

import type { PresentChanges, ReadingCost, Snapshot, SnapshotRequest } from "../../contract/present.ts";
import { countOf } from "../../core/counted.ts";
import type { FieldSchema } from "../../core/model.ts";
import { inGroups } from "../kit/groups.ts";
import { saveSnapshot } from "../kit/snapshot.ts";
import { fetchPages, openQueryJob } from "./bulk-query.ts";
import type { SalesforceClient } from "./client.ts";
import { queryCells, rowsPerQueryPage } from "./rest-query.ts";
import { encodedLength, packKeys, select, soqlText, uriBytesMax } from "./soql.ts";

/** Job, a few polls, the list of pages, one page. */
const scanCallsMin = 6;
/** Up to so many records pages of a query are fewer calls than a job, and begin to come at once. */
export const queryRowsMax = (scanCallsMin - 1) * rowsPerQueryPage;
/** Ids of 18 letters that one query names. */
const idsPerQuery = 500;

export const idColumn = "Id";
export const versionColumn = "SystemModstamp";

/** Of a query, and of a job until it begins to answer. */
const secondsPerQuery = 0.3;
const secondsPerJob = 5;
/** What a bulk query gives in a second, and in a page at most. */
const rowsPerSecond = 20_000;
const rowsPerBulkPage = 250_000;
/** Whether all may be seen, two counts, the delete log. */
const changesCallsMin = 4;
/** What quotes and a comma take in a URL. */
const bytesPerKey = 9;

function costOfJob(rows: number): ReadingCost {
  const calls = scanCallsMin + Math.floor(rows / rowsPerBulkPage);
  return { calls, seconds: secondsPerJob + rows / rowsPerSecond };
}

function costOfQueries(calls: number): ReadingCost {
  return { calls, seconds: calls * secondsPerQuery };
}

export const forecastReading: PresentChanges["forecast"] = ({ keys, changed, all }) => {
  const pages = Math.max(Math.ceil(changed / rowsPerQueryPage), 1);
  const read = changed <= queryRowsMax ? costOfQueries(pages) : costOfJob(changed);
  const proof = costOfQueries(changesCallsMin);
  const named = (count: number, bytes: number) =>
    costOfQueries(
      Math.max(Math.ceil(count / rowsPerQueryPage), Math.ceil((bytes + count * bytesPerKey) / uriBytesMax)),
    );
  return {
    ...(keys === undefined ? {} : { named: named(keys.count, keys.bytes) }),
    changed: { calls: read.calls + proof.calls, seconds: read.seconds + proof.seconds },
    all: costOfJob(all),
  };
};

/** Keyed queries, or one scan. */
export function forecastReads(records: number): number {
  return Math.min(Math.ceil(records / idsPerQuery), scanCallsMin);
}

export async function readSnapshot(
  client: SalesforceClient,
  request: SnapshotRequest,
  key: FieldSchema | undefined,
): Promise<Snapshot> {
  const fields = [idColumn, versionColumn, ...request.fields];
  const scope = request.deleted === true ? "IsDeleted = true" : request.scope;
  const keyName = request.key[0] ?? idColumn;
  if (request.keys !== undefined) {
    const within = scope === undefined ? "" : ` AND (${scope})`;
    const fixedBytes = encodedLength(select({ fields, object: request.object }) + within) + 100;
    const conditions = await packKeys(keyName, keyLiterals(request.keys.read(), key), uriBytesMax - fixedBytes);
    const pages = Math.ceil(request.keys.count / rowsPerQueryPage);
    const asked = conditions.map((condition) => condition + within);
    const isFewer = Math.max(conditions.length, pages) < scanCallsMin;
    if (isFewer || request.keys.isChosen === true) return queryKeys(client, request, fields, asked);
  }
  if (scope === undefined) await request.onAll?.();
  const where = scope === undefined ? hasKey(request.key) : `(${scope})`;
  const soql = select({ fields, object: request.object, where });
  const scanned = await scanObject(client, request, soql);
  return scope === undefined ? { ...scanned, isAll: true } : scanned;
}

/** The condition that a record has the key. Undefined: each has. */
export function hasKey([name = idColumn]: readonly string[]): string | undefined {
  return name === idColumn ? undefined : `${name} != null`;
}

async function* keyLiterals(values: AsyncIterable<string>, key: FieldSchema | undefined): AsyncGenerator<string> {
  const isNumber = key?.kind === "number" || key?.kind === "integer";
  for await (const value of values) yield isNumber ? value : soqlText(value);
}

async function queryKeys(
  client: SalesforceClient,
  request: SnapshotRequest,
  fields: string[],
  conditions: string[],
): Promise<Snapshot> {
  const { object, signal, deleted } = request;
  const soql = conditions.map((where) => select({ fields, object, where }));
  const doing = "reading present values";
  const cells = queryCells(client, { soql, fields, all: deleted === true, doing, signal });
  const how = countOf(conditions.length, "keyed query", "keyed queries");
  return saveSnapshot(request, fields, inGroups(cells, rowsPerQueryPage), how);
}

async function scanObject(client: SalesforceClient, request: SnapshotRequest, soql: string): Promise<Snapshot> {
  const { folder, name, object, signal, onProgress, deleted } = request;
  const job = await openQueryJob(client, { soql, all: deleted === true }, signal);
  const fileName = (page: number) => `${name}-${String(page).padStart(5, "0")}.csv`;
  const files: string[] = [];
  let rows = 0;
  const pages = fetchPages(client, job, { folder, fileName, known: new Map(), keepGzip: false, signal, onProgress });
  for await (const page of pages) {
    files.push(page.path);
    rows += page.rows;
  }
  return { files: files.sort(), rows, how: `one scan of ${object} (${countOf(rows, "record")})` };
}
