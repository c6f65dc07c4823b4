// The target's present values: keyed queries for few records, one bulk scan for many, whichever costs fewer calls.

import { createWriteStream } from "node:fs";
import { join } from "node:path";
import { pipeline } from "node:stream/promises";
import { stringify } from "csv-stringify";
import type { FieldSchema } from "../../core/model.ts";
import type { Snapshot, SnapshotRequest } from "../../load/target.ts";
import { queryInBulk } from "./bulk-query.ts";
import type { SalesforceClient } from "./client.ts";
import { encodedLength, packKeys, select, soqlText } from "./soql.ts";

/** Salesforce refuses a URI of more than 16,384 bytes together with its headers; the token takes part of it. */
const uriBytesMax = 14_000;
/** Job, a few polls, one page. */
const scanCallsMin = 6;
const rowsPerQueryPage = 2000;

export const idColumn = "Id";
export const versionColumn = "SystemModstamp";

export async function readSnapshot(
  client: SalesforceClient,
  request: SnapshotRequest,
  key: FieldSchema | undefined,
): Promise<Snapshot> {
  const fields = [idColumn, versionColumn, ...request.fields];
  const keyName = request.key[0] ?? idColumn;
  if (request.keys !== undefined) {
    const fixedBytes = encodedLength(select({ fields, object: request.object })) + 100;
    const literals = request.keys.map((value) => keyLiteral(value, key));
    const conditions = packKeys(keyName, literals, uriBytesMax - fixedBytes);
    const pages = Math.ceil(request.keys.length / rowsPerQueryPage);
    if (Math.max(conditions.length, pages) < scanCallsMin) return queryKeys(client, request, fields, conditions);
  }
  const where = request.scope ?? (keyName === idColumn ? undefined : `${keyName} != null`);
  const soql = select({ fields, object: request.object, ...(where === undefined ? {} : { where }) });
  const pages = await queryInBulk(client, { ...request, soql });
  return { ...pages, how: `one scan of ${request.object} (${pages.rows} records)` };
}

function keyLiteral(value: string, key: FieldSchema | undefined): string {
  return key?.kind === "number" || key?.kind === "integer" ? value : soqlText(value);
}

async function queryKeys(
  client: SalesforceClient,
  request: SnapshotRequest,
  fields: string[],
  conditions: string[],
): Promise<Snapshot> {
  const path = join(request.folder, `${request.name}-00001.csv`);
  const writer = stringify({ header: true, columns: fields, quoted: true });
  const writing = pipeline(writer, createWriteStream(path, { mode: 0o600 }));
  let rows = 0;
  for (const where of conditions) {
    for await (const record of queryRecords(
      client,
      select({ fields, object: request.object, where }),
      request.signal,
    )) {
      writer.write(fields.map((field) => cellOf(record, field)));
      rows += 1;
    }
    request.onProgress(rows);
  }
  writer.end();
  await writing;
  const noun = conditions.length === 1 ? "1 keyed query" : `${conditions.length} keyed queries`;
  return { files: [path], rows, how: noun };
}

/** The pages of a REST query. https://developer.salesforce.com/docs/atlas.en-us.api_rest.meta/api_rest/resources_query.htm */
async function* queryRecords(
  client: SalesforceClient,
  soql: string,
  signal: AbortSignal,
): AsyncGenerator<Record<string, unknown>> {
  let path: string | undefined = `/query?q=${encodeURIComponent(soql)}`;
  while (path !== undefined) {
    const page = await client.callJson({
      method: "GET",
      path,
      idempotent: true,
      doing: "reading present values",
      signal,
    });
    yield* page["records"] as Record<string, unknown>[];
    path = page["done"] === true ? undefined : String(page["nextRecordsUrl"]);
  }
}

/** A cell as a bulk query would render it: no value is empty, a parent's field is found through its record. */
function cellOf(record: Record<string, unknown>, field: string): string {
  let value: unknown = record;
  for (const name of field.split(".")) value = (value as Record<string, unknown> | null | undefined)?.[name];
  return value === null || value === undefined ? "" : String(value);
}
