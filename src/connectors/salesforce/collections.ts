// sObject Collections: up to 200 records updated by their id, or created by an external id, in one call that answers with
// a result for each. What must hold: made again, a call leaves the same records, so it may be when its outcome is unknown.
// https://developer.salesforce.com/docs/platform/api-rest/guide/resources-composite-sobjects-collections-upsert.html

import type { Batch, ResultFiles } from "../../contract/write.ts";
import { readText, strangeAnswer } from "../../http/client.ts";
import { CallFault } from "../../http/outcome.ts";
import type { ApiCall } from "../kit/api-client.ts";
import { type RowAnswers, saveRowAnswers } from "../kit/batch-file.ts";
import type { SalesforceClient } from "./client.ts";
import { readApiError } from "./errors.ts";
import type { JsonColumn } from "./json-records.ts";
import { idColumn } from "./snapshot.ts";

/** Of a bulk job's result files, and of ours. */
export const resultColumns = { id: "sf__Id", created: "sf__Created", error: "sf__Error" };

export interface CollectionWrite {
  batch: Batch;
  columns: readonly JsonColumn[];
  rows: readonly string[][];
  /** An earlier call may have written these records. */
  again: boolean;
  files: ResultFiles;
  signal: AbortSignal;
}

interface RecordResult {
  id?: string | null;
  success: boolean;
  created?: boolean;
  errors?: { statusCode: string; message: string; fields?: string[] | null }[];
}

/** Writes a batch in one call, and its results as a bulk job would give them. Throws CallFault. */
export async function writeCollection(client: SalesforceClient, write: CollectionWrite): Promise<void> {
  const { batch, columns, rows, files } = write;
  const body = `{"allOrNone":false,"records":[${rows.map((row) => jsonRecord(batch.object, columns, row)).join(",")}]}`;
  const answered = await callOnce(client, write, body);
  const keyColumn = batch.externalId ?? idColumn;
  const key = columns.findIndex(({ header }) => header === keyColumn);
  const answers: RowAnswers = { columns: [keyColumn], succeeded: [], failed: [] };
  answered.results.forEach((result, index) => {
    const [id, cells] = [result.id ?? "", [rows[index]?.[key] ?? ""]];
    if (result.success) answers.succeeded.push({ id, created: createdCell(result, answered.again), cells });
    else answers.failed.push({ id, error: errorCell(result), cells });
  });
  saveRowAnswers(answers, resultColumns, files);
}

/** "false" only where the record was certainly there before us: made again, a call finds what it made the first time. */
function createdCell({ created }: RecordResult, again: boolean): string {
  if (created === true) return "true";
  return again ? "" : "false";
}

function errorCell({ errors }: RecordResult): string {
  const [first] = errors ?? [];
  if (first === undefined) return "UNKNOWN:no reason given:--";
  return `${first.statusCode}:${first.message}:${(first.fields ?? []).join(",")} --`;
}

function jsonRecord(object: string, columns: readonly JsonColumn[], row: readonly string[]): string {
  const members = columns.flatMap(({ member }, index) => member(row[index] ?? "") ?? []);
  return `{${[`"attributes":{"type":${JSON.stringify(object)}}`, ...members].join(",")}}`;
}

async function callOnce(
  client: SalesforceClient,
  { batch, rows, again, signal }: CollectionWrite,
  body: string,
): Promise<{ results: RecordResult[]; again: boolean }> {
  const place = batch.externalId === undefined ? "" : `/${batch.object}/${batch.externalId}`;
  const doing = `writing ${rows.length} records of ${batch.object}`;
  let mayBeThere = again;
  try {
    const call: ApiCall = {
      method: "PATCH",
      path: `/composite/sobjects${place}`,
      // Left out, this header means that assignment rules are applied, which a bulk job does not do by itself.
      headers: { "content-type": "application/json; charset=utf-8", "sforce-auto-assign": "FALSE" },
      body,
      idempotent: true,
      doing,
      signal,
      onFault: (fault) => {
        mayBeThere ||= fault.outcome === "unknown";
      },
    };
    const results = await client.read(call, async (response) =>
      readResults(await readText(response, doing), batch, rows, doing),
    );
    return { results, again: mayBeThere };
  } catch (error) {
    const refusal = error instanceof CallFault && error.status === 400 ? readApiError(error.body) : undefined;
    if (refusal === undefined) throw error;
    // The call is not well formed, and will never be: its rows are rejected, not the run held up for ever.
    const errors = [{ statusCode: refusal.code, message: refusal.message }];
    return { results: rows.map(() => ({ success: false, errors })), again: mayBeThere };
  }
}

/** Results come in the order of the records; their number, and the ids of updates, show that they are of these. */
function readResults(text: string, batch: Batch, rows: readonly string[][], doing: string): RecordResult[] {
  const results = parseResults(text);
  const isOurs = results?.length === rows.length && (batch.externalId !== undefined || haveIds(results, rows));
  if (results === undefined || !isOurs) throw strangeAnswer({ status: 200 }, text, doing);
  return results;
}

function parseResults(text: string): RecordResult[] | undefined {
  try {
    const parsed: unknown = JSON.parse(text);
    const isList = Array.isArray(parsed) && parsed.every((item) => typeof item?.success === "boolean");
    return isList ? (parsed as RecordResult[]) : undefined;
  } catch {
    return undefined;
  }
}

/** Id is the first column of a batch of updates. */
function haveIds(results: readonly RecordResult[], rows: readonly string[][]): boolean {
  return results.every(({ success, id }, index) => !success || id?.slice(0, 15) === rows[index]?.[0]?.slice(0, 15));
}
