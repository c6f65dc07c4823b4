// The log of what was deleted, also of records that left the recycle bin.
// https://developer.salesforce.com/docs/atlas.en-us.api_rest.meta/api_rest/resources_getdeleted.htm

import type { CallPurpose } from "../kit/api-client.ts";
import type { SalesforceClient } from "./client.ts";

interface DeletedRecord {
  id: string;
  deletedDate: string;
}

export interface LoggedDeletions {
  records: DeletedRecord[];
  /** Up to when the log tells all: a transaction that is under way holds it back. */
  covered: string;
}

/** How far the log does not reach back, for people. */
export interface ShortLog {
  reach: string;
}

const minuteMs = 60_000;
/** The log is asked for 15 days at most. */
const logDaysMax = 15;

/** What was deleted at `from` or later, and before `to`. */
export async function readDeleteLog(
  client: SalesforceClient,
  { object, from, to, signal }: { object: string; from: string; to: string; signal: AbortSignal },
): Promise<LoggedDeletions | ShortLog> {
  // Seconds count for nothing here.
  const start = new Date(Math.floor(Date.parse(from) / minuteMs) * minuteMs);
  const end = new Date(Math.ceil(Date.parse(to) / minuteMs) * minuteMs);
  if (end.getTime() - start.getTime() > logDaysMax * 24 * 60 * minuteMs) return { reach: `${logDaysMax} days` };
  const query = `start=${encodeURIComponent(start.toISOString())}&end=${encodeURIComponent(end.toISOString())}`;
  const purpose: CallPurpose = {
    doing: `reading the deleted-records log of ${object}`,
    form: { deletedRecords: "list", earliestDateAvailable: "name" },
    signal,
  };
  const answer = await client.get(`/sobjects/${object}/deleted/?${query}`, purpose);
  const earliest = String(answer["earliestDateAvailable"]);
  if (Date.parse(earliest) > Date.parse(from)) return { reach: `to ${earliest}` };
  const records = (answer["deletedRecords"] as DeletedRecord[]).filter(
    ({ deletedDate }) => Date.parse(deletedDate) >= Date.parse(from) && Date.parse(deletedDate) < Date.parse(to),
  );
  return { records, covered: String(answer["latestDateCovered"] ?? from) };
}
