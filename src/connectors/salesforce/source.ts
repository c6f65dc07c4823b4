// Salesforce as a source: the records of a window, by REST where they are few and by a bulk query where they are many.
// What must hold: no ORDER BY and no LIMIT, so that Salesforce can cut large tables; a window is half open and ends by
// the server's clock; a finished part is never fetched again.

import type { RecordSchema } from "../../contract/records.ts";
import type { ExtractedPart, ExtractRequest, Source } from "../../contract/source.ts";
import { writeDurably } from "../../core/files.ts";
import { type ObjectSchema, pendingLocator } from "../../core/model.ts";
import { describePart, partName, partPath, writePart } from "../../core/part-file.ts";
import type { ObjectSource } from "../../job/job.ts";
import { cursorOf } from "../kit/cursor.ts";
import { extractRecords } from "../kit/extract-records.ts";
import { fetchPages, openQueryJob } from "./bulk-query.ts";
import type { SalesforceClient } from "./client.ts";
import { deletedParts } from "./deletions.ts";
import { readableColumns, resolveParentField } from "./readable.ts";
import { joinConditions, type RecordsRequest, windowConditions } from "./records.ts";
import { countRecords, queryCells } from "./rest-query.ts";
import { encodedLength, packKeys, select, soqlText, uriBytesMax } from "./soql.ts";

/** Salesforce advises Bulk API 2.0 for more. */
const restRowsMax = 2000;
/** What changes a record may take longer than this only rarely; what it shows then is older than when it shows. */
const overlapMs = 10 * 60_000;
/** Which field tells when a record changed, the best first. */
const cursors = ["SystemModstamp", "LastModifiedDate", "CreatedDate"];

/** Ordinals of parts. What comes later wins where one record comes twice. */
const ordinals = { pending: 1, deleted: 2, records: 3 } as const;

export function openSalesforceSource(
  client: SalesforceClient,
  describe: (object: string) => Promise<ObjectSchema>,
): Source {
  const describeRecords = async (source: ObjectSource): Promise<RecordSchema> => {
    const schema = await describe(source.object);
    return {
      object: schema.object,
      ...readableColumns(schema),
      derived: new Set([...schema.fields.values()].flatMap(({ name, derived }) => (derived === true ? [name] : []))),
      idColumn: "Id",
      versionColumn: cursorIn(source, schema),
      deletionColumns: ["IsDeleted", ...(schema.fields.has("MasterRecordId") ? ["MasterRecordId"] : [])],
      resolveParentField: (path) => resolveParentField(schema, path, describe),
    };
  };
  return {
    orgId: client.orgId,
    records: { overlapMs, describe: describeRecords, readClock: () => client.readClock() },
    extract: extractRecords(client, (request) => extractParts(client, describe, request)),
  };
}

function cursorIn(source: ObjectSource, schema: ObjectSchema): string {
  return cursorOf(source, schema, {
    usual: cursors.find((name) => schema.fields.has(name)),
    noun: "field",
    isNeverEmpty: ({ nillable }) => !nillable,
  });
}

async function* extractParts(
  client: SalesforceClient,
  describe: (object: string) => Promise<ObjectSchema>,
  request: ExtractRequest<ObjectSource>,
): AsyncGenerator<ExtractedPart> {
  const { source } = request;
  const cursor = cursorIn(source, await describe(source.object));
  const fields = [...new Set(["Id", cursor, ...request.columns])];
  const records: RecordsRequest = { ...request, cursor, fields, all: source.deletes === "emit" };
  const known = new Map(request.known.map((part) => [part.ordinal, part]));
  if (!known.has(ordinals.pending)) yield* pendingParts(client, records);
  if (records.all && !known.has(ordinals.deleted)) yield* deletedParts(client, records, ordinals.deleted);
  yield* windowParts(client, records);
}

/** Records that an earlier run could not load, as they are now. */
async function* pendingParts(client: SalesforceClient, request: RecordsRequest): AsyncGenerator<ExtractedPart> {
  const { source, fields, window, cursor, all, signal } = request;
  const { object } = source;
  if (window?.from === undefined || window.pending.length === 0) return;
  // Those that changed meanwhile come with the window.
  const outside = `(${cursor} < ${window.from} OR ${cursor} >= ${window.to})`;
  const conditions = (ids: string) => joinConditions([ids, outside, source.where]) ?? ids;
  const room = uriBytesMax - encodedLength(select({ fields, object, where: conditions("") }));
  const packed = await packKeys("Id", window.pending.map(soqlText), room);
  const soql = packed.map((ids) => select({ fields, object, where: conditions(ids) }));
  const doing = "reading records that were not settled before";
  const cells = queryCells(client, { soql, fields, all, doing, signal });
  const told = { label: `${object}, taken again`, locator: pendingLocator };
  yield await writePart(request, ordinals.pending, fields, cells, told);
}

async function* windowParts(client: SalesforceClient, request: RecordsRequest): AsyncGenerator<ExtractedPart> {
  const { source, fields, cursor, all, signal, onProgress } = request;
  const { object } = source;
  const known = request.known.filter(({ ordinal }) => ordinal >= ordinals.records);
  const where = joinConditions([...windowConditions(request, cursor), source.where]);
  const soql = select({ fields, object, where });
  const doing = `extracting ${object}`;
  let job = request.handle;
  if (job === null && known.length > 0) return;
  if (job === null) {
    const counted = select({ fields: ["count()"], object, where });
    const count = await countRecords(client, counted, { all, doing, signal });
    if (count <= restRowsMax && encodedLength(soql) < uriBytesMax) {
      const query = { soql: [soql], fields, all, doing, signal, onProgress: (rows: number) => onProgress(rows, count) };
      const told = { label: object, locator: "query" };
      yield await writePart(request, ordinals.records, fields, queryCells(client, query), told);
      return;
    }
    job = await openQueryJob(client, { soql, all }, signal);
    request.keepHandle(job);
  }
  const pages = fetchPages(client, job, {
    folder: request.folder,
    fileName: (page) => partName(ordinals.records + page - 1),
    keepGzip: true,
    known: new Map(known.map((part) => [part.ordinal - ordinals.records + 1, part.rows ?? 0])),
    signal,
    onProgress,
  });
  for await (const { number, path: received, rows } of pages) {
    // What an empty answer looks like is not documented: ours has a header.
    const path = rows === 0 ? partPath(request, ordinals.records + number - 1) : received;
    if (rows === 0) writeDurably(path, `${fields.join(",")}\n`);
    const told = { label: `${object}, page ${number}`, locator: `query job ${job} page ${number}`, rows };
    yield await describePart(path, ordinals.records + number - 1, told);
  }
}
