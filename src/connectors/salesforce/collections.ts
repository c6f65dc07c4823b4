// sObject Collections: up to 200 records updated by their id, or created by an external id, in one call that answers with
// a result for each. What must hold: made again, a call leaves the same records, so it may be when its outcome is unknown.
// https://developer.salesforce.com/docs/platform/api-rest/guide/resources-composite-sobjects-collections-upsert.html

import type { Batch, CallAttempt, ResultFiles } from "../../contract/write.ts";
import { countOf } from "../../core/counted.ts";
import { parseJson } from "../../core/json.ts";
import { readText, strangeAnswer } from "../../http/client.ts";
import { CallFault } from "../../http/outcome.ts";
import type { ApiCall } from "../kit/api-client.ts";
import { type AnsweredRow, type Created, createdCell, saveAnsweredRows } from "../kit/batch-file.ts";
import { bisect } from "../kit/bisect.ts";
import type { SalesforceClient } from "./client.ts";
import { type ApiError, readApiError } from "./errors.ts";
import type { JsonColumn } from "./json-records.ts";
import { idColumn } from "./snapshot.ts";

/** Of a bulk job's result files, and of ours. */
export const resultColumns = { id: "sf__Id", created: "sf__Created", error: "sf__Error" };

export interface CollectionWrite {
  batch: Batch;
  columns: readonly JsonColumn[];
  rows: readonly string[][];
  attempt: Pick<CallAttempt, "again" | "journal">;
  files: ResultFiles;
  signal: AbortSignal;
}

interface RecordResult {
  id?: string | null;
  success: boolean;
  created?: boolean;
  errors?: { statusCode: string; message: string; fields?: string[] | null }[];
}

/** What became of a row. Kept, it still says whether an earlier call may have made the record. */
type RowAnswer = { id: string; created: Created } | { id: string; error: string };

/** Writes a batch in one call, and its results as a bulk job would give them. Throws CallFault. */
export async function writeCollection(client: SalesforceClient, write: CollectionWrite): Promise<void> {
  const { batch, columns, rows, attempt } = write;
  const keyColumn = batch.externalId ?? idColumn;
  const key = columns.findIndex(({ header }) => header === keyColumn);
  const answers = new Map(attempt.journal.kept as ReadonlyMap<number, RowAnswer>);
  const open = rows.map((_, index) => index + 1).filter((place) => !answers.has(place));
  for (const [place, answer] of await writeOpen(client, write, open)) answers.set(place, answer);
  const answered = rows.map((row, index): AnsweredRow => {
    const answer = answers.get(index + 1) ?? answerOf({ success: false }, false);
    return { ...answer, cells: [row[key] ?? ""] };
  });
  saveAnsweredRows([keyColumn], answered, resultColumns, write.files);
}

/** Gives what each row was answered, by its place. What was written is kept: the rest may be sent again. */
async function writeOpen(
  client: SalesforceClient,
  write: CollectionWrite,
  open: readonly number[],
): Promise<(readonly [number, RowAnswer])[]> {
  if (open.length === 0) return [];
  const { again, journal } = write.attempt;
  const unanswered = new Set(again ? open : []);
  const answers = await bisect(open, {
    async call(places) {
      const told = await writeOnce(client, write, places, unanswered);
      const known = places.map((place, index) => answerOf(told[index] ?? { success: false }, unanswered.has(place)));
      const written = pair(places, known).filter(([, answer]) => "created" in answer);
      if (written.length > 0) journal.keep(new Map(written));
      return known;
    },
    refusalOf,
    refuse: (_place, refusal) => answerOf(refuseRow(refusal), false),
  });
  return pair(open, answers);
}

function pair(places: readonly number[], answers: readonly RowAnswer[]): (readonly [number, RowAnswer])[] {
  return answers.map((answer, index) => [places[index] ?? 0, answer]);
}

function answerOf(result: RecordResult, mayBeOurs: boolean): RowAnswer {
  const id = result.id ?? "";
  if (!result.success) return { id, error: errorCell(result) };
  return { id, created: createdCell(result.created === true, mayBeOurs) };
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

async function writeOnce(
  client: SalesforceClient,
  { batch, columns, signal, ...write }: CollectionWrite,
  places: readonly number[],
  unanswered: Set<number>,
): Promise<RecordResult[]> {
  const rows = places.map((place) => write.rows[place - 1] ?? []);
  const place = batch.externalId === undefined ? "" : `/${batch.object}/${batch.externalId}`;
  const doing = `writing ${countOf(rows.length, "record")} of ${batch.object}`;
  const call: ApiCall = {
    method: "PATCH",
    path: `/composite/sobjects${place}`,
    // Left out, this header means that assignment rules are applied, which a bulk job does not do by itself.
    headers: { "content-type": "application/json; charset=utf-8", "sforce-auto-assign": "FALSE" },
    body: `{"allOrNone":false,"records":[${rows.map((row) => jsonRecord(batch.object, columns, row)).join(",")}]}`,
    idempotent: true,
    doing,
    signal,
    onFault: (fault) => {
      if (fault.outcome === "unknown") for (const place of places) unanswered.add(place);
    },
  };
  try {
    return await client.read(call, async (response) =>
      readResults(await readText(response, doing), batch, rows, doing),
    );
  } catch (error) {
    const refusal = refusalOf(error);
    if (refusal === undefined || refusal.code === unreadable) throw error;
    return rows.map(() => refuseRow(refusal));
  }
}

/** A value that can't be read fails the call of its record, "Cannot deserialize instance of double from VALUE_STRING …". */
const unreadable = "JSON_PARSER_ERROR";

/** Why a call was not well formed, and never will be: its rows are rejected, not the run held up for ever. */
function refusalOf(error: unknown): ApiError | undefined {
  return error instanceof CallFault && error.status === 400 ? readApiError(error.body) : undefined;
}

function refuseRow({ code, message }: ApiError): RecordResult {
  return { success: false, errors: [{ statusCode: code, message }] };
}

/** Results come in the order of the records; their number, and the ids of updates, show that they are of these. */
function readResults(text: string, batch: Batch, rows: readonly string[][], doing: string): RecordResult[] {
  const results = parseResults(text);
  const isOurs = results?.length === rows.length && (batch.externalId !== undefined || haveIds(results, rows));
  if (results === undefined || !isOurs) throw strangeAnswer({ status: 200 }, text, doing);
  return results;
}

function parseResults(text: string): RecordResult[] | undefined {
  const parsed = parseJson(text);
  const isList = Array.isArray(parsed) && parsed.every((item) => typeof item?.success === "boolean");
  return isList ? (parsed as RecordResult[]) : undefined;
}

/** Id is the first column of a batch of updates. */
function haveIds(results: readonly RecordResult[], rows: readonly string[][]): boolean {
  return results.every(({ success, id }, index) => !success || id?.slice(0, 15) === rows[index]?.[0]?.slice(0, 15));
}
