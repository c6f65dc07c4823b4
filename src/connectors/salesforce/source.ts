// Salesforce as a source: the records of a window, by REST where they are few and by a bulk query where they are many.
// What must hold: no ORDER BY and no LIMIT, so that Salesforce can cut large tables; a window is half open and ends by
// the server's clock; a finished part is never fetched again.

import type { RecordSchema } from "../../contract/records.ts";
import type { ExtractedPart, ExtractRequest, Source } from "../../contract/source.ts";
import { type Failure, usageFailure } from "../../core/errors.ts";
import { writeDurably } from "../../core/files.ts";
import { type ObjectSchema, pendingLocator } from "../../core/model.ts";
import { describePart, partName, partPath } from "../../core/part-file.ts";
import { explainEach } from "../../http/explain-each.ts";
import type { ObjectSource } from "../../job/job.ts";
import { fetchPages, openQueryJob } from "./bulk-query.ts";
import type { SalesforceClient } from "./client.ts";
import { deletedParts } from "./deletions.ts";
import { readableColumns, resolveParentField } from "./readable.ts";
import { joinConditions, type RecordsRequest, windowConditions } from "./records.ts";
import { countRecords, queryToFile } from "./rest-query.ts";
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
      versionColumn: cursorOf(source, schema),
      deletionColumns: ["IsDeleted", ...(schema.fields.has("MasterRecordId") ? ["MasterRecordId"] : [])],
      resolveParentField: (path) => resolveParentField(schema, path, describe),
    };
  };
  return {
    orgId: client.orgId,
    records: { overlapMs, describe: describeRecords, readClock: () => client.readClock() },
    async *extract(request) {
      const { source } = request;
      if (source.kind !== "object") throw new Error("Salesforce holds objects, not files");
      const parts = extractRecords(client, describe, { ...request, source });
      yield* explainEach(client, `extracting ${source.object}`, parts);
    },
  };
}

function cursorOf(source: ObjectSource, schema: ObjectSchema): string {
  const { cursor, place } = source.incremental ?? {};
  if (cursor !== undefined) {
    const field = schema.fields.get(cursor);
    if (field?.kind === "datetime" && !field.nillable) return cursor;
    if (field?.kind === "datetime") throw emptyCursorFailure(source, schema, cursor);
    throw usageFailure(`${schema.object} has no datetime field ${cursor} (incremental.cursor)`, {
      ...(place === undefined ? {} : { where: place }),
      next: `leave it out, and ${cursors.find((name) => schema.fields.has(name)) ?? "no field"} is taken`,
    });
  }
  const found = cursors.find((name) => schema.fields.has(name));
  if (found !== undefined) return found;
  throw usageFailure(`${schema.object} has none of ${cursors.join(", ")}: it can't be extracted`);
}

/** A record that has no value is in no window: it would never be taken. */
function emptyCursorFailure({ incremental }: ObjectSource, schema: ObjectSchema, cursor: string): Failure {
  const usual = cursors.find((name) => schema.fields.has(name));
  return usageFailure(`${schema.object}.${cursor} may be empty, so it can't tell when a record changed`, {
    ...(incremental === undefined ? {} : { where: incremental.place }),
    why: "a record without a value is in no window and would never be taken",
    next: usual === undefined ? "take all records: leave out incremental" : `leave it out, and ${usual} is taken`,
  });
}

async function* extractRecords(
  client: SalesforceClient,
  describe: (object: string) => Promise<ObjectSchema>,
  request: ExtractRequest<ObjectSource>,
): AsyncGenerator<ExtractedPart> {
  const { source } = request;
  const cursor = cursorOf(source, await describe(source.object));
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
  const soql = packKeys("Id", window.pending.map(soqlText), room).map((ids) =>
    select({ fields, object, where: conditions(ids) }),
  );
  const path = partPath(request, ordinals.pending);
  const doing = "reading records that were not settled before";
  const rows = await queryToFile(
    client,
    { soql, fields, path, all, doing, signal, onProgress: () => undefined },
    "source",
  );
  yield await describePart(path, ordinals.pending, {
    label: `${object}, taken again`,
    locator: pendingLocator,
    rows,
  });
}

async function* windowParts(client: SalesforceClient, request: RecordsRequest): AsyncGenerator<ExtractedPart> {
  const { source, fields, cursor, all, signal, onProgress } = request;
  const { object } = source;
  const known = request.known.filter(({ ordinal }) => ordinal >= ordinals.records);
  const where = joinConditions([...windowConditions(request, cursor), source.where]);
  const soql = select({ fields, object, ...(where === undefined ? {} : { where }) });
  const doing = `extracting ${object}`;
  let job = request.handle;
  if (job === null && known.length > 0) return;
  if (job === null) {
    const counted = select({ fields: ["count()"], object, ...(where === undefined ? {} : { where }) });
    const count = await countRecords(client, counted, { all, doing, signal });
    if (count <= restRowsMax && encodedLength(soql) < uriBytesMax) {
      const path = partPath(request, ordinals.records);
      const query = {
        soql: [soql],
        fields,
        path,
        all,
        doing,
        signal,
        onProgress: (rows: number) => onProgress(rows, count),
      };
      const rows = await queryToFile(client, query, "source");
      yield await describePart(path, ordinals.records, { label: object, locator: "query", rows });
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
