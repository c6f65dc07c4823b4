// Every remote call ends as one of three: done, refused (certainly without effect) or unknown (it may have had one).
// What is refused may be sent again; what is unknown may be sent again only if it is idempotent, else it is looked up.

import { now } from "../core/clock.ts";
import { redactAnswer } from "../core/secret.ts";

export type Outcome = "refused" | "unknown";

/** A call that did not get a usable answer. */
export class CallFault extends Error {
  readonly outcome: Outcome;
  /** Worth another try by itself. */
  readonly transient: boolean;
  /** What the server asked for, in milliseconds. */
  readonly retryAfterMs: number | undefined;
  readonly status: number | undefined;
  /** The start of the answer's body, if there was one. */
  readonly body: string;

  constructor(message: string, details: FaultDetails) {
    super(message, details.cause === undefined ? undefined : { cause: details.cause });
    this.name = "CallFault";
    this.outcome = details.outcome;
    this.transient = details.transient;
    this.retryAfterMs = details.retryAfterMs;
    this.status = details.status;
    this.body = details.body ?? "";
  }

  /** The same fault, as the system that was called means it. */
  as(judged: Partial<Pick<FaultDetails, "outcome" | "transient" | "retryAfterMs">>): CallFault {
    const { message, outcome, transient, retryAfterMs, status, body } = this;
    return new CallFault(message, { outcome, transient, retryAfterMs, status, body, cause: this, ...judged });
  }
}

interface FaultDetails {
  outcome: Outcome;
  transient: boolean;
  retryAfterMs?: number | undefined;
  status?: number | undefined;
  body?: string;
  cause?: unknown;
}

/** Errors before a byte of the request could have been taken. */
const beforeSending = new Set([
  "ECONNREFUSED",
  "ENOTFOUND",
  "EAI_AGAIN",
  "EHOSTUNREACH",
  "ENETUNREACH",
  "EADDRNOTAVAIL",
]);

/** A socket error. `connected` tells whether the request may have reached the server. */
export function faultOfSocket(error: unknown, connected: boolean, what: string): CallFault {
  const code = (error as NodeJS.ErrnoException).code ?? "";
  const isTls = code.startsWith("ERR_TLS") || code.startsWith("CERT_") || code.includes("SELF_SIGNED");
  const refused = !connected || beforeSending.has(code) || isTls;
  const message = error instanceof Error && error.message !== "" ? error.message : code || String(error);
  return new CallFault(`${what}: ${message}`, {
    outcome: refused ? "refused" : "unknown",
    transient: !isTls,
    cause: error,
  });
}

/** An answer outside 2xx. */
export interface ErrorAnswer {
  status: number;
  retryAfter: string | undefined;
  body: string;
  /**
   * Whether the system that was called gave it, by its own form of errors. Anything in between may have given any other,
   * for a call that got through.
   */
  isOwn: boolean;
}

export function faultOfStatus({ status, retryAfter, body: text, isOwn }: ErrorAnswer, what: string): CallFault {
  const body = redactAnswer(text);
  const retryAfterMs = parseRetryAfter(retryAfter);
  const overload = status === 429 || (status === 503 && retryAfterMs !== undefined);
  const isServers = status >= 500 && !overload;
  return new CallFault(`${what}: HTTP ${status}${body === "" ? "" : ` ${body.slice(0, 300)}`}`, {
    outcome: isServers || !isOwn ? "unknown" : "refused",
    transient: overload || isServers || status === 408,
    status,
    body,
    retryAfterMs,
  });
}

/** Seconds or an HTTP date, as milliseconds from now; undefined when it is neither. */
function parseRetryAfter(value: string | undefined): number | undefined {
  if (value === undefined) return undefined;
  const seconds = Number(value);
  if (Number.isFinite(seconds)) return Math.max(0, seconds * 1000);
  const at = Date.parse(value);
  return Number.isNaN(at) ? undefined : Math.max(0, at - now().getTime());
}
