// REST queries, for few records. In: SOQL. Out: the cells of a CSV file as a bulk query would give it.
// https://developer.salesforce.com/docs/atlas.en-us.api_rest.meta/api_rest/resources_query.htm

import type { SalesforceClient } from "./client.ts";
import { bulkTime } from "./records.ts";

/** Records of one page at most; wide records come in smaller pages. */
export const rowsPerQueryPage = 2000;

export interface RestQuery {
  /** Queries, one after the other. */
  soql: readonly string[];
  /** Of each record, in order. */
  fields: readonly string[];
  /** Deleted records too. */
  all: boolean;
  /** For messages: "reading present values". */
  doing: string;
  signal: AbortSignal;
  onProgress?(rows: number): void;
}

/** The cells of the records. */
export async function* queryCells(client: SalesforceClient, query: RestQuery): AsyncGenerator<string[]> {
  let rows = 0;
  for (const soql of query.soql) {
    for await (const record of queryRecords(client, soql, query)) {
      yield query.fields.map((field) => cellOf(record, field));
      rows += 1;
    }
    query.onProgress?.(rows);
  }
}

/** The records of a query, page by page. */
export async function* queryRecords(
  client: SalesforceClient,
  soql: string,
  { all, doing, signal }: Pick<RestQuery, "all" | "doing" | "signal">,
): AsyncGenerator<Record<string, unknown>> {
  for await (const page of client.pages(queryPath(soql, all), { doing, form: { records: "list" }, signal }))
    yield* page["records"] as Record<string, unknown>[];
}

/** Records that a `SELECT count()` finds. */
export async function countRecords(
  client: SalesforceClient,
  soql: string,
  { all, doing, signal }: Pick<RestQuery, "all" | "doing" | "signal">,
): Promise<number> {
  const answer = await client.get(queryPath(soql, all), { doing, form: { totalSize: "name" }, signal });
  return Number(answer["totalSize"]);
}

function queryPath(soql: string, all: boolean): string {
  return `/${all ? "queryAll" : "query"}?q=${encodeURIComponent(soql)}`;
}

/** A cell as a bulk query would render it: no value is empty, a parent's field is found through its record. */
function cellOf(record: Record<string, unknown>, field: string): string {
  let value: unknown = record;
  for (const name of field.split(".")) value = (value as Record<string, unknown> | null | undefined)?.[name];
  if (value === null || value === undefined) return "";
  return bulkTime(String(value));
}
