// Sending again: refused calls always, unknown ones only where the caller says that a second time does no harm.
// Bounded in number and time, with full jitter, and the server's Retry-After obeyed.

import { wait } from "../core/clock.ts";
import { Failure } from "../core/errors.ts";
import { exitCode } from "../core/exit-code.ts";
import { randomFraction } from "../core/random.ts";
import { CallFault } from "./outcome.ts";
import { asAttempt } from "./traced.ts";

const usualAttemptsMax = 7;
const firstDelayMs = 250;
const delayMsMax = 30_000;
/** Longer than this is not worth waiting for: the run stops cleanly and is resumed later. */
const retryAfterMsMax = 120_000;

export interface RetryOptions {
  /** Whether a call with an unknown outcome may be sent again. */
  idempotent: boolean;
  /** 7 where it is not said. */
  attemptsMax?: number;
  signal?: AbortSignal;
  /** Told before each wait. */
  onRetry?(fault: CallFault, attempt: number, delayMs: number): void;
}

/** Calls until it is done, refused for good, or out of attempts; then throws the last fault. */
export async function withRetries<T>(act: () => Promise<T>, options: RetryOptions): Promise<T> {
  const { attemptsMax = usualAttemptsMax } = options;
  for (let attempt = 1; ; attempt += 1) {
    try {
      return await asAttempt(attempt, act);
    } catch (error) {
      if (!(error instanceof CallFault)) throw error;
      const again = error.transient && (error.outcome === "refused" || options.idempotent);
      if (!again || attempt === attemptsMax) throw error;
      const delayMs = delayBefore(attempt, error);
      options.onRetry?.(error, attempt, delayMs);
      await wait(delayMs, options.signal);
    }
  }
}

function delayBefore(attempt: number, fault: CallFault): number {
  if (fault.retryAfterMs !== undefined) {
    if (fault.retryAfterMs <= retryAfterMsMax) return fault.retryAfterMs;
    throw new Failure(exitCode.tryLater, "the remote asks to come back later", {
      why: `${fault.message}; Retry-After is ${Math.round(fault.retryAfterMs / 1000)} s`,
      next: "loadline resume, once that time is over",
      cause: fault,
    });
  }
  const ceiling = Math.min(delayMsMax, firstDelayMs * 2 ** (attempt - 1));
  return ceiling * (0.5 + randomFraction() / 2);
}

/** A fault that outlived all attempts, as a failure a person can act on: stopped cleanly, exit 75. */
export function unavailable(fault: CallFault, connection: string): Failure {
  return new Failure(exitCode.tryLater, `${connection} is unavailable`, {
    why: fault.message,
    next: "check the address and the system's status, then run loadline resume (or run again)",
    cause: fault,
  });
}
