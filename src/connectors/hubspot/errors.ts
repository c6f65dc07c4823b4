// HubSpot's errors: of a call (JSON), of a row of a batch, and the faults that want another answer than their status says.
// https://developers.hubspot.com/docs/api-reference/error-handling

import type { RowError } from "../../contract/write.ts";
import { now } from "../../core/clock.ts";
import { Failure } from "../../core/errors.ts";
import { exitCode } from "../../core/exit-code.ts";
import { parseJson } from "../../core/json.ts";
import { CallFault } from "../../http/outcome.ts";
import { unavailable } from "../../http/retry.ts";

/** As HubSpot sends it; every member may be missing. */
export interface ApiError {
  status?: string;
  category?: string;
  subCategory?: string;
  errorType?: string;
  policyName?: string;
  message?: string;
  correlationId?: string;
  context?: Record<string, string[]>;
  errors?: { message?: string; code?: string; in?: string; context?: Record<string, string[]> }[];
}

/** The error that an answer's body tells, if it is HubSpot's. */
export function readApiError(body: string): ApiError | undefined {
  const parsed = parseJson(body);
  return typeof parsed === "object" && parsed !== null && "message" in parsed ? (parsed as ApiError) : undefined;
}

/** Whether HubSpot gave an error, and no gateway that has messages in JSON too: `{"message":"Too Many Requests"}`. */
export function isOwnError(body: string): boolean {
  const { status, category, errorType, correlationId } = readApiError(body) ?? {};
  return status === "error" && [category, errorType, correlationId].some((member) => typeof member === "string");
}

/** A call that was not well formed for one of its rows, and says so of all. */
export function refusalOf(error: unknown): ApiError | undefined {
  if (!(error instanceof CallFault) || error.outcome !== "refused" || error.transient) return undefined;
  if (error.status !== 400 && error.status !== 409 && error.status !== 404) return undefined;
  return readApiError(error.body);
}

/** What is wrong with one row, from an error of a batch or of a call that held this row alone. */
export function rowErrorOf(error: ApiError): RowError {
  const listed = readPropertyErrors(error);
  const [first] = listed;
  const code = first?.code ?? error.context?.["code"]?.[0] ?? error.category ?? error.errorType ?? "UNKNOWN";
  const property = first?.property ?? error.context?.["propertyName"]?.[0];
  const texts = listed.map(({ message }) => message).filter((message) => message !== "");
  const message = texts.length > 0 ? texts.join("; ") : (error.message ?? "no reason given");
  return { code, message, fields: property === undefined ? [] : [property] };
}

interface PropertyError {
  code?: string;
  property?: string;
  message: string;
}

/** `Property values were not valid: [{"isValid":false,"message":…,"error":"INVALID_OPTION","name":"lifecyclestage"}]` */
function readPropertyErrors({ message, errors, context }: ApiError): PropertyError[] {
  const start = message?.indexOf("[{") ?? -1;
  // Cut off, or not what it looks like: the other members say it too.
  const listed = start < 0 ? undefined : parseJson(message?.slice(start) ?? "");
  if (Array.isArray(listed)) {
    return listed.map(({ message: text, error, name }: { message?: string; error?: string; name?: string }) => ({
      message: text ?? "",
      ...(error === undefined ? {} : { code: error }),
      ...(name === undefined ? {} : { property: name }),
    }));
  }
  return (errors ?? []).map((error) => {
    const property = error.context?.["propertyName"]?.[0] ?? error.in ?? context?.["propertyName"]?.[0];
    return {
      message: error.message ?? "",
      ...(error.code === undefined ? {} : { code: error.code }),
      ...(property === undefined ? {} : { property }),
    };
  });
}

/** A cell of our result files. */
export function writeRowError(error: RowError): string {
  return JSON.stringify(error);
}

export function readRowError(text: string): RowError {
  const [code = "UNKNOWN", ...rest] = text.split(":");
  return (parseJson(text) as RowError | undefined) ?? { code, message: rest.join(":"), fields: [] };
}

/** Hot records are locked for about this long. */
const lockedMs = 2000;
const windowMs = 10_000;

/**
 * A fault as HubSpot means it: 423 (locked) and 477 (the account is being moved) pass by themselves, a 429 of the burst
 * limit is over with its window, one of the day is not. Whether the call was without effect, its body says.
 */
export function readFault(fault: CallFault): CallFault {
  const { status, body, retryAfterMs } = fault;
  const again = (usualMs: number) => fault.as({ transient: true, retryAfterMs: retryAfterMs ?? usualMs });
  if (status === 423) return fault.as({ transient: true, retryAfterMs: Math.max(lockedMs, retryAfterMs ?? 0) });
  if (status === 477) return again(60_000);
  if (status === 521 || status === 523) return again(lockedMs);
  const forGood = { transient: false, retryAfterMs: undefined };
  // A page of HubSpot's gateway: the token is none.
  if (status === 530) return fault.as(forGood);
  if (status !== 429) return fault;
  if (isDailyLimit(fault)) return fault.as(forGood);
  return again(readApiError(body)?.policyName === "SECONDLY" ? 1000 : windowMs);
}

function isDailyLimit({ status, body }: CallFault): boolean {
  if (status !== 429) return false;
  const { policyName, message = "" } = readApiError(body) ?? {};
  return policyName === undefined ? /\bdaily limit\b/i.test(message) : policyName.toUpperCase() === "DAILY";
}

/** A fault that ended a call for good, as a failure that says what to do. Other errors pass unchanged. */
export function explainFault(error: unknown, connection: string, doing: string): unknown {
  if (!(error instanceof CallFault)) return error;
  const api = readApiError(error.body);
  const id = api?.correlationId === undefined ? "" : ` (correlation id ${api.correlationId})`;
  const why = api === undefined ? error.message : `${categoryOf(api)}: ${api.message ?? ""}${id}`;
  if (isDailyLimit(error)) {
    return new Failure(exitCode.tryLater, `${connection}: the account's daily API limit is used up`, {
      why,
      next: "loadline resume, after midnight in the account's time zone",
      cause: error,
    });
  }
  if (error.status === 401 || error.status === 530) {
    return new Failure(exitCode.signIn, `${connection} refuses the token`, {
      why,
      next: "check the token that connections.yaml refers to: whole, not revoked, of this account",
      cause: error,
    });
  }
  if (error.status === 403) {
    const scopes = (api?.errors ?? []).flatMap(({ context }) => context?.["requiredGranularScopes"] ?? []);
    return new Failure(exitCode.signIn, `${connection} refuses ${doing}: a scope is missing`, {
      why: scopes.length === 0 ? why : `${why}; it wants ${[...new Set(scopes)].join(", ")}`,
      next: "give the private app, service key or OAuth app that scope",
      cause: error,
    });
  }
  if (error.status === 477) {
    const at = new Date(now().getTime() + (error.retryAfterMs ?? 0)).toISOString();
    return new Failure(exitCode.tryLater, `${connection}: the account is being moved to another data centre`, {
      why,
      next: `loadline resume, after ${at}`,
      cause: error,
    });
  }
  if (error.transient) return unavailable(error, connection);
  return new Failure(exitCode.failed, `${connection}: ${doing} failed`, { why, cause: error });
}

function categoryOf({ category, errorType, status }: ApiError): string {
  return category ?? errorType ?? status ?? "error";
}
