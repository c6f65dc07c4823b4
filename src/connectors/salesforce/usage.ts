// What of the day's allowance is used, as each answer tells it.
// https://developer.salesforce.com/docs/atlas.en-us.api_rest.meta/api_rest/headers_api_usage.htm

import type { Allowance } from "../../contract/account.ts";

/** `api-usage=18/5000` of the header Sforce-Limit-Info. */
export function readUsage(header: string | undefined): Allowance | undefined {
  const found = /api-usage=(?<used>\d+)\/(?<max>\d+)/.exec(header ?? "");
  if (found?.groups === undefined) return undefined;
  return { used: Number(found.groups["used"]), max: Number(found.groups["max"]) };
}
