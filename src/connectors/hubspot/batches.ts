// Batch calls: a hundred records created, updated, upserted or archived in one, with a result for each.
// In: the rows of a batch file. Out: its result files. What must hold: a result is matched by the trace id that its row
// was sent with, or by its id, never by its place; one bad row costs no other; only what does no harm twice is sent
// again after an unknown answer, and what was created by an earlier try is told from what was there before us.
// https://developers.hubspot.com/docs/api-reference/error-handling (multi-status errors)

import type { Batch } from "../../contract/write.ts";
import { foldText } from "../../values/fold.ts";
import { type Created, createdCell } from "../kit/batch-file.ts";
import { bisect } from "../kit/bisect.ts";
import { proofOf } from "../kit/proof.ts";
import { type AssociationType, specOf } from "./associations.ts";
import type { HubSpotClient } from "./client.ts";
import { type ApiError, refusalOf } from "./errors.ts";
import { objectPath } from "./paths.ts";
import { type HubSpotRecord, readBatch, readBatchAnswer } from "./records.ts";

export interface BatchRow {
  /** The same whenever the row is sent: the batch's name and the row's place in it. */
  trace: string;
  /** Of updates and archivals. */
  id?: string;
  /** Of creates that go by a unique property. */
  key?: string;
  properties: Record<string, string>;
  /** Associations that a create makes with the record. */
  inline?: { to: string; type: AssociationType }[];
}

export type RowAnswer =
  | { trace: string; id: string; created: Created }
  | { trace: string; error: ApiError; existingId?: string };

export interface BatchWrite {
  object: string;
  operation: Batch["operation"];
  /** The unique property that creates go by. */
  key?: string;
  /** When the batch was first begun, by HubSpot's clock: what was created since may be our own. */
  begun: Date;
  /** An earlier call may have written these rows. */
  again: boolean;
  signal: AbortSignal;
  /** Told of each call that HubSpot answered: it may have written rows. */
  onAnswered(): void;
}

/** Writes up to 100 rows. Throws CallFault where nothing is known of them, or all were refused for a common reason. */
export async function writeRows(
  client: HubSpotClient,
  write: BatchWrite,
  rows: readonly BatchRow[],
): Promise<readonly RowAnswer[]> {
  const unanswered = new Set(write.again ? rows : []);
  const answers = await bisect(rows, {
    call: (some) => writeOnce(client, write, some, unanswered),
    refusalOf,
    refuse: answerError,
  });
  const mayBeOurs = write.operation === "insert" ? rows.filter((row) => unanswered.has(row)) : [];
  return claimOwn(client, write, mayBeOurs, answers);
}

/** `unanswered`: rows of calls that may have written them, though no answer told. */
async function writeOnce(
  client: HubSpotClient,
  write: BatchWrite,
  rows: readonly BatchRow[],
  unanswered: Set<BatchRow>,
): Promise<RowAnswer[]> {
  const { json } = await client.call({
    method: "POST",
    path: objectPath(write.object, `/batch/${endpointOf(write)}`),
    json: { inputs: rows.map((row) => inputOf(write, row)) },
    idempotent: isRepeatable(write),
    doing: `writing ${rows.length} ${write.object}`,
    signal: write.signal,
    onFault: (fault) => {
      if (fault.outcome === "unknown") for (const row of rows) unanswered.add(row);
    },
  });
  write.onAnswered();
  if (write.operation === "delete") return rows.map(({ trace, id = "" }) => ({ trace, id, created: "" }));
  return matchAnswers(write, rows, json, unanswered);
}

/** Whether a second call leaves the same records. */
export function isRepeatable({ operation, key }: BatchWrite): boolean {
  return proofOf(operation, key ?? null) !== "nothing";
}

function endpointOf({ operation }: BatchWrite): string {
  if (operation === "replace" || operation === "undelete") throw new Error(`HubSpot has no ${operation}`);
  const endpoints = { insert: "create", upsert: "upsert", update: "update", delete: "archive", hardDelete: "archive" };
  return endpoints[operation];
}

function inputOf({ operation, key }: BatchWrite, row: BatchRow): object {
  const { trace, id, properties } = row;
  if (operation === "delete") return { id };
  if (operation === "update") return { id, properties, objectWriteTraceId: trace };
  if (operation === "insert") return { properties, ...inlineOf(row), objectWriteTraceId: trace };
  return { id: row.key, idProperty: key, properties, objectWriteTraceId: trace };
}

