// When a remote that works on a batch is asked how far it is. In: rows of the batch, how many it has come through. Out:
// milliseconds to wait. What must hold: what takes long is asked seldom, what is over is seen soon.

import { monotonicMs } from "../core/clock.ts";

const waitMsMin = 100;
const waitMsMax = 30_000;
/** Nobody is known to take less for a row. */
const leastMsPerRow = 0.02;
/** Of the time that it has taken so far: asked again after that part of it at the earliest, and at the latest. */
const partMin = 0.15;
const partMax = 0.6;

/** The questions that are asked for one batch. */
export interface Polls {
  /** Before the first one. */
  firstMs(): number;
  /** Before the next one, given how many rows it has come through. */
  nextMs(processed: number): number;
  /** It has ended. */
  end(): void;
}

/** For the batches of a stream, each of which tells how long the next one may take. */
export function startPolling(): (rows: number) => Polls {
  let known: number | undefined;
  return (rows) => {
    const begun = monotonicMs();
    const passedMs = () => monotonicMs() - begun;
    return {
      firstMs: () => within(rows * (known ?? leastMsPerRow), waitMsMin, waitMsMax),
      nextMs: (processed) => {
        const passed = passedMs();
        const left = processed > 0 ? passed * (rows / processed - 1) : Number.POSITIVE_INFINITY;
        return within(within(left, passed * partMin, passed * partMax), waitMsMin, waitMsMax);
      },
      // Of those that have ended the fastest: to ask too early costs a call, too late the time of all that wait for it.
      end: () => {
        known = Math.min(known ?? Number.POSITIVE_INFINITY, (passedMs() / Math.max(1, rows)) * (1 - partMin));
      },
    };
  };
}

function within(value: number, least: number, most: number): number {
  return Math.round(Math.min(most, Math.max(least, value)));
}
