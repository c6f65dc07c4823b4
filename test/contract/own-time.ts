// Time of a check's own. Pauses of retries, polls and paces pass at once, on the product's clock and on that of the
// stand-in: what a check sees is what it would see if it had waited, and no busy machine makes it another. In: how the
// stand-in's clock is moved. Out: nothing. Must hold: whoever reads a clock of the process finds what has passed on it.

import { vi } from "vitest";
import * as clock from "../../src/core/clock.ts";

export function ownTime(pass: (ms: number) => Promise<void>): Disposable {
  const { now, monotonicMs } = clock;
  let passed = 0;
  const spies = [
    vi.spyOn(clock, "now").mockImplementation(() => new Date(now().getTime() + passed)),
    vi.spyOn(clock, "monotonicMs").mockImplementation(() => monotonicMs() + passed),
    vi.spyOn(clock, "wait").mockImplementation(async (given, signal) => {
      signal?.throwIfAborted();
      const ms = Math.ceil(given);
      passed += ms;
      if (ms > 0) await pass(ms);
      signal?.throwIfAborted();
    }),
  ];
  return { [Symbol.dispose]: () => spies.forEach((spy) => void spy.mockRestore()) };
}
