// Which API writes a batch: whichever takes fewer calls and can do no harm.
// https://developer.salesforce.com/docs/atlas.en-us.salesforce_app_limits_cheatsheet.meta/salesforce_app_limits_cheatsheet/salesforce_app_limits_platform_bulkapi.htm

import type { WayChoice, WayRequest } from "../../contract/ways.ts";
import { undeletedMax } from "./undelete.ts";

const bulk: WayChoice = { via: "bulk", how: "in bulk", batchRowsMax: 1_000_000, batchBytesMax: 100_000_000 };
/** One call is one batch, so that little is sent again. A REST body may hold 50 MB. */
const collections: WayChoice = {
  via: "collections",
  how: "by collections",
  batchRowsMax: 200,
  batchBytesMax: 10_000_000,
};

/** Only the SOAP API brings records back, so many in a call. */
const soap: WayChoice = { ...collections, how: "by SOAP", batchRowsMax: undeletedMax };

/** "More than 2,000 records": Salesforce's own line between its REST and Bulk APIs. */
const collectionsRowsMax = 2000;
/** Of a small bulk job: make, upload, close, ask once or twice, one result set or three. */
const callsOfJob = 7;

export function chooseWay(request: WayRequest): WayChoice {
  if (request.operation === "undelete") return soap;
  const { rows, streamRows, batchRows = Number.POSITIVE_INFINITY } = request;
  const calls = Math.ceil(rows / Math.min(collections.batchRowsMax, batchRows));
  const jobs = Math.ceil(rows / Math.min(bulk.batchRowsMax, batchRows));
  const isSmall = request.via !== "bulk" && streamRows <= collectionsRowsMax && calls <= jobs * callsOfJob;
  return isSmall && mayBeSentAgain(request) ? collections : bulk;
}

/**
 * A call has no handle that could be asked what became of it: it must do no harm when it is made again. So no inserts and
 * no deletes; creates only by a key that the org itself keeps unique, even for two calls at the same moment. An
 * assignment rule is left to jobs: a call applies it to new records only.
 * https://developer.salesforce.com/docs/atlas.en-us.api_rest.meta/api_rest/headers_autoassign.htm
 */
function mayBeSentAgain({ schema, operation, externalId, assignmentRule }: WayRequest): boolean {
  if (assignmentRule !== undefined) return false;
  if (operation === "update") return true;
  return operation === "upsert" && externalId !== undefined && schema.fields.get(externalId)?.unique === true;
}
