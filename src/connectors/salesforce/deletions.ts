// Deletions that a query can't see any more: records that left the recycle bin are in the deleted-records log only.
// https://developer.salesforce.com/docs/atlas.en-us.api_rest.meta/api_rest/resources_getdeleted.htm

import type { ExtractedPart } from "../../contract/source.ts";
import { Failure } from "../../core/errors.ts";
import { exitCode } from "../../core/exit-code.ts";
import { writePart } from "../../core/part-file.ts";
import type { CallPurpose } from "../kit/api-client.ts";
import type { SalesforceClient } from "./client.ts";
import { bulkTime, joinConditions, type RecordsRequest, windowConditions } from "./records.ts";
import { queryRecords } from "./rest-query.ts";
import { select } from "./soql.ts";

interface DeletedRecord {
  id: string;
  deletedDate: string;
}

const minuteMs = 60_000;
/** The log is asked for 15 days at most. */
const logDaysMax = 15;

/**
 * A part of the records that the log names and the recycle bin does not hold: their id, when, IsDeleted, and nothing
 * else. Throws a Failure where the log does not reach back to the start of the window: deletions would be missed.
 */
export async function* deletedParts(
  client: SalesforceClient,
  request: RecordsRequest,
  ordinal: number,
): AsyncGenerator<ExtractedPart> {
  const { window, source, fields, cursor } = request;
  // A first load has nothing that could have been deleted since.
  const from = window?.deletedFrom ?? window?.from;
  if (window === undefined || from === undefined) return;
  const logged = await readLog(client, request, { from, to: window.to });
  if (logged.length === 0) return;
  const inBin = await readBin(client, request);
  const gone = logged.filter(({ id }) => !inBin.has(id.slice(0, 15)));
  if (gone.length === 0) return;
  // A column that is not known is left out, for one without a value would say that the record has none.
  const known = fields.filter((field) => ["Id", cursor, "IsDeleted"].includes(field));
  const rows = gone.map(({ id, deletedDate }) => {
    const cells: Record<string, string> = { Id: id, [cursor]: bulkTime(deletedDate), IsDeleted: "true" };
    return known.map((field) => cells[field] ?? "");
  });
  const told = { label: `${source.object}, deleted for good`, locator: "deleted" };
  yield await writePart(request, ordinal, known, rows, told);
}

async function readLog(
  client: SalesforceClient,
  request: RecordsRequest,
  { from, to }: { from: string; to: string },
): Promise<DeletedRecord[]> {
  // Seconds count for nothing here.
  const start = new Date(Math.floor(Date.parse(from) / minuteMs) * minuteMs);
  const end = new Date(Math.ceil(Date.parse(to) / minuteMs) * minuteMs);
  const { object } = request.source;
  if (end.getTime() - start.getTime() > logDaysMax * 24 * 60 * minuteMs) refuseShortLog(request, `${logDaysMax} days`);
  const query = `start=${encodeURIComponent(start.toISOString())}&end=${encodeURIComponent(end.toISOString())}`;
  const purpose: CallPurpose = {
    doing: `reading the deleted-records log of ${object}`,
    form: { deletedRecords: "list", earliestDateAvailable: "name" },
    signal: request.signal,
  };
  const answer = await client.get(`/sobjects/${object}/deleted/?${query}`, purpose);
  const earliest = String(answer["earliestDateAvailable"]);
  if (Date.parse(earliest) > Date.parse(from)) refuseShortLog(request, `to ${earliest}`);
  return (answer["deletedRecords"] as DeletedRecord[]).filter(
    ({ deletedDate }) => Date.parse(deletedDate) >= Date.parse(from) && Date.parse(deletedDate) < Date.parse(to),
  );
}

function refuseShortLog({ source, window }: RecordsRequest, reach: string): never {
  throw new Failure(exitCode.failed, `deletions of ${source.object} would be missed: a full comparison is needed`, {
    where: source.place,
    why: `the window starts at ${window?.from ?? "the beginning"}, the deleted-records log reaches back ${reach} only`,
    next: "load everything once with mode mirror from a job without `incremental`, then go on from there with --from",
  });
}

/** Ids, 15 letters, of the deleted records of the window that a query still finds. */
async function readBin(client: SalesforceClient, request: RecordsRequest): Promise<Set<string>> {
  const conditions = joinConditions(["IsDeleted = true", ...windowConditions(request, request.cursor)]);
  const soql = select({ fields: ["Id"], object: request.source.object, where: conditions });
  const ids = new Set<string>();
  const options = { all: true, doing: "reading the recycle bin", signal: request.signal };
  for await (const record of queryRecords(client, soql, options)) ids.add(String(record["Id"]).slice(0, 15));
  return ids;
}