function inlineOf({ inline = [] }: BatchRow): object {
  if (inline.length === 0) return {};
  return { associations: inline.map(({ to, type }) => ({ to: { id: to }, types: [specOf(type)] })) };
}

type Result = HubSpotRecord & { objectWriteTraceId?: string; new?: boolean };

function matchAnswers(
  write: BatchWrite,
  rows: readonly BatchRow[],
  json: unknown,
  unanswered: ReadonlySet<BatchRow>,
): RowAnswer[] {
  const { results, errors } = readBatchAnswer<Result>(json);
  const byTrace = new Map(rows.map((row) => [row.trace, row]));
  const byName = new Map(rows.map((row) => [nameOf(row.id ?? row.key), row]));
  // An error may name "" for what it can't name.
  byName.delete("");
  const answers = new Map<string, RowAnswer>();
  for (const result of results) {
    const row = byTrace.get(result.objectWriteTraceId ?? "") ?? byName.get(nameIn(write, result));
    if (row === undefined) continue;
    const shown = createdCell(result.new ?? write.operation === "insert", unanswered.has(row));
    answers.set(row.trace, { trace: row.trace, id: result.id, created: write.operation === "update" ? "" : shown });
  }
  for (const error of errors) {
    for (const row of rowsOf(error, byTrace, byName)) answers.set(row.trace, answerError(row, error));
  }
  const left = rows.filter(({ trace }) => !answers.has(trace));
  // Errors that name no row are those of the rows that have no other answer.
  const unnamed = errors.find((error) => rowsOf(error, byTrace, byName).length === 0);
  if (unnamed !== undefined) for (const row of left) answers.set(row.trace, answerError(row, unnamed));
  return [...answers.values()];
}

function nameOf(value: string | undefined): string {
  return foldText(value ?? "");
}

/** HubSpot gives addresses back in lower case. */
function nameIn({ operation, key }: BatchWrite, { id, properties }: Result): string {
  return operation === "update" || key === undefined ? id : nameOf(properties[key] ?? undefined);
}

function rowsOf(
  { context }: ApiError,
  byTrace: ReadonlyMap<string, BatchRow>,
  byName: ReadonlyMap<string, BatchRow>,
): BatchRow[] {
  const traces = context?.["objectWriteTraceId"] ?? [];
  const named = traces.length > 0 ? traces.map((trace) => byTrace.get(trace)) : [];
  const ids = (context?.["ids"] ?? []).map((id) => byName.get(nameOf(id)));
  return [...named, ...ids].filter((row) => row !== undefined);
}

function answerError({ trace }: BatchRow, error: ApiError): RowAnswer {
  const existingId = existingIdOf(error);
  return { trace, error, ...(existingId === undefined ? {} : { existingId }) };
}

/** The record that keeps ours from being created: `Contact already exists. Existing ID: 123`. */
function existingIdOf({ category, context, message }: ApiError): string | undefined {
  const told = context?.["existingId"]?.[0] ?? /Existing ID: (\d+)/.exec(message ?? "")?.[1];
  return category === "CONFLICT" || told !== undefined ? told : undefined;
}

/** Of creates that an earlier call may have made: what is there under its key and came into being since then is ours. */
async function claimOwn(
  client: HubSpotClient,
  { object, key, begun, signal }: BatchWrite,
  rows: readonly BatchRow[],
  answers: readonly RowAnswer[],
): Promise<readonly RowAnswer[]> {
  const failed = new Set(answers.flatMap((answer) => ("error" in answer ? [answer.trace] : [])));
  const refused = rows.filter((row) => failed.has(row.trace) && nameOf(row.key) !== "");
  const keys = new Map(refused.map((row) => [nameOf(row.key), row.trace]));
  if (keys.size === 0 || key === undefined) return answers;
  const doing = `looking up ${object} that may be our own`;
  const request = { object, properties: [key], idProperty: key, doing, signal };
  const own = new Map<string, string>();
  const wanted = new Map(refused.map((row) => [nameOf(row.key), row.key ?? ""]));
  for (const record of await readBatch(client, request, [...wanted.values()])) {
    const trace = keys.get(nameOf(record.properties[key] ?? undefined));
    if (trace !== undefined && Date.parse(record.createdAt ?? "") >= begun.getTime()) own.set(trace, record.id);
  }
  return answers.map((answer) => {
    const id = own.get(answer.trace);
    return id === undefined ? answer : { trace: answer.trace, id, created: "true" };
  });
}
