// The list endpoint: all records of an object, present or archived, a hundred a page.
// https://developers.hubspot.com/docs/guides/crm/using-object-apis

import type { HubSpotClient } from "./client.ts";
import { objectPath } from "./paths.ts";
import { type HubSpotRecord, readBatch } from "./records.ts";

export const listRowsMax = 100;
/** Longer, and properties go into the body of a second call. HubSpot refuses URLs of some 15,000 characters (414). */
const propertiesLengthMax = 6000;

export interface ListRequest {
  object: string;
  properties: readonly string[];
  archived: boolean;
  doing: string;
  signal: AbortSignal;
}

export interface ListPage {
  records: HubSpotRecord[];
  /** Where the next page begins; undefined for the last. */
  next: string | undefined;
}

/** Pages from `after` on. Throws CallFault. */
export async function* listPages(
  client: HubSpotClient,
  request: ListRequest,
  after: string | undefined,
): AsyncGenerator<ListPage> {
  const { object, properties, archived, doing, signal } = request;
  const wide = isWide(request);
  const named = wide ? {} : { properties: properties.join(",") };
  const query = { limit: String(listRowsMax), archived: String(archived), ...named };
  const pages = client.pages<HubSpotRecord>(objectPath(object), query, { doing, signal }, after);
  for await (const { results, next } of pages)
    yield { records: wide ? await widen(client, request, results) : results, next };
}

/** The records of all pages; `onCall` hears of each call. Throws CallFault. */
export async function* listRecords(
  client: HubSpotClient,
  request: ListRequest,
  onCall?: () => void,
): AsyncGenerator<HubSpotRecord> {
  for await (const { records } of listPages(client, request, undefined)) {
    onCall?.();
    if (isWide(request) && records.length > 0) onCall?.();
    yield* records;
  }
}

function isWide({ properties }: ListRequest): boolean {
  return properties.join(",").length > propertiesLengthMax;
}

/**
 * Of an archived record that is gone by now there is what the list told. One that was present and is gone is left out:
 * what the list tells without its properties would empty whatever it is loaded into.
 */
async function widen(client: HubSpotClient, request: ListRequest, listed: HubSpotRecord[]): Promise<HubSpotRecord[]> {
  if (listed.length === 0) return listed;
  const { object, properties, archived, doing, signal } = request;
  const whole = await readBatch(
    client,
    { object, properties, archived, doing, signal },
    listed.map(({ id }) => id),
  );
  const byId = new Map(whole.map((record) => [record.id, record]));
  return listed.flatMap((record) => byId.get(record.id) ?? (archived ? [record] : []));
}
