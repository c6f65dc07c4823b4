// Deletions that a query can't see any more: records that left the recycle bin are in the deleted-records log only.
// https://developer.salesforce.com/docs/atlas.en-us.api_rest.meta/api_rest/resources_getdeleted.htm

import type { ExtractedPart } from "../../contract/source.ts";
import { Failure } from "../../core/errors.ts";
import { exitCode } from "../../core/exit-code.ts";
import { writePart } from "../../core/part-file.ts";
import type { SalesforceClient } from "./client.ts";
import { type LoggedDeletions, readDeleteLog } from "./delete-log.ts";
import { bulkTime, joinConditions, type RecordsRequest, windowConditions } from "./records.ts";
import { queryRecords } from "./rest-query.ts";
import { select } from "./soql.ts";

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
): Promise<LoggedDeletions["records"]> {
  const log = await readDeleteLog(client, { object: request.source.object, from, to, signal: request.signal });
  return "reach" in log ? refuseShortLog(request, log.reach) : log.records;
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
