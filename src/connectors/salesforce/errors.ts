// Salesforce's errors: of a call (JSON) and of a row (text in a result file).
// https://developer.salesforce.com/docs/atlas.en-us.api_rest.meta/api_rest/errorcodes.htm

import type { RowError } from "../../contract/write.ts";
import { now } from "../../core/clock.ts";
import { Failure } from "../../core/errors.ts";
import { exitCode } from "../../core/exit-code.ts";
import { parseJson } from "../../core/json.ts";
import { CallFault } from "../../http/outcome.ts";
import { unavailable } from "../../http/retry.ts";
import { readSoapFault } from "./soap.ts";

/** `CODE:message:Field1,Field2 --`, leniently: other tails have been seen. */
export function readRowError(text: string): RowError {
  const reason = reasonToSendAgain(text);
  return { ...splitRowError(text), ...(reason === undefined ? {} : { again: reason }) };
}

/**
 * Codes of a row that was not written because of what went on beside it. A trigger that could not lock a row fails the
 * row that it runs for under a code of its own, and tells the lock in its message.
 * https://developer.salesforce.com/docs/atlas.en-us.api.meta/api/sforce_api_calls_concepts_core_data_objects.htm
 */
function reasonToSendAgain(text: string): string | undefined {
  if (text.includes("UNABLE_TO_LOCK_ROW") || text.includes("TooManyLockFailure")) return "locked";
  return text.startsWith("SERVER_UNAVAILABLE:") ? "without a server" : undefined;
}

/**
 * Whether a job failed for a reason that passes: too many locks, or batches that took too long. "If there's a failure,
 * create a new ingest job to process the records that weren't processed."
 * https://developer.salesforce.com/docs/atlas.en-us.api_asynch.meta/api_bulk_v2/datafiles_understanding_bulk2_ingest.htm
 */
export function endedForATime(message: string): boolean {
  return /^\s*(TooManyLockFailure|Timeout)\b/i.test(message);
}

function splitRowError(text: string): RowError {
  const code = /^[A-Z0-9_]+(?=:)/.exec(text)?.[0];
  if (code === undefined) return { code: "UNKNOWN", message: text, fields: [] };
  const rest = text.slice(code.length + 1);
  const tail = /:(?<fields>[\w.,\s]*?)\s*--\s*$/.exec(rest);
  const fields = (tail?.groups?.["fields"] ?? "").split(",").map((field) => field.trim());
  return { code, message: tail === null ? rest : rest.slice(0, tail.index), fields: fields.filter(Boolean) };
}

export interface ApiError {
  code: string;
  message: string;
}

/** The error that an answer's body tells, if it is Salesforce's. */
export function readApiError(body: string): ApiError | undefined {
  const parsed = parseJson(body);
  const first = (Array.isArray(parsed) ? parsed[0] : parsed) as Record<string, unknown> | null | undefined;
  const code = first?.["errorCode"] ?? first?.["error"];
  if (typeof code !== "string") return undefined;
  return { code, message: String(first?.["message"] ?? first?.["error_description"] ?? "") };
}

/** Whether Salesforce gave an error of a call, `[{"errorCode":…}]`: gateways answer in JSON too, in other forms. */
export function isOwnError(body: string): boolean {
  return body.trimStart().startsWith("[") && readApiError(body) !== undefined;
}

const permissionCodes = new Set([
  "INSUFFICIENT_ACCESS",
  "INSUFFICIENT_ACCESS_OR_READONLY",
  "FEATURENOTENABLED",
  "FUNCTIONALITY_NOT_ENABLED",
]);

/** Signed in, and then shut out of the API: of the edition, or of the user. The answer does not say which. */
const apiClosedCodes = new Set(["API_DISABLED_FOR_ORG", "API_CURRENTLY_DISABLED"]);

const dayMs = 86_400_000;

/** A fault that ended a call for good, as a failure that says what to do. Other errors pass unchanged. */
export function explainFault(error: unknown, connection: string, doing: string): unknown {
  if (!(error instanceof CallFault)) return error;
  const api = readApiError(error.body) ?? readSoapFault(error.body);
  const why = api === undefined ? error.message : `${api.code}: ${api.message}`;
  if (api?.code === "REQUEST_LIMIT_EXCEEDED") return explainLimit(error, api, connection);
  if (api !== undefined && apiClosedCodes.has(api.code)) {
    return new Failure(exitCode.signIn, `${connection}: the user may not use the API`, {
      why,
      next: "give the integration user the permission API Enabled, in an org whose edition has the API",
      cause: error,
    });
  }
  if (api?.code === "FEATURENOTENABLED" && /hardDelete/i.test(api.message)) {
    return new Failure(
      exitCode.signIn,
      `${connection} refuses ${doing}: the permission "Bulk API Hard Delete" is missing`,
      {
        why,
        next: 'give the integration user "Bulk API Hard Delete", which is off by default, or leave out target.hard_delete',
        cause: error,
      },
    );
  }
  if (error.status === 401 || (api !== undefined && permissionCodes.has(api.code))) {
    return new Failure(exitCode.signIn, `${connection} refuses ${doing}`, {
      why,
      next: "check the integration user's credentials and permissions (API Enabled, object and field access)",
      cause: error,
    });
  }
  if (error.transient) return unavailable(error, connection);
  return new Failure(exitCode.failed, `${connection}: ${doing} failed`, { why, cause: error });
}

/**
 * The allowance is of a rolling 24 hours, so that room comes back hour by hour, and all of it within a day.
 * https://trailhead.salesforce.com/content/learn/modules/app-development-without-limits/app-development-without-limits-rate
 */
function explainLimit(fault: CallFault, { code, message }: ApiError, connection: string): Failure {
  const why = `${code}: ${message}`;
  if (/^Concurrent/i.test(message)) {
    const next = "loadline resume, in some minutes: the calls of others that take long have to end first";
    return new Failure(exitCode.tryLater, `${connection}: too many long calls at once`, { why, next, cause: fault });
  }
  const at = new Date(now().getTime() + (fault.retryAfterMs ?? dayMs));
  const time = `${at.toISOString().slice(0, 16).replace("T", " ")} UTC`;
  return new Failure(exitCode.tryLater, `${connection}: the org's API allowance is used up`, {
    why: `${why}; it counts the last 24 hours, and room comes back as calls grow older than that`,
    next: `loadline resume, after ${time}, or earlier once others' calls of yesterday no longer count`,
    cause: fault,
  });
}
