// Which records changed or went in a span of time: what a replica asks instead of reading everything.
// In: an object, start and end. Out: ids, and up to where the answer can be relied on.
// Must hold: a row that is written but not committed yet holds latestDateCovered back, so that the next call, started
// there, finds it.
// https://developer.salesforce.com/docs/platform/api-rest/guide/resources-getdeleted.html
// https://developer.salesforce.com/docs/platform/api-rest/guide/resources-getupdated.html

import { identifier } from "../../../core/sql.ts";
import { now } from "../../clock.ts";
import { json, type Route } from "../../routes.ts";
import { ApiError } from "../errors.ts";
import type { Org } from "../org.ts";
import { prepareRows } from "../store.ts";
import { type ApiRequest, apiRoute, objectOf } from "./api.ts";

const mostIds = 600_000;
const minuteMs = 60_000;
const dayMs = 24 * 60 * minuteMs;
const deletedDays = 15;
const updatedDays = 30;

export function replicationRoutes(org: Org): Route[] {
  return [
    apiRoute(org, "GET", "/sobjects/{object}/deleted", (request) => {
      const object = objectOf(org, request);
      const { start, end } = spanOf(org, request, deletedDays);
      const { earliest } = org.deleteLog.settings;
      const from = earliest !== undefined && earliest > start ? earliest : start;
      const found = org.deleteLog.between(object.name, from, end, most(org) + 1);
      refuseTooMany(org, found.length);
      return json(200, {
        deletedRecords: found.map(({ id, deletedDate }) => ({ id, deletedDate: shown(deletedDate) })),
        earliestDateAvailable: shown(earliest ?? daysAgo(deletedDays)),
        latestDateCovered: shown(covered(org, object.name, end)),
      });
    }),
    apiRoute(org, "GET", "/sobjects/{object}/updated", (request) => {
      const object = objectOf(org, request);
      const { start, end } = spanOf(org, request, updatedDays);
      const ids = prepareRows<[string]>(
        org.store.database,
        `SELECT "Id" FROM ${identifier(object.name)} WHERE "SystemModstamp" >= ? AND "SystemModstamp" < ? AND "IsDeleted" = 0 ORDER BY serial LIMIT ?`,
      ).all(start, end, most(org) + 1);
      refuseTooMany(org, ids.length);
      return json(200, {
        ids: ids.map(([id]) => id),
        latestDateCovered: shown(covered(org, object.name, end)),
      });
    }),
  ];
}

function spanOf(org: Org, request: ApiRequest, days: number): { start: string; end: string } {
  const start = readMoment(org, request, "start");
  const end = readMoment(org, request, "end");
  if (end.getTime() - start.getTime() < (org.deleteLog.settings.seconds === true ? 1 : minuteMs))
    throw invalidDate("startDate must be at least one minute before endDate");
  if (start.toISOString() < daysAgo(days)) throw invalidDate(`startDate cannot be more than ${days} days ago`);
  return { start: start.toISOString(), end: end.toISOString() };
}

// "The API ignores the seconds portion of the specified dateTime value (for example, 12:30:15 is interpreted as 12:30:00)."
function readMoment(org: Org, request: ApiRequest, name: string): Date {
  const text = request.query.get(name) ?? "";
  // A plus sign that the client did not encode has become a space.
  const moment = new Date(text.replace(/ (\d{2}):?(\d{2})$/, "+$1:$2").replace(/([+-]\d{2})(\d{2})$/, "$1:$2"));
  if (!/^\d{4}-\d{2}-\d{2}T/.test(text) || Number.isNaN(moment.getTime()))
    throw invalidDate(`${name}Date is not a valid dateTime: ${text}`);
  if (org.deleteLog.settings.seconds === true) return moment;
  return new Date(Math.floor(moment.getTime() / minuteMs) * minuteMs);
}

function daysAgo(days: number): string {
  return new Date(now().getTime() - days * dayMs).toISOString();
}

/** The end of the span, or the moment that still has unfinished transactions where that is earlier. */
function covered(org: Org, object: string, end: string): string {
  const present = now().toISOString();
  const unfinished = org.late.oldest(object);
  return [end, present, ...(unfinished === undefined ? [] : [unfinished])].sort()[0] ?? end;
}

function most(org: Org): number {
  return org.deleteLog.settings.maxIds ?? mostIds;
}

function refuseTooMany(org: Org, count: number): void {
  if (count > most(org))
    throw new ApiError(400, "EXCEEDED_ID_LIMIT", `The number of ids exceeds the limit of ${most(org)}`);
}

function invalidDate(message: string): ApiError {
  return new ApiError(400, "INVALID_REPLICATION_DATE", message);
}

function shown(moment: string): string {
  return moment.replace(/Z$/, "+0000");
}
