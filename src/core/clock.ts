// The only reader of the clock, so that tests can own time. Durations come from the monotonic clock.

import { setTimeout as sleep } from "node:timers/promises";

/** The wall clock, for display and for a run's stored start. */
export function now(): Date {
  return new Date();
}

/** Milliseconds on the monotonic clock. */
export function monotonicMs(): number {
  return performance.now();
}

/** Waits; rejects with the signal's reason when it fires. */
export async function wait(ms: number, signal?: AbortSignal): Promise<void> {
  signal?.throwIfAborted();
  try {
    await sleep(ms, undefined, signal === undefined ? {} : { signal });
  } catch (error) {
    signal?.throwIfAborted();
    throw error;
  }
}
