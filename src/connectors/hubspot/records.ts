// Records as HubSpot's endpoints answer with them, and what of them goes into a cell.
// https://developers.hubspot.com/docs/guides/crm/using-object-apis

import { Failure } from "../../core/errors.ts";
import { exitCode } from "../../core/exit-code.ts";
import type { HubSpotClient } from "./client.ts";
import { type ApiError, rowErrorOf } from "./errors.ts";
import { objectPath } from "./paths.ts";
import { emailProperty, idColumn, otherAddressesProperty } from "./properties.ts";

/** Records of one batch call. */
export const batchRowsMax = 100;
/** With the history of their properties. */
export const historyRowsMax = 50;

export interface HubSpotRecord {
  id: string;
  properties: Record<string, string | null | undefined>;
  createdAt?: string;
  updatedAt?: string;
  archived?: boolean;
  archivedAt?: string;
  propertiesWithHistory?: Record<string, HistoryEntry[]>;
}

interface HistoryEntry {
  value: string;
  timestamp: string;
  sourceType?: string;
  sourceId?: string;
}

export interface BatchAnswer<Result> {
  results: Result[];
  errors: ApiError[];
}

/** The results and errors of a batch, whatever the status: 207 and 200 with errors say the same. */
export function readBatchAnswer<Result>(json: unknown): BatchAnswer<Result> {
  const { results, errors } = (json ?? {}) as { results?: Result[]; errors?: ApiError[] };
  return { results: results ?? [], errors: errors ?? [] };
}

/** A property's value as text; empty where there is none. */
export function cellOf(record: HubSpotRecord, property: string): string {
  return property === idColumn ? record.id : (record.properties[property] ?? "");
}

/** The addresses of a contact besides the primary one. */
export function otherAddresses({ properties }: HubSpotRecord): string[] {
  const others = (properties[otherAddressesProperty] ?? "").split(";").map((address) => address.trim());
  return others.filter((address) => address !== "" && address !== properties[emailProperty]);
}

export interface ReadRequest {
  object: string;
  properties: readonly string[];
  /** Properties to read with what they were before. */
  history?: readonly string[];
  /** What the ids are values of; the records' own ids if not given. */
  idProperty?: string;
  archived?: boolean;
  doing: string;
  signal: AbortSignal;
}

/** Records by id or unique property, at most 100; those that don't exist are left out. Throws CallFault. */
export async function readBatch(
  client: HubSpotClient,
  request: ReadRequest,
  ids: readonly string[],
): Promise<HubSpotRecord[]> {
  const { object, properties, history = [], idProperty, archived, doing, signal } = request;
  const path = objectPath(object, `/batch/read${archived === true ? "?archived=true" : ""}`);
  const by = idProperty === undefined ? {} : { idProperty };
  const json = { inputs: ids.map((id) => ({ id })), properties, propertiesWithHistory: history, ...by };
  return readPresent<HubSpotRecord>(
    client,
    doing,
    await client.post(path, json, { doing, form: { results: "list" }, signal }),
  );
}

/** The results of a batch read: what does not exist is left out, any other error is no answer. Throws a Failure. */
export function readPresent<Result>(client: HubSpotClient, doing: string, json: unknown): Result[] {
  const { results, errors } = readBatchAnswer<Result>(json);
  const strange = errors.find(({ category, subCategory }) => !isMissing(category) && !isMissing(subCategory));
  if (strange === undefined) return results;
  const { code, message } = rowErrorOf(strange);
  throw new Failure(exitCode.failed, `${client.name}: ${doing} failed`, { why: `${code}: ${message}` });
}

function isMissing(category: string | undefined): boolean {
  return (
    category === "OBJECT_NOT_FOUND" ||
    category === "crm.error.OBJECT_NOT_FOUND" ||
    category === "OBJECT_NOT_FOUND_ERROR" ||
    category === "crm.associations.NO_ASSOCIATIONS_FOUND"
  );
}

/** Times come with and without milliseconds: as one text they can be compared. */
export function normalTime(text: string): string {
  const at = Date.parse(text);
  return Number.isNaN(at) ? text : new Date(at).toISOString();
}
