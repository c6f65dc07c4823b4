// When a remote that works on a batch is asked how far it is. In: rows of the batch, how many it has come through, and how
// long earlier ones took. Out: milliseconds to wait. What must hold: what takes long is asked seldom, what is over is seen soon.

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
  /** It has ended. Gives how long that took, in ms. */
  end(): number;
}

/** A batch that the remote has worked on before. */
export interface EarlierBatch {
  rows: number;
  ms: number;
}

/** For the batches of a stream, each of which tells how long the next one may take; `earlier`: of the run before. */
export function startPolling(earlier: readonly EarlierBatch[] = []): (rows: number) => Polls {
  let known: number | undefined;
  return (rows) => {
    const begun = monotonicMs();
    const passedMs = () => monotonicMs() - begun;
    return {
      firstMs: () =>
        within(rows * (known ?? leastMsPerRow), known === undefined ? leastMs(rows, earlier) : waitMsMin, waitMsMax),
      nextMs: (processed) => {
        const passed = passedMs();
        const left = processed > 0 ? passed * (rows / processed - 1) : Number.POSITIVE_INFINITY;
        return within(within(left, passed * partMin, passed * partMax), waitMsMin, waitMsMax);
      },
      // Of those that have ended the fastest: to ask too early costs a call, too late the time of all that wait for it.
      end: () => {
        const passed = passedMs();
        known = Math.min(known ?? Number.POSITIVE_INFINITY, (passed / Math.max(1, rows)) * (1 - partMin));
        return Math.round(passed);
      },
    };
  };
}

/** What a batch as large as this one, or a smaller one, took: less is not to be expected. */
function leastMs(rows: number, earlier: readonly EarlierBatch[]): number {
  const took = earlier.filter((batch) => batch.rows <= rows).map(({ ms }) => ms * (1 - partMin));
  return within(Math.max(0, ...took), waitMsMin, waitMsMax);
}

function within(value: number, least: number, most: number): number {
  return Math.round(Math.min(most, Math.max(least, value)));
}
