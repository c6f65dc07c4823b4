// The org's daily allowance of API calls, as it tells it: once in full, and with every answer in a header.
// https://developer.salesforce.com/docs/atlas.en-us.api_rest.meta/api_rest/headers_api_usage.htm

import type { Allowance } from "../../contract/account.ts";
import type { BatchSize } from "../../contract/ways.ts";
import { CallFault } from "../../http/outcome.ts";
import type { SalesforceClient } from "./client.ts";
import { readApiError } from "./errors.ts";

/**
 * Asks for the limits; undefined, and a warning, where the user may not see them.
 * https://developer.salesforce.com/docs/atlas.en-us.api_rest.meta/api_rest/resources_limits.htm
 */
export async function readLimits(client: SalesforceClient): Promise<Allowance | undefined> {
  const doing = "reading the org's limits";
  try {
    const answer = await client.get("/limits", { doing });
    const daily = answer["DailyApiRequests"] as { Max?: unknown; Remaining?: unknown } | undefined;
    const [max, remaining] = [Number(daily?.Max), Number(daily?.Remaining)];
    return Number.isFinite(max - remaining) ? { used: max - remaining, max } : undefined;
  } catch (error) {
    if (isHidden(error)) {
      client.warnings.push(
        `${client.name}: the user may not see the org's limits (View Setup and Configuration); ` +
          "what is left of the day's allowance is known from answers only",
      );
      return undefined;
    }
    return client.explain(doing, () => Promise.reject(error));
  }
}

/** Refused for want of View Setup and Configuration, and not because the API as a whole is closed to the user. */
function isHidden(error: unknown): boolean {
  if (!(error instanceof CallFault) || (error.status !== 403 && error.status !== 404)) return false;
  const code = readApiError(error.body)?.code ?? "";
  return !/^(API_|REQUEST_LIMIT_)/.test(code);
}

/** Making a job, one upload, its close, and what was written; who is refused how many takes two more, and nobody knows before. */
const callsBesidePolls = 4;
/** Polls are half a minute apart at the most (load/polls.ts), in which Salesforce writes so many rows. */
const rowsPerPoll = 100_000;

/** One call, or those that a job of so many rows takes, polls estimated. */
export function forecastCalls({ via, rows }: BatchSize): number {
  if (via === "collections") return 1;
  return callsBesidePolls + 3 + Math.floor(rows / rowsPerPoll);
}
