import fc from "fast-check";
import { beforeEach, expect, test } from "vitest";
import * as clock from "../../src/core/clock.ts";
import { Failure } from "../../src/core/errors.ts";
import * as random from "../../src/core/random.ts";
import { CallFault } from "../../src/http/outcome.ts";
import { withRetries } from "../../src/http/retry.ts";
import { replace } from "../support/replaced.ts";

const chance = { waits: [] as number[], fraction: 0 };

replace(clock, {
  wait: async (ms: number, signal?: AbortSignal) => {
    signal?.throwIfAborted();
    chance.waits.push(ms);
  },
});
replace(random, { randomFraction: () => chance.fraction });

beforeEach(() => {
  chance.waits = [];
  chance.fraction = 0;
});

const fault = (outcome: "refused" | "unknown", transient = true, retryAfterMs?: number) =>
  new CallFault("no answer", { outcome, transient, ...(retryAfterMs === undefined ? {} : { retryAfterMs }) });

/** Fails so often, then succeeds; gives the number of calls and what came of them. */
async function call(failures: number, error: Error, idempotent: boolean): Promise<{ calls: number; ended: unknown }> {
  let calls = 0;
  const act = async () => {
    calls += 1;
    if (calls <= failures) throw error;
    return "done";
  };
  const ended = await withRetries(act, { idempotent }).catch((thrown: unknown) => thrown);
  return { calls, ended };
}

test("a refused call is made again though a second time would do harm", async () => {
  expect(await call(2, fault("refused"), false)).toEqual({ calls: 3, ended: "done" });
});

test("a call with an unknown outcome is made again only where that does no harm", async () => {
  const lost = fault("unknown");
  expect(await call(1, lost, false)).toEqual({ calls: 1, ended: lost });
  expect(await call(1, lost, true)).toEqual({ calls: 2, ended: "done" });
});

test("what will not pass is not tried again", async () => {
  const refused = fault("refused", false);
  expect(await call(1, refused, true)).toEqual({ calls: 1, ended: refused });
});

test("an error that is no fault of a call passes at once", async () => {
  const defect = new TypeError("a defect");
  expect(await call(1, defect, true)).toEqual({ calls: 1, ended: defect });
});

test("tries end after seven, with the last fault", async () => {
  const refused = fault("refused");
  expect(await call(100, refused, true)).toEqual({ calls: 7, ended: refused });
  expect(chance.waits).toHaveLength(6);
});

test("waits grow, stay between half and the whole of their ceiling, and have a bound", async () => {
  await fc.assert(
    fc.asyncProperty(fc.double({ min: 0, max: 1, maxExcluded: true, noNaN: true }), async (fraction) => {
      chance.waits = [];
      chance.fraction = fraction;
      await call(100, fault("refused"), true);
      const ceilings = [250, 500, 1000, 2000, 4000, 8000];
      expect(chance.waits).toHaveLength(ceilings.length);
      chance.waits.forEach((waited, index) => {
        const ceiling = ceilings[index] ?? 0;
        expect(waited).toBeGreaterThanOrEqual(ceiling / 2);
        expect(waited).toBeLessThanOrEqual(ceiling);
      });
    }),
  );
});

test("what the server asks for is what is waited", async () => {
  await call(2, fault("refused", true, 1500), false);
  expect(chance.waits).toEqual([1500, 1500]);
});

test("a server that wants more than two minutes ends the run until later", async () => {
  const { calls, ended } = await call(1, fault("refused", true, 121_000), true);
  expect(calls).toBe(1);
  expect(ended).toBeInstanceOf(Failure);
  expect((ended as Failure).exitCode).toBe(75);
});

test("a stop ends the wait with the stop's own reason", async () => {
  const stop = new AbortController();
  const reason = new Failure(143, "terminated");
  const act = async () => {
    stop.abort(reason);
    throw fault("refused");
  };
  await expect(withRetries(act, { idempotent: true, signal: stop.signal })).rejects.toBe(reason);
});
